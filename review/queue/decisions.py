"""What an operator may say of a frame in the queue, guarded by the version that the operator looked at.

What was said of a frame that is published already, in an audit, is said in the same words: who decides isn't to know.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from pipeline import audit_draw, sharing
from pipeline.models import BridgeLabel, Frame, Rejection, Scorecard
from pipeline.states import MENDED, ONCE_MORE, TURNED_DOWN, State
from pipeline.transitions import StaleTransition, advance
from review.evidence.labels import label_of
from review.models import Decision
from review.queue import audits, claims, handwork
from review.queue.bridges import BridgeLine, bridge_line_of

KEEP_BRIDGE = {"approve", "reprocess"}
"""Where the bridge is in a photo that won't be used matters no more."""


SOMETHING_ELSE = "something else"
RESHOOT_REASONS = [
    "blurred",
    "badly lit",
    "product cut off",
    "wrong product or view",
    "dirt or fingerprints",
    "other things in the photo",
    SOMETHING_ELSE,
]
"""Of a photo, by number: what whoever takes it anew should know."""


class DecisionError(ValueError):
    """The decision can't be carried out; the text says why and what to do instead."""


@dataclass(frozen=True)
class Said:
    """What somebody says of a frame; `bridge_x` is where they moved its bridge.

    Of a photo that is rejected `why` is one of the reasons, `remark` their own words, and `mark` a place on it.
    """

    kind: str
    user: User
    bridge_x: float | None = None
    why: str = ""
    remark: str = ""
    mark: Sequence[float] = ()

    def words_on(self, frame: Frame) -> str:
        """What the frame's history says of it: what was done first, by whomever, and then what was said."""
        is_approved = self.kind == "approve"
        done = handwork.words_for_matte(frame) if is_approved else []
        done += handwork.words_for_bridge(frame, self.bridge_x) if self.kind in KEEP_BRIDGE else []
        if is_approved and done:
            return f"approved {', '.join(done)}"
        return ", ".join([": ".join(filter(None, (DECISIONS[self.kind][2], self.told))), *done])

    @property
    def reason(self) -> str:
        """That it is something else is no reason: their own words say what."""
        return "" if self.why == SOMETHING_ELSE else self.why

    @property
    def told(self) -> str:
        return "; ".join(filter(None, (self.reason, self.remark)))

    def label_on(self, frame: Frame) -> str:
        """What a person has changed before was changed all the same, though the decision was taken back."""
        was_moved = self.bridge_x is not None or frame.bridge_labels.filter(attempt=frame.attempt).exists()
        is_painted = frame.overrides.filter(scorecard__attempt=frame.attempt).exists()
        return label_of(self.kind, is_edited=was_moved or is_painted)


def approve(frame: Frame, said: Said) -> None:
    """Publish the matte as it is, parted at the bridge where the operator put it."""
    require_matte(frame, frame.card)
    _move(frame, State.APPROVED, said)
    _keep_bridge(frame, said)


def reject(frame: Frame, said: Said) -> None:
    """No worker has anything to do: the photo is taken anew, or somebody else cuts it out."""
    _move(frame, State.REJECTED, said)
    _tell_rejected(frame, said)


def _tell_rejected(frame: Frame, said: Said) -> None:
    """Who sent it reads this once the frame is rejected."""
    told = {"needs_photo": said.kind == "reject", "why": said.reason, "remark": said.remark, "mark": list(said.mark)}
    by = said.user.get_username()
    Rejection.objects.update_or_create(frame=frame, defaults=told | {"by": by, "at": frame.state_since})


def reprocess(frame: Frame, said: Said) -> None:
    """Send the photo through the pipeline once more; its bridge stays where the operator put it."""
    _move(frame, State.RECEIVED, said)
    _keep_bridge(frame, said)


DECISIONS: dict[str, tuple[Callable[[Frame, Said], None], str, str]] = {
    # what it does, what its maker is told, and what the frame's history says
    "approve": (approve, "approved", "good as it is"),
    "reprocess": (reprocess, "sent back, to be cut out anew", "once more through the pipeline"),
    "discard": (reject, "rejected: the cut-out isn't good enough", "the cut-out isn't good enough"),
    "reject": (reject, "rejected: it needs a new photo", "needs a new photo"),
}


def decide(
    kind: str,
    frame: Frame,
    version: int,
    user: User,
    bridge_x: float | None = None,
    *,
    why: str = "",
    remark: str = "",
    mark: Sequence[float] = (),
    group: UUID | None = None,
) -> str:
    """Carry out a decision on the version that its maker looked at, and say so in words. No worker acts on it yet.

    Parameters
    ----------
    bridge_x : float, optional
        Where the operator moved the bridge, in pixels of the photo.
    why, remark, mark : optional
        What is wrong with a photo that is to be taken anew, as `Said` has it.
    group : UUID, optional
        That of other decisions which are taken back together with this one.

    Raises
    ------
    DecisionError
        Somebody else was first, or has the frame in hand; it can't be approved, no bridge can be there, or nothing says
        what is wrong with the photo.
    """
    act, words, _ = DECISIONS[kind]
    require_at_hand(frame, version, user)
    said = Said(kind, user, bridge_x, why, remark, mark)
    require_words(frame, said)
    card, occasion = frame.card, occasion_of(frame)
    label = said.label_on(frame) if card else Decision.Label.NONE
    is_drawn_again = card is not None and _is_drawn_again(frame)
    try:
        with transaction.atomic():
            if occasion == Decision.Occasion.EXCEPTION:
                act(frame, said)
            else:
                _audit(frame, said, card, label)
            told = {"occasion": occasion, "label": label, "group": group, "is_drawn_again": is_drawn_again}
            note(frame, said, card=card, **told)
    except StaleTransition as error:
        raise DecisionError(f"{frame} was decided meanwhile; nothing was changed.") from error
    return f"{frame} {words}."


