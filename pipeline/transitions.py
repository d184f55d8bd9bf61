"""advance(): the only writer of Frame.state."""

import logging
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from pipeline.models import Batch, Frame, Transition
from pipeline.states import State, is_allowed, sent_back
from pipeline.webhooks import outbox
from pipeline.words import in_words

log = logging.getLogger(__name__)


class StaleTransition(RuntimeError):
    """Somebody else moved the frame first; the caller's view of it is old."""


def advance(frame: Frame, target: State, *, actor: str, why: str = "", lease: int | None = None, **fields: Any) -> None:
    """Move a frame by compare-and-set on (id, state, version), record it, and note it for those who want to be told.

    Parameters
    ----------
    frame : Frame
        As the caller last saw it; brought up to date on success.
    lease : int, optional
        Seconds the new state is held for, for PROCESSING and PUBLISHING.
    **fields
        Further columns to write in the same update.

    Raises
    ------
    StaleTransition
        The frame is no longer as the caller saw it.
    ValueError
        The life of a frame has no such move.
    """
    source = State(frame.state)
    if not is_allowed(source, target):
        raise ValueError(f"frame {frame.pk}: no move from {source} to {target}")
    now = timezone.now()
    moved = {"state": target, "version": frame.version + 1}
    fields = {"state_since": now, "lease_until": now + timedelta(seconds=lease) if lease else None} | fields | moved
    with transaction.atomic():
        if outbox.may_complete(source, target):
            lock_batches([frame.batch_id])
        if Frame.objects.filter(pk=frame.pk, state=source, version=frame.version).update(**fields) != 1:
            raise StaleTransition(f"frame {frame.pk} ({frame}) was moved on from {source} by somebody else")
        Transition.objects.create(frame=frame, source=source, target=target, actor=actor, why=why)
        outbox.note_move(frame, source, target)
    for name, value in fields.items():
        setattr(frame, name, value)


def lock_batches(batches: Iterable[int]) -> None:
    """Let nobody else finish a photo of these until the transaction ends.

    Whoever moves frames of several batches in one transaction asks for all of them first: who took them one by one, or
    after a frame, could wait for somebody who waits for them.
    """
    rows = Batch.objects.select_for_update(no_key=True).filter(pk__in=set(batches)).order_by("pk")
    list(rows.values_list("pk"))


def change(frame: Frame, **fields: Any) -> None:
    """As `advance`, but the frame stays in its state, and its history says nothing of it."""
    found = Frame.objects.filter(pk=frame.pk, state=frame.state, version=frame.version)
    if found.update(version=frame.version + 1, **fields) != 1:
        raise StaleTransition(f"frame {frame.pk} ({frame}) was moved on by somebody else")
    frame.version += 1
    for name, value in fields.items():
        setattr(frame, name, value)


def hold(frame: Frame, reasons: list[str], cause: str = "", *, actor: str, **fields: Any) -> None:
    """Into the review queue. What a person sent back stays marked so, and no figure takes it for sent by the gate."""
    marker = sent_back(frame.reasons)
    reasons = [*(code for code in reasons if code not in marker), *marker]
    fields |= first_verdict(frame) | {"reasons": reasons, "cause": cause}
    if not marker:
        fields |= {"was_exception": True, "has_failed": frame.has_failed or bool(cause)}
    why = cause or "; ".join(map(in_words, reasons))
    advance(frame, State.EXCEPTION, actor=actor, why=why, **fields)
    log.info("%s waits for a person: %s", frame, why)


def send_back(frame: Frame, reason: str, cause: str, *, actor: str) -> None:
    """To who sent it, who has to send it again. Nobody reviewed it, so no figure counts it."""
    reasons = [reason, *sent_back(frame.reasons)]
    advance(frame, State.UNREADABLE, actor=actor, why=cause, reasons=reasons, cause=cause, faults=0)
    log.info("%s is to be sent again: %s", frame, cause)


def take_again(frame: Frame, *, actor: str) -> None:
    """What could not be read was sent again, or stored after all; whoever else notices at this moment is heard."""
    reasons = sent_back(frame.reasons)
    with suppress(StaleTransition):
        advance(frame, State.RECEIVED, actor=actor, why="sent again", reasons=reasons, cause="", faults=0)


def first_verdict(frame: Frame) -> dict[str, Any]:
    return {"processed_at": frame.processed_at or timezone.now(), "reasons": [], "cause": "", "faults": 0}
