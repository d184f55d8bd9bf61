"""Published files come back out of the bucket, and their frame goes to a person, unless it is to stay withdrawn.

Tried until it succeeds.
"""

import logging
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from pipeline import leases, naming
from pipeline.engines import object_store
from pipeline.engines.object_store import ObjectStoreError
from pipeline.faults import run_step
from pipeline.models import Frame, Listing
from pipeline.shop import listings
from pipeline.states import State
from pipeline.transitions import advance, change

log = logging.getLogger(__name__)


def withdraw(
    frame: Frame, *, actor: str, why: str, not_before: datetime | None = None, for_review: bool = True
) -> None:
    """Begin to take a published frame back; a worker does the rest. One that isn't published yet is held at once.

    Parameters
    ----------
    for_review : bool
        It goes to a person then. Otherwise it stays withdrawn: there is nothing to decide, so nobody is given a reason.
    """
    reasons = ["withdrawn"] if for_review else []
    fields: dict[str, Any] = {"audit_due": "", "reasons": reasons, "faults": 0, "not_before": not_before}
    if frame.state == State.APPROVED:
        advance(frame, State.EXCEPTION, actor=actor, why=why, **fields)
    else:
        advance(frame, State.WITHDRAWING, actor=actor, why=why, **fields)


def run(frame_id: int) -> None:
    """Delete the files of a WITHDRAWING frame."""
    run_step(Frame.objects.filter(pk=frame_id, state=State.WITHDRAWING), _begin)


def _begin(frame: Frame) -> None:
    try:
        _withdraw(frame)
    except ObjectStoreError as error:
        # It must not stay in the shop: the reaper asks again and again, with growing pauses.
        faults = min(frame.faults + 1, settings.MAX_FAULTS - 1)
        change(frame, faults=faults, state_since=timezone.now(), lease_until=None)
        log.error("frame %s (%s) is still published: %s", frame.pk, frame, error)


def _withdraw(frame: Frame) -> None:
    listing = _take_listing(frame)
    if listing:
        _delete(frame)
    _finish(frame, listing)


def _take_listing(frame: Frame) -> Listing | None:
    """The frame's names, held against who would publish under them; None if they show another frame's files."""
    leases.share(frame, settings.PUBLISH_LEASE_SECONDS)
    listing = listings.of(frame)
    if listing.frame_id != frame.pk:
        return None
    listings.take(listing, frame)
    return listing


def _delete(frame: Frame) -> None:
    """The promise first, then the files."""
    for key in (naming.manifest_key(frame.code, frame.view), *naming.rendition_keys(frame.code, frame.view)):
        leases.require(frame, leases.LEFT_FOR_A_CALL)
        object_store.delete_published(key)


def _finish(frame: Frame, listing: Listing | None) -> None:
    with transaction.atomic():
        target = State.EXCEPTION if frame.reasons else State.WITHDRAWN
        advance(frame, target, actor="worker", why="its files are withdrawn", faults=0, not_before=None)
        frame.renditions.all().delete()
        if listing:
            listings.release(listing, shows=None)