def _is_drawn_again(frame: Frame) -> bool:
    """Whether a second person is asked what they would say of it; once a frame."""
    earlier = Decision.objects.filter(frame=frame, is_drawn_again=True, undone_by=None)
    return audit_draw.is_for_second_look(frame.sha256, settings.AUDIT_KEY) and not earlier.exists()


def require_at_hand(frame: Frame, version: int, user: User) -> None:
    """Refuse what is decided already, or is in somebody else's hands."""
    require_free(frame, user)
    require_others(frame, user)
    if not is_waiting(frame) or frame.version != version:
        raise DecisionError(f"{frame} was decided while you looked at it; nothing was changed.")


def require_words(frame: Frame, said: Said) -> None:
    """Refuse "something else" that nothing was said of."""
    if said.why == SOMETHING_ELSE and not said.remark:
        raise DecisionError(f"Say in your own words what is wrong with {frame}; nothing was changed.")


def require_free(frame: Frame, user: User) -> None:
    """Refuse what somebody else has in hand."""
    holder = claims.holder_of(frame)
    if holder and holder != user.get_username():
        raise DecisionError(f"{_words_for_lost(frame, holder, user)}; nothing was changed.")


def words_for_held(frame: Frame, holder: str) -> str:
    return f"{holder or 'Somebody else'} is looking at {frame} right now"


def _words_for_lost(frame: Frame, holder: str, user: User) -> str:
    at = claims.taken_over_from(user, frame)
    if at:
        return f"{holder} took {frame} over from you on {date_format(timezone.localtime(at), 'j M, H:i')}"
    return words_for_held(frame, holder)


def require_others(frame: Frame, user: User) -> None:
    """With FOUR_EYES, refuse what this person sent in."""
    if not sharing.may_decide(user, frame):
        raise DecisionError(f"You sent {frame} in yourself, so somebody else decides it; nothing was changed.")


def require_waiting(frame: Frame) -> None:
    if not is_waiting(frame):
        raise DecisionError(f"{frame} is no longer in the queue; somebody decided it. Nothing was changed.")


def note(frame: Frame, said: Said, **fields: Any) -> Decision:
    """Write down what was said, with the version that the frame has now."""
    card = fields.pop("card")
    return Decision.objects.create(
        frame=frame,
        scorecard=card,
        kind=said.kind,
        why=said.why,
        by=said.user.get_username(),
        version=frame.version,
        **fields,
    )


def is_waiting(frame: Frame) -> bool:
    return frame.state == State.EXCEPTION or (frame.state == State.PUBLISHED and frame.audit_due != "")


def occasion_of(frame: Frame) -> str:
    return Decision.Occasion.EXCEPTION if frame.state == State.EXCEPTION else frame.audit_due


def _audit(frame: Frame, said: Said, card: Scorecard | None, label: str) -> None:
    """A published frame that is good stays as it is; with any other, what was said is done once it left the shop."""
    is_bad, why = label == Decision.Label.BAD, f"looked at after publication: {said.words_on(frame)}"
    if said.kind == "approve":
        require_matte(frame, card)
        if not is_bad:
            audits.pass_audit(frame, said.user, why)
            return
    then = {"approve": MENDED, "reprocess": ONCE_MORE}.get(said.kind, TURNED_DOWN)
    audits.fail_audit(frame, card, said.user, why, then=then, is_bad=is_bad, not_before=grace())
    if then == TURNED_DOWN:
        _tell_rejected(frame, said)
    _keep_bridge(frame, said)


def require_matte(frame: Frame, card: Scorecard | None) -> None:
    """Refuse to approve what that scorecard left no matte of."""
    if not can_be_approved(card):
        raise DecisionError(f"{frame} has no matte that could be published. Reprocess it, or ask for a new photo.")


def can_be_approved(card: Scorecard | None) -> bool:
    """Whether the last attempt left a matte with something in it."""
    return card is not None and card.has_product


def _move(frame: Frame, target: State, said: Said) -> None:
    advance(frame, target, actor=said.user.get_username(), why=said.words_on(frame), faults=0, not_before=grace())


def grace() -> datetime:
    return timezone.now() + timedelta(seconds=settings.UNDO_SECONDS)


def _keep_bridge(frame: Frame, said: Said) -> None:
    if said.bridge_x is None or said.kind not in KEEP_BRIDGE:
        return
    found_x = line_to_move(frame, said.bridge_x).card.bridge_x
    by = said.user.get_username()
    BridgeLabel.objects.create(frame=frame, attempt=frame.attempt, bridge_x=said.bridge_x, found_x=found_x, by=by)


def line_to_move(frame: Frame, bridge_x: float) -> BridgeLine:
    """The frame's bridge line, if it may be moved there."""
    line = bridge_line_of(frame, frame.card)
    if line is None:
        raise DecisionError(f"{frame} has no half-glass picture, so no bridge can be placed; nothing was changed.")
    if not line.first <= bridge_x <= line.last:
        raise DecisionError(
            f"The bridge of {frame} can't be at {bridge_x:g} px: put it within the product, from {line.first} to "
            f"{line.last} px. Nothing was changed."
        )
    return line
