"""What an operator may say of an exception. Each is guarded by the version that the operator looked at."""

from collections.abc import Callable

from django.contrib.auth.models import User
from django.db import transaction

from pipeline import jobs
from pipeline.models import BridgeLabel, Frame, Scorecard
from pipeline.states import State
from pipeline.transitions import StaleTransition, advance
from review.bridges import BridgeLine, line_of


class DecisionError(ValueError):
    """The decision can't be carried out; the text says why and what to do instead."""


def approve(frame: Frame, user: User, bridge_x: float | None) -> None:
    """Publish the matte as it is, parted at the bridge where the operator put it."""
    if not can_be_approved(frame.card):
        raise DecisionError(f"{frame} has no matte that could be published. Reprocess it, or ask for a new photo.")
    why = "good as it is" if bridge_x is None else "good, with the bridge placed by hand"
    with transaction.atomic():
        _decide(frame, State.APPROVED, user, why)
        _keep_bridge(frame, user, bridge_x)
    jobs.enqueue(frame)


def reject(frame: Frame, user: User, bridge_x: float | None) -> None:
    """Ask for a new photo; where the bridge of this one is matters no more."""
    _decide(frame, State.REJECTED, user, "needs a new photo")


def reprocess(frame: Frame, user: User, bridge_x: float | None) -> None:
    """Send the photo through the pipeline once more; its bridge stays where the operator put it."""
    with transaction.atomic():
        _decide(frame, State.RECEIVED, user, "once more through the pipeline", reasons=[], cause="")
        _keep_bridge(frame, user, bridge_x)
    jobs.enqueue(frame)


DECISIONS: dict[str, tuple[Callable[[Frame, User, float | None], None], str]] = {
    "approve": (approve, "approved; it is being published"),
    "reject": (reject, "rejected; it needs a new photo"),
    "reprocess": (reprocess, "sent through the pipeline again"),
}


def decide(kind: str, frame: Frame, version: int, user: User, bridge_x: float | None = None) -> str:
    """Carry out a decision on the version that its maker looked at, and say so in words.

    Parameters
    ----------
    bridge_x : float, optional
        Where the operator moved the bridge, in pixels of the photo.

    Raises
    ------
    DecisionError
        Somebody else was first, the frame can't be approved, or no bridge can be there.
    """
    act, words = DECISIONS[kind]
    if frame.state != State.EXCEPTION or frame.version != version:
        raise DecisionError(f"{frame} was decided by somebody else while you looked at it; nothing was changed.")
    try:
        act(frame, user, bridge_x)
    except StaleTransition as error:
        raise DecisionError(f"{frame} was decided by somebody else just now; nothing was changed.") from error
    return f"{frame} {words}."


def can_be_approved(card: Scorecard | None) -> bool:
    """Whether the last attempt left a matte with something in it."""
    return card is not None and card.has_product


def _decide(frame: Frame, target: State, user: User, why: str, **fields: object) -> None:
    advance(frame, target, actor=user.get_username(), why=why, faults=0, **fields)


def _keep_bridge(frame: Frame, user: User, bridge_x: float | None) -> None:
    if bridge_x is None:
        return
    found_x = _line_to_move(frame, bridge_x).card.bridge_x
    BridgeLabel.objects.create(
        frame=frame, attempt=frame.attempt, bridge_x=bridge_x, found_x=found_x, by=user.get_username()
    )


def _line_to_move(frame: Frame, bridge_x: float) -> BridgeLine:
    """The frame's bridge line, if it may be moved there."""
    line = line_of(frame, frame.card)
    if line is None:
        raise DecisionError(f"{frame} has no half-glass picture, so no bridge can be placed; nothing was changed.")
    if not line.first <= bridge_x <= line.last:
        raise DecisionError(
            f"The bridge of {frame} can't be at {bridge_x:g} px: put it within the product, from {line.first} to "
            f"{line.last} px. Nothing was changed."
        )
    return line
