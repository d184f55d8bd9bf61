"""Published files made again by another listing spec, from the stored matte: what is live stays until the new ones are
checked and aside, then it is swapped as in publishing."""

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from pipeline import leases
from pipeline.faults import PASSING_FAULTS, run_step
from pipeline.imaging.pictures import renditions
from pipeline.listing_spec import has_half_glass
from pipeline.models import Frame, Listing, Rendering, Spec
from pipeline.shop import listings, publish
from pipeline.states import State
from pipeline.transitions import StaleTransition, advance, lock_batches
from pipeline.webhooks import outbox

log = logging.getLogger(__name__)
REST = timedelta(seconds=40)
MOST_DOUBLED = 6
SWEEP = 100
ON_ITS_WAY = (State.WITHDRAWING, State.APPROVED, State.PUBLISHING)
"""A withdrawal may be taken back, or the frame be mended and come into the shop again."""


class RenderError(ValueError):
    """New files can't be made, or can't take the place of those of before; the text says why."""


def ask(frames: Iterable[Frame], spec: Spec, *, by: str) -> list[Rendering]:
    """Have published frames rendered again, in place of what they wait for already.

    One that isn't published, that somebody is to look at, or whose files are just being replaced, is left out: of all
    that people look at, only decisions on audits would be refused.
    """
    published = {frame.pk: frame for frame in frames if frame.state == State.PUBLISHED and not frame.audit_due}
    with transaction.atomic():
        lock_batches({frame.batch_id for frame in published.values()})  # asked twice at once is asked once
        open_ones = Rendering.objects.filter(state=Rendering.State.WAITING)
        open_ones.filter(frame__in=published, is_swapping=False).delete()
        left_out = set(open_ones.filter(frame__in=published).values_list("frame", flat=True))
        asked = (frame for pk, frame in published.items() if pk not in left_out)
        return Rendering.objects.bulk_create(Rendering(frame=frame, spec=spec, by=by) for frame in asked)


def waiting() -> list[Rendering]:
    """The oldest that a worker should have by now."""
    found = Rendering.objects.filter(state=Rendering.State.WAITING).exclude(not_before__gt=timezone.now())
    is_looked_at = ~Q(frame__audit_due="") & Q(is_swapping=False)
    found = found.exclude(frame__state__in=ON_ITS_WAY).exclude(is_looked_at)
    return list(found.select_related("frame")[:SWEEP])


def run(rendering_id: int) -> None:
    """Render one frame again, unless that is done, or somebody is at work on it."""
    waiting_one = Rendering.objects.filter(pk=rendering_id, state=Rendering.State.WAITING)
    rendering = waiting_one.select_related("spec", "frame").first()
    if rendering is None or rendering.frame.state in ON_ITS_WAY:
        return
    if rendering.frame.audit_due and not rendering.is_swapping:  # whoever looks would be refused the decision
        return
    if not _published(rendering).exists():
        _give_up(rendering, "it is not in the shop any more")
        return
    run_step(_published(rendering).filter(leases.is_free()), lambda frame: _begin(frame, rendering))


def _published(rendering: Rendering) -> QuerySet[Frame]:
    return Frame.objects.filter(pk=rendering.frame_id, state=State.PUBLISHED)


def _begin(frame: Frame, rendering: Rendering) -> None:
    leases.take(frame, settings.PUBLISH_LEASE_SECONDS)
    with leases.kept(frame, settings.PUBLISH_LEASE_SECONDS):
        _render_again(frame, rendering)
    leases.give_back(frame)
    listings.let_go(frame)


