"""Published files come back out of the bucket, and their frame goes to a person. Tried until it succeeds."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from pipeline import leases, naming
from pipeline.engines import object_store
from pipeline.engines.object_store import ObjectStoreError
from pipeline.models import Frame, Listing
from pipeline.states import State
from pipeline.transitions import StaleTransition, advance

log = logging.getLogger(__name__)


def recall(frame: Frame, *, actor: str, why: str, not_before: datetime | None = None) -> None:
    """Begin to take a published frame back; a worker does the rest. One that isn't published yet is held at once."""
    fields = {"audit_due": "", "reasons": ["recalled"], "faults": 0, "not_before": not_before}
    if frame.state == State.APPROVED:
        advance(frame, State.EXCEPTION, actor=actor, why=why, **fields)
    else:
        advance(frame, State.WITHDRAWING, actor=actor, why=why, **fields)


def run(frame_id: int) -> None:
    """Delete the files of a WITHDRAWING frame; it may run twice."""
    frame = Frame.objects.filter(leases.grace_is_over(), pk=frame_id, state=State.WITHDRAWING).first()
    if frame is None:
        return
    try:
        listing = _take_listing(frame)
        if listing:
            _delete(frame)
        _finish(frame, listing)
    except StaleTransition as lost:
        log.info("%s; left to who has it now", lost)
    except ObjectStoreError as error:
        # It must not stay in the shop: the reaper asks again and again, with growing pauses.
        faults = min(frame.faults + 1, settings.MAX_FAULTS - 1)
        Frame.objects.filter(pk=frame.pk, version=frame.version).update(faults=faults, state_since=timezone.now())
        log.error("frame %s (%s) is still published: %s", frame.pk, frame, error)


def _take_listing(frame: Frame) -> Listing | None:
    """The frame's names, held against who would publish under them; None if they show another frame's files."""
    listing = Listing.objects.select_related("holder").filter(code=frame.code, view=frame.view, frame=frame).first()
    if listing is None:
        return None
    holder = listing.holder
    if holder and holder.state == State.PUBLISHING and leases.is_held(holder):
        raise StaleTransition(f"frame {holder.pk} is being published over {frame}")
    mine = Listing.objects.filter(pk=listing.pk, version=listing.version)
    lease = timezone.now() + timedelta(seconds=settings.PUBLISH_LEASE_SECONDS)
    Frame.objects.filter(pk=frame.pk, version=frame.version).update(lease_until=lease)
    if mine.update(holder=frame, version=listing.version + 1) != 1:
        raise StaleTransition(f"frame {frame.pk} ({frame}): another frame took the same names")
    listing.version += 1
    return listing


def _delete(frame: Frame) -> None:
    """The promise first, then the files."""
    for key in (naming.manifest_key(frame.code, frame.view), *naming.rendition_keys(frame.code, frame.view)):
        leases.require(frame, leases.LEFT_FOR_A_CALL)
        object_store.delete_published(key)


def _finish(frame: Frame, listing: Listing | None) -> None:
    with transaction.atomic():
        advance(frame, State.EXCEPTION, actor="worker", why="its files are withdrawn", faults=0, not_before=None)
        frame.renditions.all().delete()
        if listing:
            mine = Listing.objects.filter(pk=listing.pk, version=listing.version)
            if mine.update(frame=None, holder=None, version=listing.version + 1) != 1:
                raise StaleTransition(f"frame {frame.pk} ({frame}): the listing was taken over")
