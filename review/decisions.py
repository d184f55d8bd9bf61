"""What an operator may say of an exception. Each is guarded by the version that the operator looked at."""

from collections.abc import Callable

from django.contrib.auth.models import User

from pipeline import jobs
from pipeline.models import Frame
from pipeline.states import State
from pipeline.transitions import StaleTransition, advance


class DecisionError(ValueError):
    """The decision can't be carried out; the text says why and what to do instead."""


def approve(frame: Frame, user: User) -> None:
    """Publish the matte as it is."""
    if not can_be_approved(frame):
        raise DecisionError(f"{frame} has no matte that could be published. Reprocess it, or ask for a new photo.")
    _decide(frame, State.APPROVED, user, "good as it is")
    jobs.enqueue(frame)


def reject(frame: Frame, user: User) -> None:
    """Ask for a new photo."""
    _decide(frame, State.REJECTED, user, "needs a new photo")


def reprocess(frame: Frame, user: User) -> None:
    """Send the photo through the pipeline once more."""
    _decide(frame, State.RECEIVED, user, "once more through the pipeline", reasons=[], cause="")
    jobs.enqueue(frame)


DECISIONS: dict[str, tuple[Callable[[Frame, User], None], str]] = {
    "approve": (approve, "approved; it is being published"),
    "reject": (reject, "rejected; it needs a new photo"),
    "reprocess": (reprocess, "sent through the pipeline again"),
}


def decide(kind: str, frame: Frame, version: int, user: User) -> str:
    """Carry out a decision on the version that its maker looked at, and say so in words.

    Raises
    ------
    DecisionError
        Somebody else was first, or the frame can't be approved.
    """
    act, words = DECISIONS[kind]
    if frame.state != State.EXCEPTION or frame.version != version:
        raise DecisionError(f"{frame} was decided by somebody else while you looked at it; nothing was changed.")
    try:
        act(frame, user)
    except StaleTransition as error:
        raise DecisionError(f"{frame} was decided by somebody else just now; nothing was changed.") from error
    return f"{frame} {words}."


def can_be_approved(frame: Frame) -> bool:
    """Whether the last attempt left a matte with something in it."""
    card = frame.scorecards.filter(attempt=frame.attempt).first()
    return card is not None and "empty" not in card.reasons


def _decide(frame: Frame, target: State, user: User, why: str, **fields: object) -> None:
    advance(frame, target, actor=user.get_username(), why=why, faults=0, **fields)
