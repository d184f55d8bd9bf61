"""The other views of a product: they show what no picture says by itself, that two products were mixed up."""

from pipeline.imaging.metrics.likeness import likeness
from pipeline.models import Frame
from pipeline.states import State, sent_back

UNLIKE = 0.2
"""Below it, two views share hardly a colour. Of 30 pairs of views of one rendered product the least alike have 0.28."""

SHOWN = (State.PUBLISHING, State.PUBLISHED)
"""Of two that are published at the same moment each sees the other: both are held, and neither slips through."""


def unlike(frame: Frame) -> Frame | None:
    """A published view of the same product in the same batch that has other colours; None once a person has seen it."""
    is_seen = frame.was_exception or sent_back(frame.reasons)
    if is_seen or not frame.card or not frame.card.palette:
        return None
    published = Frame.objects.filter(batch=frame.batch_id, code=frame.code, state__in=SHOWN)
    for other in published.exclude(view=frame.view):
        palette = other.card.palette if other.card else []
        if palette and likeness(frame.card.palette, palette) < UNLIKE:
            return other
    return None
