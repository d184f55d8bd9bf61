"""What a fault does to a frame: it is tried again, or held for a person; nothing stops a worker."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import DatabaseError
from django.db.models import QuerySet
from structlog.contextvars import bound_contextvars

from pipeline import leases
from pipeline.engines.object_store import ObjectStoreError
from pipeline.models import Frame
from pipeline.states import State
from pipeline.transitions import StaleTransition, advance, hold

log = logging.getLogger(__name__)


# What may go well the next time. A database that fails is not among them: what can't be written down is left to the
# reaper, which finds the lapsed lease.
PASSING_FAULTS = (ObjectStoreError, MemoryError)


def retry_or_hold(frame: Frame, back_to: State, cause: str, *, actor: str) -> None:
    """After a passing fault: back to where the reaper picks it up, or to people when the tries are spent."""
    faults = frame.faults + 1
    if faults < settings.MAX_FAULTS:
        advance(frame, back_to, actor=actor, why=cause, faults=faults)
    else:
        reason = "attempts-spent" if back_to == State.RECEIVED else "publishing-failed"
        hold(
            frame,
            [reason],
            actor=actor,
            cause=f"{cause} Tried {faults} times; reprocess it when an admin has mended the cause.",
        )


def run_step(found: QuerySet[Frame], step: Callable[[Frame], None]) -> Frame | None:
    """What every job does with its frame: one that is taken back, moved or decided meanwhile is left alone.

    None when there was nothing to do; it may run twice.
    """
    frame = found.filter(leases.grace_is_over()).select_related("batch").first()
    if frame is None:
        return None
    about = {"frame": frame.pk, "batch": frame.batch_id, "attempt": frame.attempt}
    with bound_contextvars(**about), left_to_others(frame):
        step(frame)
        return frame
    return None


@contextmanager
def left_to_others(frame: Frame) -> Iterator[None]:
    """A frame that somebody else has taken meanwhile is theirs; one whose state can't be written is the reaper's."""
    try:
        yield
    except StaleTransition as lost:
        log.info("%s; left to who has it now", lost)
    except DatabaseError:
        log.exception("frame %s: the database failed; the reaper will try again", frame.pk)


@contextmanager
def faults_answered(frame: Frame, step: str, *, back_to: State, hint: str = "") -> Iterator[None]:
    """Whatever goes wrong in this step, the frame ends in a state that somebody acts on."""
    try:
        yield
    except (StaleTransition, DatabaseError):
        raise
    except PASSING_FAULTS as error:
        retry_or_hold(frame, back_to, f"{step} failed: {error}{hint}", actor="worker")
    except Exception as error:
        log.exception("frame %s (%s): a fault in the program", frame.pk, frame)
        what = f"{type(error).__name__}: {error}"
        cause = f"A fault in the program stopped {step.lower()} ({what}); reprocess or report it."
        hold(frame, ["program-fault"], cause, actor="worker")
