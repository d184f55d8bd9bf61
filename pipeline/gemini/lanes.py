"""The two ways to Gemini: urgent photos by themselves and at once, standard ones by a Batch job."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from pipeline.models import Frame
from pipeline.states import State
from pipeline.transitions import StaleTransition, advance, change


def send(frame: Frame) -> None:
    """Urgent frames are asked for at once; the others wait for a Batch job."""
    is_urgent = frame.batch.lane == "urgent"
    fields: dict[str, Any] = {"ask_until": ask_until() if is_urgent else None, "not_before": None, "gemini": ""}
    why = "to be asked for at once" if is_urgent else "for the next Batch job"
    advance(frame, State.ENHANCING, actor="worker", why=why, **fields)


def ask_until() -> datetime:
    """So long a frame that Gemini is to be asked for by itself may be kept waiting."""
    return timezone.now() + timedelta(minutes=settings.GEMINI_URGENT_DEADLINE_MINUTES)


def promote(frame: Frame | None) -> Frame | None:
    """From the standard lane into the urgent one; None if the frame has moved on."""
    if frame is None or frame.state != State.ENHANCING:
        return None
    try:
        change(frame, ask_until=ask_until(), not_before=None)
    except StaleTransition:
        return None
    return frame
