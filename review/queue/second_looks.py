"""Blind second looks: a few decided frames are shown to somebody else too, as they were before they were decided.

What the second person says is compared with what the first one said, and moves no frame. Nothing waits for it: where
nobody else comes, a look is forgotten.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.utils import timezone

from config.asked import row_number
from pipeline.models import BridgeLabel, Frame, Scorecard
from pipeline.states import GONE, State
from review.evidence.labels import label_of
from review.models import IS_WAITING, Decision
from review.queue import claims
from review.queue.decisions import (
    DECISIONS,
    DecisionError,
    Said,
    note,
    require_free,
    require_matte,
    require_words,
)
from review.queue.undo import GRACE, UNDO

FORGOTTEN = timedelta(days=7)
"""After that nobody is asked any more."""
NO_VERSION = 0
"""In place of the frame's, which would tell how often people had it in hand."""


def take_next(user: User, page: str = "", beside: Collection[int] = (), *, ahead: bool = False) -> Frame | None:
    """Claim the next frame for this person, other than those: one to be looked at twice, or else the next in line."""
    elsewhere = claims.held_elsewhere(user, page, "frame__claim__")
    for first in _open_to(user).exclude(elsewhere).exclude(frame__in=beside).select_related("frame")[:50]:
        if claims.take(first.frame, user, page, ahead=ahead):
            return _as_it_was(first)
    return claims.take_next(user, page, beside, ahead=ahead)


def of(frame_id: int, user: User) -> Frame | None:
    """The frame as the first person saw it, if this one may be asked what they would have said."""
    first = _open_to(user).filter(frame=row_number(str(frame_id))).first()
    return _as_it_was(first) if first else None


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
) -> str:
    """Note what somebody would decide of a frame that was decided, and say it in the words of any decision.

    Raises
    ------
    DecisionError
        Somebody else was first, or has the frame in hand; it could not be approved, or nothing says what is wrong.
    """
    require_free(frame, user)
    said = Said(kind, user, bridge_x, why, remark, mark)
    require_words(frame, said)
    with transaction.atomic():
        first = _open_to(user).select_for_update(of=("self",)).filter(frame=frame.pk).first()
        if first is None or version != NO_VERSION:
            raise DecisionError(f"{frame} was decided while you looked at it; nothing was changed.")
        seen = _as_it_was(first).card
        if kind == "approve":
            require_matte(frame, seen)
        label = label_of(kind, is_edited=bridge_x is not None)
        note(frame, said, card=seen, occasion=Decision.Occasion.SECOND, label=label, second_of=first)
    return f"{frame} {DECISIONS[kind][1]}."


def _open_to(user: User) -> QuerySet[Decision]:
    """First decisions that this person may be asked about, the oldest first.

    None that may be taken back yet, and none of a frame that waits again: that is decided, not only looked at.
    """
    now, name = timezone.now(), user.get_username()
    theirs = Decision.objects.filter(frame=OuterRef("frame"), by=name, undone_by=None).exclude(kind=UNDO)
    seconds = Decision.objects.filter(second_of=OuterRef("pk"), undone_by=None).exclude(kind=UNDO)
    held = claims.held_elsewhere(user, path="frame__claim__")
    drawn = Decision.objects.filter(is_drawn_again=True, at__gt=now - FORGOTTEN, at__lte=now - GRACE, undone_by=None)
    kept = Frame.objects.filter(pk=OuterRef("frame"), pictures=Frame.Pictures.KEPT)
    there = kept.exclude(IS_WAITING).exclude(state__in=GONE)
    found = drawn.filter(~Exists(theirs), ~Exists(seconds), Exists(there)).exclude(held)
    if settings.FOUR_EYES:
        found = found.exclude(frame__batch__created_by=user)
    return found.order_by("at", "pk")


def _as_it_was(first: Decision) -> Frame:
    """What the machine had made of the frame when it was decided: nothing that anybody did or said is told by it.

    Its version is none that a frame in the queue has, so whoever tried to move it would be refused.
    """
    cards = Scorecard.objects.filter(override=None, pk__lte=first.scorecard_id)
    no_labels = Prefetch("bridge_labels", BridgeLabel.objects.none())
    frames = Frame.objects.select_related("batch").prefetch_related(no_labels, Prefetch("scorecards", cards))
    frame = frames.get(pk=first.frame_id)
    card = frame.machine_card
    frame.state, frame.version, frame.state_since = State.EXCEPTION, NO_VERSION, first.at
    frame.attempt, frame.reasons = (card.attempt, card.reasons) if card else (0, [])
    frame.cause = frame.gemini = frame.audit_due = ""
    return frame
