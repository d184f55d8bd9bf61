"""The names that a code and view are sold under: one frame at a time writes, or deletes, what lies there."""

from typing import Any

from pipeline import leases
from pipeline.models import Frame, Listing
from pipeline.states import State
from pipeline.transitions import StaleTransition

BUSY = (State.PUBLISHING, State.WITHDRAWING)
WRITING = (*BUSY, State.PUBLISHED)
"""Whoever has a lease in these states writes under the names: one that is published, while it is rendered again."""


class ListingTaken(StaleTransition):
    """Another frame of the same code and view is being published, or withdrawn."""


def of(frame: Frame) -> Listing:
    """The listing of the frame's code and view, made when there is none."""
    return Listing.objects.select_related("holder").get_or_create(code=frame.code, view=frame.view)[0]


def take(listing: Listing, frame: Frame) -> None:
    """Hold the names for a frame that has a lease; a holder whose lease lapsed holds nothing.

    Raises
    ------
    ListingTaken
        They are in another frame's hands.
    """
    holder = listing.holder
    if holder and holder.pk != frame.pk and holder.state in WRITING and leases.is_held(holder):
        raise ListingTaken(f"frame {holder.pk} is being published, or withdrawn, under the same names")
    if not _set(listing, holder=frame):
        raise ListingTaken("another frame took the same names")


def release(listing: Listing, *, shows: Frame | None) -> None:
    """Let go of the names, under which that frame's files lie now, or none.

    Raises
    ------
    StaleTransition
        They were taken over.
    """
    if not _set(listing, frame=shows, holder=None):
        raise StaleTransition(f"the listing of {listing.code} {listing.view} was taken over")


def let_go(frame: Frame) -> None:
    """Of the names that a frame holds which is not being published any more, if nobody has moved it since."""
    held = Listing.objects.filter(holder=frame.pk, holder__version=frame.version)
    held.exclude(holder__state__in=BUSY).update(holder=None)


def newer(frame: Frame) -> str:
    """Why another photo of the same names is shown no more, as its history says it."""
    return f"frame {frame.pk} is newer"


def _set(listing: Listing, **fields: Any) -> bool:
    """Compare-and-set on the version."""
    mine = Listing.objects.filter(pk=listing.pk, version=listing.version)
    if mine.update(version=listing.version + 1, **fields) != 1:
        return False
    listing.version += 1
    return True
