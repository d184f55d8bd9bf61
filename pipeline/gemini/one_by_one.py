"""Gemini asked about one photo at a time: the urgent lane, and what a Batch job left undone."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError
from django.db.models import QuerySet
from django.utils import timezone

from pipeline import leases
from pipeline.engines.gemini import Answer, Busy, Failed, NoAnswer
from pipeline.engines.object_store import MissingObjectError, ObjectStoreError
from pipeline.faults import faults_answered, run_step
from pipeline.gemini import budget, client, outcomes, pace
from pipeline.imaging.pictures.decode import DecodeError
from pipeline.models import Frame, GeminiCall
from pipeline.models.gemini import NOTHING, UNDER_WAY
from pipeline.states import State
from pipeline.transitions import change

log = logging.getLogger(__name__)
# After a failure of Gemini's; doubled with each.
PAUSE_SECONDS = 10


def to_be_asked() -> QuerySet[Frame]:
    """Frames to be asked for by themselves, now: urgent ones, and those whose time for a Batch job is over."""
    found = Frame.objects.filter(
        leases.is_free(), leases.grace_is_over(), state=State.ENHANCING, ask_until__isnull=False
    )
    return found.select_related("batch").order_by("state_since")


def run(frame_id: int) -> Frame | None:
    """Ask for one frame, if it is its turn."""
    return run_step(to_be_asked().filter(pk=frame_id), _begin)


def _begin(frame: Frame) -> None:
    lease = settings.PROCESS_LEASE_SECONDS
    leases.take(frame, lease)
    with leases.kept(frame, lease), faults_answered(frame, "Asking Gemini", back_to=State.RECEIVED):
        _ask(frame)


def _ask(frame: Frame) -> None:
    lost = frame.calls.filter(outcome=UNDER_WAY).first()
    if lost:  # its worker died: whether Gemini made a picture of it nobody knows
        outcomes.finish(lost, "no-answer", cost=None, words="The worker stopped before the answer came.")
        return
    if why_not := _why_not(frame):
        outcomes.go_on(frame, why_not)
        return
    turn = pace.Turn()
    if seconds := turn.take():
        _wait(frame, seconds)
        return
    try:
        _ask_now(frame)
    finally:
        turn.end()


def _ask_now(frame: Frame) -> None:
    try:
        photo = client.photo_of(frame)
    except (DecodeError, MissingObjectError):
        outcomes.go_on(frame, "no-photo")
        return
    call = _open(frame)
    if call is None:
        outcomes.go_on(frame, "budget-spent")
    else:
        _send(frame, call, photo)


def _why_not(frame: Frame) -> str:
    if not settings.GEMINI_API_KEY:
        return "switched-off"
    return "" if frame.ask_until and timezone.now() < frame.ask_until else "out-of-time"


def _open(frame: Frame) -> GeminiCall | None:
    """Write down that Gemini is being asked, before it is; None if that would break the budget."""
    price, model = budget.price(in_job=False), settings.GEMINI_MODEL
    call = GeminiCall.objects.create(frame=frame, price=price, model_name=model, prompt=settings.GEMINI_PROMPT)
    # With this one, and for all to see: of two workers at once both may give up the last image, but never both take it.
    if budget.spent_this_month() > settings.GEMINI_MONTHLY_BUDGET:
        call.delete()
        return None
    return call


def _send(frame: Frame, call: GeminiCall, photo: bytes) -> None:
    try:
        answer = client.gemini(call.model_name).relight(photo, client.prompt(call.prompt))
        _after_answer(frame, call, answer)
    except Busy as busy:
        outcomes.close(call, "busy", cost=NOTHING, words=str(busy))
        pace.hold_back(busy.retry_after)
        _wait(frame, busy.retry_after)
    except Failed as failed:
        outcomes.close(call, "failed", cost=NOTHING, words=str(failed))
        log.warning("frame %s (%s): %s", frame.pk, frame, failed)
        _after_failure(frame, is_lasting=failed.is_lasting)
    except NoAnswer as none:
        outcomes.finish(call, "no-answer", cost=None, words=str(none))
    except DatabaseError:
        raise
    except Exception as error:  # whatever it was, Gemini may have been paid: not again
        log.exception("frame %s (%s): a fault in the program", frame.pk, frame)
        words = f"A fault in the program ({type(error).__name__}); please report it."
        outcomes.finish(call, "no-answer", cost=None, words=words)


def _after_failure(frame: Frame, *, is_lasting: bool) -> None:
    tries = frame.calls.filter(job=None, outcome="failed", asked_at__gte=frame.state_since).count()
    if is_lasting:
        outcomes.go_on(frame, "refused")
    elif tries >= settings.GEMINI_MAX_TRIES:
        outcomes.go_on(frame, "failed")
    else:
        _wait(frame, PAUSE_SECONDS * 2 ** (tries - 1))


def _after_answer(frame: Frame, call: GeminiCall, answer: Answer) -> None:
    cost = call.price * answer.images
    if answer.outcome == "failed":
        outcomes.close(call, "failed", cost=cost, words=answer.words)
        _after_failure(frame, is_lasting=False)
        return
    try:
        outcomes.settle(call, answer)
    except ObjectStoreError as error:  # paid for, so not asked for again
        outcomes.finish(call, "lost", cost=cost, words=str(error))


def _wait(frame: Frame, seconds: float) -> None:
    """Till then no worker asks for the frame; not beyond its time."""
    not_before = timezone.now() + timedelta(seconds=seconds)
    if frame.ask_until is None or not_before > frame.ask_until:
        outcomes.go_on(frame, "out-of-time")
    else:
        change(frame, not_before=not_before, lease_until=None)
