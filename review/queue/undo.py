"""Decisions taken back: by who made them, the last one first, as long as no worker has acted on it."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from pipeline import leases
from pipeline.models import Frame, Listing, Rejection
from pipeline.states import State
from pipeline.transitions import StaleTransition, advance, lock_batches
from review.evidence.labels import RENAME
from review.models import Decision
from review.queue.decisions import DECISIONS, DecisionError, Said, note

SKIP, UNDO = "skip", "undo"
GRACE = timedelta(seconds=settings.UNDO_SECONDS)
"""The same for every decision: a longer one for audits, on which nothing follows, would betray them."""


def take_back(user: User) -> list[Frame]:
    """Take back this person's last decision, with all of its group; returns the frames that wait again.

    Raises
    ------
    DecisionError
        There is none, or a worker was faster.
    """
    decisions = last_of(user)
    if not decisions:
        seconds = settings.UNDO_SECONDS
        raise DecisionError(f"There is nothing to take back: you decided nothing in the last {seconds} seconds.")
    frames = [decision.frame for decision in decisions if _take_back(decision, user)]
    if not frames:
        raise DecisionError(f"It is too late to take back what you said of {decisions[0].frame}: it is on its way.")
    return frames


def last_of(user: User) -> list[Decision]:
    """This person's last decision of the last minutes, with all of its group."""
    mine = _takeable(user)
    last = mine.last()
    if last is None:
        return []
    return list(mine.filter(group=last.group)) if last.group else [last]


def _takeable(user: User) -> QuerySet[Decision]:
    recent = Decision.objects.filter(by=user.get_username(), at__gte=timezone.now() - GRACE)
    return recent.filter(undone_by=None, kind__in=[*DECISIONS, RENAME, SKIP]).select_related("frame__batch")


def _take_back(decision: Decision, user: User) -> bool:
    """Whether the frame was still as the decision left it."""
    frame = decision.frame
    try:
        with transaction.atomic():
            lock_batches([frame.batch_id])  # before the listing's row, as whoever publishes does
            if decision.kind != SKIP and decision.occasion != Decision.Occasion.SECOND:
                _restore(frame, decision, user.get_username())
            said = Said(UNDO, user)
            note(frame, said, card=decision.scorecard, occasion=decision.occasion, label="", undoes=decision)
    except (StaleTransition, IntegrityError):  # meanwhile, the same file was sent under its old name
        return False
    return True


def _restore(frame: Frame, decision: Decision, actor: str) -> None:
    if frame.version != decision.version:
        raise StaleTransition(f"frame {frame.pk} ({frame}) has moved on")
    last = frame.transitions.last()
    why = f"taken back: {last.why}" if last else ""
    if frame.state == State.PUBLISHED:
        place = _place_in_line(frame, State.PUBLISHED)
        advance(frame, State.PUBLISHED, actor=actor, why=why, audit_due=decision.occasion, **place)
    elif frame.state == State.REJECTED or not leases.is_acted_on(frame):
        back_to = State.PUBLISHED if frame.state == State.WITHDRAWING else State.EXCEPTION
        published = {"audit_due": decision.occasion, "reasons": []}
        fields: dict[str, Any] = decision.was | (published if back_to == State.PUBLISHED else {})
        fields |= _place_in_line(frame, back_to)
        if back_to == State.PUBLISHED:
            _require_names(frame, fields.get("code", frame.code), fields.get("view", frame.view))
        advance(frame, back_to, actor=actor, why=why, not_before=None, **fields)
        Rejection.objects.filter(frame=frame).delete()
    else:
        raise StaleTransition(f"frame {frame.pk} ({frame}): a worker may have begun")


def _require_names(frame: Frame, code: str, view: str) -> None:
    """Whoever publishes meanwhile waits for this row; who did so before replaced the frame."""
    listing = Listing.objects.select_for_update(of=("self",)).filter(code=code, view=view).first()
    if listing and listing.frame_id and listing.frame_id > frame.pk:
        raise StaleTransition(f"frame {frame.pk} ({frame}): {listing.frame_id} is shown in its place")


def _place_in_line(frame: Frame, state: State) -> dict[str, Any]:
    """It waits since it came into the queue, not since the decision was taken back."""
    moves = list(frame.transitions.order_by("-pk"))[1:]  # but for the decision's own
    came = next((move for move in moves if move.target == state), None)
    return {"state_since": came.at} if came else {}
