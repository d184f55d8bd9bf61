"""What an operator may say of a frame in the queue, guarded by the version that the operator looked at.

What was said of a frame that is published already, in an audit, is said in the same words: who decides isn't to know.
"""

from collections.abc import Callable

from django.contrib.auth.models import User
from django.db import transaction

from pipeline import jobs
from pipeline.models import BridgeLabel, Frame, Scorecard
from pipeline.states import State
from pipeline.transitions import StaleTransition, advance
from review import audits
from review.bridges import BridgeLine, line_of
from review.labels import label_of
from review.models import Decision


class DecisionError(ValueError):
    """The decision can't be carried out; the text says why and what to do instead."""


def approve(frame: Frame, user: User, bridge_x: float | None) -> None:
    """Publish the matte as it is, parted at the bridge where the operator put it."""
    if not can_be_approved(frame.card):
        raise DecisionError(f"{frame} has no matte that could be published. Reprocess it, or ask for a new photo.")
    _decide(frame, State.APPROVED, user, _why("approve", bridge_x))
    _keep_bridge(frame, user, bridge_x)


def reject(frame: Frame, user: User, bridge_x: float | None) -> None:
    """Ask for a new photo; where the bridge of this one is matters no more."""
    _decide(frame, State.REJECTED, user, _why("reject"))


def discard(frame: Frame, user: User, bridge_x: float | None) -> None:
    """The photo may do, but what was made of it doesn't."""
    _decide(frame, State.REJECTED, user, _why("discard"))


def reprocess(frame: Frame, user: User, bridge_x: float | None) -> None:
    """Send the photo through the pipeline once more; its bridge stays where the operator put it."""
    _decide(frame, State.RECEIVED, user, _why("reprocess"), reasons=[], cause="")
    _keep_bridge(frame, user, bridge_x)


DECISIONS: dict[str, tuple[Callable[[Frame, User, float | None], None], str, str]] = {
    # what it does, what its maker is told, and what the frame's history says
    "approve": (approve, "approved", "good as it is"),
    "reprocess": (reprocess, "sent back, to be cut out anew", "once more through the pipeline"),
    "discard": (discard, "rejected: the cut-out isn't good enough", "the cut-out isn't good enough"),
    "reject": (reject, "rejected: it needs a new photo", "needs a new photo"),
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
    act, words, _ = DECISIONS[kind]
    if not is_waiting(frame) or frame.version != version:
        raise DecisionError(f"{frame} was decided by somebody else while you looked at it; nothing was changed.")
    occasion = occasion_of(frame)
    try:
        with transaction.atomic():
            decision = _note(kind, frame, user, bridge_x, occasion)
            if occasion == Decision.Occasion.EXCEPTION:
                act(frame, user, bridge_x)
            else:
                _audit(decision, frame, user, bridge_x)
    except StaleTransition as error:
        raise DecisionError(f"{frame} was decided by somebody else just now; nothing was changed.") from error
    if frame.state in jobs.STEPS:
        jobs.enqueue(frame)
    return f"{frame} {words}."


def is_waiting(frame: Frame) -> bool:
    return frame.state == State.EXCEPTION or (frame.state == State.PUBLISHED and frame.audit_due != "")


def occasion_of(frame: Frame) -> str:
    return Decision.Occasion.EXCEPTION if frame.state == State.EXCEPTION else frame.audit_due


def _note(kind: str, frame: Frame, user: User, bridge_x: float | None, occasion: str) -> Decision:
    card = frame.card
    label = label_of(kind, is_edited=bridge_x is not None) if card else Decision.Label.NONE
    return Decision.objects.create(
        frame=frame, scorecard=card, kind=kind, occasion=occasion, label=label, by=user.get_username()
    )


def _audit(decision: Decision, frame: Frame, user: User, bridge_x: float | None) -> None:
    """A published frame that is good stays as it is; any other comes back to the queue."""
    if decision.kind == "approve" and bridge_x is None:
        audits.pass_audit(frame)
        return
    is_bad = decision.label == Decision.Label.BAD
    audits.fail_audit(frame, decision.scorecard, user, _why(decision.kind, bridge_x), is_bad=is_bad)
    _keep_bridge(frame, user, bridge_x if decision.kind != "reject" else None)


def _why(kind: str, bridge_x: float | None = None) -> str:
    return DECISIONS[kind][2] if bridge_x is None else "good, with the bridge placed by hand"


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
