"""Published files come back out of the bucket, and their frame goes where whoever had them withdrawn sends it: into the
shop anew, through the pipeline, to who sent it; or it stays withdrawn. Tried until it succeeds.
"""

import logging
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from pipeline import leases, naming
from pipeline.engines import object_store
from pipeline.engines.object_store import ObjectStoreError
from pipeline.faults import run_step
from pipeline.models import Frame, Listing
from pipeline.shop import listings
from pipeline.states import AFTER_WITHDRAWAL, RENAMED, SENT_BACK, State
from pipeline.transitions import StaleTransition, advance, change, lock_batches

log = logging.getLogger(__name__)


def withdraw(
    frame: Frame, *, actor: str, why: str, not_before: datetime | None = None, then: str = "", **more: Any
) -> None:
    """Begin to take a published frame back; a worker does the rest.

    Parameters
    ----------
    then : str
        What for: a key of AFTER_WITHDRAWAL. Without one it stays withdrawn; SENT_BACK, by which it goes to a person, is
        what versions before this one have left.
    more
        Other fields that change with it.
    """
    reasons = [then] if then else []
    fields: dict[str, Any] = {"audit_due": "", "reasons": reasons, "faults": 0, "not_before": not_before} | more
    if Frame.objects.filter(pk=frame.pk, lease_until__gte=timezone.now()).exists():
        # It is being rendered again: a call to the bucket that began may end after its files were deleted.
        soon = timezone.now() + timedelta(seconds=leases.LEFT_FOR_A_CALL)
        fields["not_before"] = max(soon, not_before) if not_before else soon
    advance(frame, State.WITHDRAWING, actor=actor, why=why, **fields)


def run(frame_id: int) -> Frame | None:
    """Delete the files of a WITHDRAWING frame."""
    return run_step(Frame.objects.filter(pk=frame_id, state=State.WITHDRAWING), _begin)


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
        _delete(frame, listing)
    _finish(frame, listing)


def _take_listing(frame: Frame) -> Listing | None:
    """The names that show the frame's files, which may not be its own any more, held against who would publish under
    them; None if another frame's files lie there."""
    leases.share(frame, settings.PUBLISH_LEASE_SECONDS)
    listing = Listing.objects.select_related("holder").filter(frame=frame.pk).first()
    if listing:
        listings.take(listing, frame)
    return listing


def _delete(frame: Frame, listing: Listing) -> None:
    """The promise first, then the files."""
    names = listing.code, listing.view
    for key in (naming.manifest_key(*names), *naming.rendition_keys(*names)):
        leases.require(frame, leases.LEFT_FOR_A_CALL)
        object_store.delete_published(key)


def _finish(frame: Frame, listing: Listing | None) -> None:
    target, is_renamed = _then(frame), RENAMED in frame.reasons
    is_over = is_renamed or target in (State.REJECTED, State.WITHDRAWN)
    fields: dict[str, Any] = {"reasons": [] if is_over else [SENT_BACK], "faults": 0, "not_before": None}
    with transaction.atomic():
        lock_batches([frame.batch_id])
        advance(frame, target, actor="worker", why="its files are withdrawn", **fields)
        frame.renditions.all().delete()
        if listing:
            listings.release(listing, shows=None)
            if is_renamed:
                _bring_back(frame, listing)
        elif not is_renamed:
            _give_way(frame)


def _then(frame: Frame) -> State:
    """Whoever has it withdrawn says by the reasons what for."""
    told = [AFTER_WITHDRAWAL[code] for code in frame.reasons if code in AFTER_WITHDRAWAL]
    return told[0] if told else State.EXCEPTION if frame.reasons else State.WITHDRAWN


def _give_way(frame: Frame) -> None:
    """To a newer photo that the shop shows under its names by now; to none if it left the shop for good anyway."""
    same = Listing.objects.filter(code=frame.code, view=frame.view, frame_id__gt=frame.pk)
    shown = same.select_related("frame").first()
    if shown and shown.frame and frame.state != State.WITHDRAWN:
        advance(frame, State.SUPERSEDED, actor="worker", why=listings.newer(shown.frame))


def _bring_back(frame: Frame, listing: Listing) -> None:
    """What a photo replaced that had no right to the name, but for what a person had rejected."""
    same = Frame.objects.filter(code=listing.code, view=listing.view, pictures=Frame.Pictures.KEPT)
    for older in same.filter(state=State.SUPERSEDED, pk__lt=frame.pk):
        last = older.transitions.last()
        if last and last.why == listings.newer(frame) and last.source != State.REJECTED:
            # Decided meanwhile, or sent once more.
            with suppress(StaleTransition, IntegrityError), transaction.atomic():
                why = f"frame {frame.pk}, which replaced it, was another product or view"
                advance(older, State.RECEIVED, actor="worker", why=why, faults=0)
