"""What a verifier may put right by itself: nothing here can lose a photo, or a promise that holds."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from pipeline import jobs, reaper
from pipeline.engines import object_store
from pipeline.models import Batch, Frame, Listing
from pipeline.shop import listings
from pipeline.states import State
from pipeline.transitions import StaleTransition, advance
from pipeline.upkeep import purging


def take_back(frame: Frame) -> None:
    """From a worker that is gone, as the reaper does: one that isn't keeps its lease."""
    if reaper.release(frame):
        jobs.enqueue(frame)


def queue(frame: Frame) -> None:
    """Its job once more: each may run twice."""
    jobs.enqueue(frame)


def bring_times_back(frame: Frame) -> None:
    """A clock that was ahead wrote them. Who is at work renews the lease by the right clock; a decision keeps the time
    in which it can be taken back."""
    now = timezone.now()
    latest = {
        "state_since": now,
        "lease_until": now + timedelta(seconds=max(settings.PROCESS_LEASE_SECONDS, settings.PUBLISH_LEASE_SECONDS)),
        "not_before": now + timedelta(seconds=settings.UNDO_SECONDS),
    }
    late = {name: most for name, most in latest.items() if (said := getattr(frame, name)) and said > most}
    if late and Frame.objects.filter(pk=frame.pk, version=frame.version).update(**late) != 1:
        raise StaleTransition(f"frame {frame.pk} ({frame}) moved on")


def put_behind(frame: Frame, newer: Frame) -> None:
    """The shop shows the newer photo already."""
    advance(frame, State.SUPERSEDED, actor="verify", why=listings.newer(newer))


def let_go(listing: Listing) -> None:
    """A holder that is neither publishing nor withdrawing holds nothing: whoever comes may take the names."""
    listings.release(listing, shows=listing.frame)


def remove_work(key: str) -> None:
    """Parts of an upload that nobody completed."""
    object_store.delete_work(key)


def remove_pictures(frame: Frame) -> None:
    """Of a frame whose days are over; who has its batch held meanwhile is heard."""
    if Batch.objects.filter(pk=frame.batch_id, legal_hold=False).exists():
        purging.empty(frame)


def remove_aside(key: str) -> None:
    """A copy that was never put in place: it is made anew from the original."""
    object_store.delete_published(key)


def remove_unpromised(listing: Listing, key: str) -> None:
    """A file that no manifest promises. Who publishes takes the names first, and waits for this transaction."""
    with transaction.atomic():
        free = Listing.objects.select_for_update(of=("self",)).filter(pk=listing.pk, version=listing.version)
        if free.update(version=listing.version + 1) != 1:
            raise StaleTransition(f"the listing of {listing.code} {listing.view} is taken")
        object_store.delete_published(key)
    listing.version += 1
