"""What becomes of an answer of Gemini's, and of a frame that has one or will get none."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from pipeline import naming, work_files
from pipeline.engines import object_store
from pipeline.engines.gemini import Answer
from pipeline.imaging.pictures.decode import DecodeError
from pipeline.models import Frame, GeminiCall
from pipeline.models.gemini import UNDER_WAY
from pipeline.states import ANSWERED, State
from pipeline.transitions import StaleTransition, advance
from pipeline.words import GEMINI_WORDS


def settle(call: GeminiCall, answer: Answer) -> Frame | None:
    """Keep what came, note what it cost, and send the frame on; None if it has moved on already.

    Raises
    ------
    ObjectStoreError
        The picture could not be kept; nothing is noted.
    """
    said, words = _kept(call.frame, answer)
    return finish(call, said, cost=call.price * answer.images, words=words, usage=dict(answer.usage))


def _kept(frame: Frame | None, answer: Answer) -> tuple[str, str]:
    if answer.outcome != "image" or answer.image is None or frame is None:
        return answer.outcome, answer.words
    try:
        work_files.decode_photo(answer.image)
    except DecodeError as error:
        return "unreadable", f"Its picture can't be used: {error}"
    object_store.save_work(naming.answer_key(frame.pk), answer.image)
    return ANSWERED, ""


def finish(call: GeminiCall, said: str, *, cost: Decimal | None, **fields: Any) -> Frame | None:
    """Close a call and send its frame on, both or neither: a frame without a word would be asked for again."""
    with transaction.atomic():
        is_ours = close(call, said, cost=cost, **fields)
        return call.frame if is_ours and call.frame and go_on(call.frame, said) else None


def close(call: GeminiCall, outcome: str, *, cost: Decimal | None, **fields: Any) -> bool:
    """Write down how a call ended; False if somebody did before."""
    values = fields | {"outcome": outcome, "cost": cost, "ended_at": timezone.now()}
    is_ours = GeminiCall.objects.filter(pk=call.pk, outcome=UNDER_WAY).update(**values) == 1
    for name, value in values.items():
        setattr(call, name, value)
    return is_ours


def go_on(frame: Frame, said: str) -> bool:
    """Send a frame on to be processed, with Gemini's picture or without; False if somebody was faster."""
    if frame.state != State.ENHANCING:
        return False
    with suppress(StaleTransition):
        advance(frame, State.RECEIVED, actor="gemini", why=GEMINI_WORDS[said], gemini=said, not_before=None, faults=0)
        return True
    return False