def _render_again(frame: Frame, rendering: Rendering) -> None:
    try:
        files = _files(frame, rendering.spec)
        listing = listings.of(frame)
        listings.take(listing, frame)
        _require_shown(frame, listing)
    except listings.ListingTaken as taken:
        _rest(rendering, str(taken))
    except (StaleTransition, DatabaseError):
        raise
    except PASSING_FAULTS as error:
        if rendering.is_swapping or rendering.faults + 1 < settings.MAX_FAULTS:
            _rest(rendering, str(error))
        else:
            _tell(frame, rendering, f"{error}. Tried {rendering.faults + 1} times; ask again when that is mended")
    except (RenderError, renditions.EmptyPictureError, publish.OffSpecError) as error:
        _tell(frame, rendering, str(error))
    except Exception as error:
        log.exception("frame %s (%s): a fault in the program", frame.pk, frame)
        _tell(frame, rendering, f"a fault in the program stopped it ({type(error).__name__}: {error}); report it")
    else:
        _swap(frame, rendering, listing, files)


def _files(frame: Frame, spec: Spec) -> list[publish.File]:
    if frame.pictures:
        raise RenderError("its pictures are deleted, as their days were over; send a new photo")
    look = spec.listing_spec
    files = publish.render(frame, spec=look, is_checked=True)
    is_parted = has_half_glass(frame.product_class, frame.view, look)
    if is_parted and not any(file.variant == renditions.HALF_GLASS for file in files):
        raise RenderError(f"where its bridge is isn't known; send the photo into a batch that is published as {spec}")
    return files


def _require_shown(frame: Frame, listing: Listing) -> None:
    """Asked once the names are held: while it was rendered, a newer photo may have come."""
    if listing.frame_id != frame.pk:
        raise RenderError("under its names the shop shows another photo")


def _swap(frame: Frame, rendering: Rendering, listing: Listing, files: list[publish.File]) -> None:
    """From here on it is tried until it succeeds: half of the new files may lie there already."""
    mine = Rendering.objects.filter(pk=rendering.pk, state=Rendering.State.WAITING)
    if not mine.update(is_swapping=True):
        raise StaleTransition(f"{rendering}: something else was asked for meanwhile")
    try:
        publish.put(frame, files, rendering.spec.listing_spec)
    except PASSING_FAULTS as error:
        log.error("frame %s (%s) may have no manifest until it is rendered again: %s", frame.pk, frame, error)
        _rest(rendering, str(error))
    else:
        _finish(frame, rendering, listing, files)


def _finish(frame: Frame, rendering: Rendering, listing: Listing, files: list[publish.File]) -> None:
    with transaction.atomic():
        _note(frame, f"rendered again as {rendering.spec.words}; {rendering.by} asked for it")
        listings.release(listing, shows=frame)
        publish.note_files(frame, files)
        Rendering.objects.filter(pk=rendering.pk).update(state=Rendering.State.DONE, is_swapping=False)
        outbox.note_replaced(frame)
    log.info("%s is rendered again as %s: %d files", frame, rendering.spec, len(files))


def _tell(frame: Frame, rendering: Rendering, why: str) -> None:
    """What is live stays live; where half of the new files may be, it is tried until all are."""
    if rendering.is_swapping:
        log.error("frame %s (%s) may have no manifest until it is rendered again: %s", frame.pk, frame, why)
        _rest(rendering, why)
        return
    with transaction.atomic():
        _note(frame, f"not rendered again as {rendering.spec.words}, its files of before stay in the shop: {why}")
        _give_up(rendering, why)


def _note(frame: Frame, what: str) -> None:
    """In its history; its place in any line is the same as before."""
    advance(frame, State.PUBLISHED, actor="worker", why=what, state_since=frame.state_since)


def _give_up(rendering: Rendering, why: str) -> None:
    Rendering.objects.filter(pk=rendering.pk).update(state=Rendering.State.FAILED, why=why)


def _rest(rendering: Rendering, why: str) -> None:
    """Each fault doubles the pause, so that an outage is sat out."""
    faults = rendering.faults + 1
    not_before = timezone.now() + REST * 2 ** min(faults - 1, MOST_DOUBLED)
    Rendering.objects.filter(pk=rendering.pk).update(faults=faults, not_before=not_before, why=why)
