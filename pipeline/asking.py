"""Gemini asked about one photo at a time: the urgent lane, and what a Batch job left undone."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from redis.exceptions import RedisError

from pipeline import gate, leases, settling, spending
from pipeline.calls import NOTHING, UNDER_WAY, GeminiCall
from pipeline.engines import pace
from pipeline.engines.gemini import Answer, Busy, Failed, NoAnswer
from pipeline.engines.object_store import MissingObjectError, ObjectStoreError
from pipeline.imaging.decode import DecodeError
from pipeline.models import Frame
from pipeline.states import State
from pipeline.transitions import StaleTransition, change

log = logging.getLogger(__name__)
# Gemini failed, or Redis did: the pause before another try, doubled with each.
PAUSE_SECONDS = 10


def due() -> QuerySet[Frame]:
    """Frames to be asked for by themselves, now: urgent ones, and those whose time for a Batch job is over."""
    is_free = Q(lease_until=None) | Q(lease_until__lt=timezone.now())
    found = Frame.objects.filter(is_free, leases.is_due(), state=State.ENHANCING, ask_until__isnull=False)
    return found.select_related("batch").order_by("state_since")


def run(frame_id: int) -> Frame | None:
    """Ask for one frame, if it is its turn; it may run twice. None when there was nothing to do."""
    frame = due().filter(pk=frame_id).first()
    if frame is None:
        return None
    lease = settings.PROCESS_LEASE_SECONDS
    try:
        change(frame, lease_until=timezone.now() + timedelta(seconds=lease))
        with leases.kept(frame, lease), gate.faults_answered(frame, "Asking Gemini", back_to=State.RECEIVED):
            _ask(frame)
    except StaleTransition as lost:
        log.info("%s; left to who has it now", lost)
        return None
    except DatabaseError:
        log.exception("frame %s: the database failed while asking Gemini; the reaper will try again", frame.pk)
        return None
    return frame


def _ask(frame: Frame) -> None:
    lost = frame.calls.filter(outcome=UNDER_WAY).first()
    if lost:  # its worker died: whether Gemini made a picture of it nobody knows
        settling.finish(lost, "no-answer", cost=None, words="The worker stopped before the answer came.")
        return
    if why_not := _why_not(frame):
        settling.go_on(frame, why_not)
        return
    try:
        photo = settling.photo_to_send(frame)
    except (DecodeError, MissingObjectError):
        settling.go_on(frame, "no-photo")
        return
    turn = pace.Turn()
    if seconds := _wait_for(turn):
        _wait(frame, seconds)
        return
    try:
        call = _open(frame)
        if call is None:
            settling.go_on(frame, "budget-spent")
        else:
            _send(frame, call, photo)
    finally:
        _end(turn)


def _why_not(frame: Frame) -> str:
    if not settings.GEMINI_API_KEY:
        return "switched-off"
    return "" if timezone.now() < frame.ask_until else "out-of-time"


def _wait_for(turn: pace.Turn) -> float:
    try:
        return turn.take()
    except RedisError as error:
        log.warning("Redis does not say whether Gemini may be asked, next try in %d s: %s", PAUSE_SECONDS, error)
        return PAUSE_SECONDS


def _end(turn: pace.Turn) -> None:
    try:
        turn.end()
    except RedisError as error:
        log.warning("A turn at Gemini was not given back, and lapses: %s", error)


def _open(frame: Frame) -> GeminiCall | None:
    """Write down that Gemini is being asked, before it is; None if that would break the budget."""
    with transaction.atomic():
        call = GeminiCall.objects.create(
            frame=frame,
            price=spending.price(in_job=False),
            model_name=settings.GEMINI_MODEL,
            prompt=settings.GEMINI_PROMPT,
        )
        # With this one: of two workers at once both may give up the last image, but never both take it.
        if spending.spent_this_month() > settings.GEMINI_MONTHLY_BUDGET:
            call.delete()
            return None
    return call


def _send(frame: Frame, call: GeminiCall, photo: bytes) -> None:
    try:
        answer = settling.gemini().relight(photo, settling.prompt(call.prompt))
    except Busy as busy:
        settling.close(call, "busy", cost=NOTHING, words=str(busy))
        pace.hold_back(busy.retry_after)
        _wait(frame, busy.retry_after)
    except Failed as failed:
        settling.close(call, "failed", cost=NOTHING, words=str(failed))
        _after_failure(frame, failed)
    except NoAnswer as none:
        settling.finish(call, "no-answer", cost=None, words=str(none))
    else:
        _after_answer(call, answer)


def _after_failure(frame: Frame, failed: Failed) -> None:
    tries = frame.calls.filter(job=None, outcome="failed").count()
    if failed.is_lasting or tries >= settings.GEMINI_MAX_TRIES:
        settling.go_on(frame, "failed")
    else:
        _wait(frame, PAUSE_SECONDS * 2 ** (tries - 1))


def _after_answer(call: GeminiCall, answer: Answer) -> None:
    try:
        settling.settle(call, answer)
    except ObjectStoreError as error:  # paid for, so not asked for again
        settling.finish(call, "lost", cost=call.price * answer.images, words=str(error))


def _wait(frame: Frame, seconds: float) -> None:
    """Till then no worker asks for the frame; not beyond its time."""
    not_before = timezone.now() + timedelta(seconds=seconds)
    if not_before > frame.ask_until:
        settling.go_on(frame, "out-of-time")
    else:
        change(frame, not_before=not_before, lease_until=None)
