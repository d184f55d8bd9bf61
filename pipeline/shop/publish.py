"""Finished files into the published bucket; the manifest last, so a reader of it can rely on every file."""

import hashlib
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from pipeline import leases, naming, work_files
from pipeline.cutout.relight import GENERATED
from pipeline.engines import object_store
from pipeline.faults import faults_answered, run_step
from pipeline.imaging.crop import halfglass
from pipeline.imaging.matte import refine
from pipeline.imaging.pictures import check, filenames, renditions
from pipeline.imaging.pictures.alpha_png import decode_alpha
from pipeline.imaging.pictures.spec import ListingSpec
from pipeline.imaging.types import Alpha, Crop
from pipeline.listing_spec import has_half_glass
from pipeline.models import Frame, Listing, Rendition
from pipeline.shop import listings, siblings
from pipeline.states import GONE, State, sent_back
from pipeline.transitions import StaleTransition, advance, hold, lock_batches

log = logging.getLogger(__name__)
FAULTS_TOLD = 3
IF_OFF_SPEC = "Reprocess it; if that doesn't help, tell an admin."


@dataclass(frozen=True)
class File:
    """One rendition on its way to the bucket."""

    variant: str
    extension: str
    key: str
    data: bytes

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def as_rendition(self, frame: Frame) -> Rendition:
        width, height = renditions.size_of(self.data)
        return Rendition(
            frame=frame,
            variant=self.variant,
            extension=self.extension,
            key=self.key,
            size=len(self.data),
            width=width,
            height=height,
            sha256=self.sha256,
        )


class OffSpecError(ValueError):
    """A finished file isn't what the listing spec asks for; the text says which, and why."""

    def __init__(self, faults: list[str]) -> None:
        more = f"; and {len(faults) - FAULTS_TOLD} more" if len(faults) > FAULTS_TOLD else ""
        super().__init__(f"finished files don't match the listing spec: {'; '.join(faults[:FAULTS_TOLD])}{more}")


def run(frame_id: int) -> None:
    """Publish an APPROVED frame."""
    run_step(Frame.objects.filter(pk=frame_id, state=State.APPROVED), _begin)


def _begin(frame: Frame) -> None:
    lease = settings.PUBLISH_LEASE_SECONDS
    advance(frame, State.PUBLISHING, actor="worker", lease=lease, not_before=None)
    with leases.kept(frame, lease):
        _publish(frame)
    listings.let_go(frame)


def _publish(frame: Frame) -> None:
    hint = f". Until it succeeds, {frame} may have no manifest in the bucket."
    with faults_answered(frame, "Publishing", back_to=State.APPROVED, hint=hint):
        if other := siblings.unlike(frame):
            log.info("%s has other colours than %s", frame, other)
            hold(frame, [f"unlike-{other.view}"], actor="worker")
            return
        try:
            listing = listings.of(frame)
            listings.take(listing, frame)
        except listings.ListingTaken as taken:
            advance(frame, State.APPROVED, actor="worker", why=str(taken))
            return
        if listing.frame_id and listing.frame_id > frame.pk:
            advance(frame, State.SUPERSEDED, actor="worker", why=f"frame {listing.frame_id} is newer")
            return
        try:
            files = render(frame, is_checked=True)
        except renditions.EmptyPictureError as error:
            hold(frame, ["empty-picture"], f"{error}; move the bridge, or ask for a new photo.", actor="worker")
            return
        except OffSpecError as error:
            cause = f"Nothing was published, because {error}. {IF_OFF_SPEC}"
            hold(frame, ["off-spec"], cause, actor="worker")
            return
        put(frame, files, frame.listing_spec)
        _finish(frame, listing, files)


def render(
    frame: Frame, bridge_x: float | None = None, *, spec: ListingSpec | None = None, is_checked: bool = False
) -> list[File]:
    """Every file of the frame's last attempt, by that spec or else its own; its half-glass ones parted there, or where
    the bridge stands now.

    Raises
    ------
    EmptyPictureError
        A picture would be empty; the text says which.
    OffSpecError
        If it is to be checked: a file doesn't match the listing spec.
    ObjectStoreError
        Photo or matte can't be read.
    """
    rgb = work_files.enhanced_photo(frame)
    alpha = decode_alpha(object_store.load_work(naming.work_key(frame.pk, frame.attempt, "alpha.png")))
    colour = refine.estimate_foreground(rgb, alpha)
    spec = spec or frame.listing_spec
    is_generated = frame.scorecards.get(attempt=frame.attempt).enhancer == GENERATED
    pictures = renditions.compose_all(colour, alpha, _crop(frame, alpha, bridge_x, spec), spec)
    made = renditions.encode_all(pictures, spec, spec.formats, is_generated=is_generated)
    if is_checked and (faults := check.faults_of(made, pictures, spec, is_generated=is_generated)):
        raise OffSpecError(faults)
    return [
        File(variant, extension, naming.rendition_key(frame.code, frame.view, variant, extension), data)
        for (variant, extension), data in made.items()
    ]


def _crop(frame: Frame, alpha: Alpha, bridge_x: float | None, spec: ListingSpec) -> Crop | None:
    """Where a person puts or has put the bridge, or else where it was found, or is for sure if nobody looked for it."""
    if not has_half_glass(frame.product_class, frame.view, spec):
        return None  # what was found, or put, before the frame had this name; and one that isn't made can't be empty
    card, label = frame.scorecards.get(attempt=frame.attempt), frame.bridge_labels.last()
    if bridge_x is None and label:
        bridge_x = label.bridge_x
    if bridge_x is not None:
        return halfglass.crop_at(bridge_x, card.product, card.near or None)
    found = card.crop or halfglass.find_crop(alpha)
    return found if found and (card.crop or found.is_sure) else None


def put(frame: Frame, files: list[File], spec: ListingSpec) -> None:
    """Bring the files aside and check them; then, quickly, withdraw the old promise, put them in place, and promise."""
    manifest = naming.manifest_key(frame.code, frame.view)
    staged = [(naming.staging_key(frame.pk, file.key), file) for file in files]
    for key, file in staged:
        _guarded(frame, object_store.put_published, key, file.data)
        object_store.verify_published(key, file.data)
    _guarded(frame, object_store.delete_published, manifest)
    for key, file in staged:
        _guarded(frame, object_store.copy_published, key, file.key)
    for key in naming.rendition_keys(frame.code, frame.view) - {file.key for file in files}:
        _guarded(frame, object_store.delete_published, key)
    _guarded(frame, object_store.put_published, manifest, _manifest(frame, files, spec))
    for key, _ in staged:
        _guarded(frame, object_store.delete_published, key)


def _guarded(frame: Frame, call: Callable[..., None], *arguments: Any) -> None:
    leases.require(frame, leases.LEFT_FOR_A_CALL)
    call(*arguments)


def _manifest(frame: Frame, files: list[File], spec: ListingSpec) -> bytes:
    document = {
        "code": frame.code,
        "view": frame.view,
        "frame": frame.pk,
        "version": frame.version,
        "spec": f"{spec.name} v{spec.version}",
        "published_at": timezone.now().isoformat(timespec="seconds"),
        "files": [
            {
                "key": file.key,
                "file_name": filenames.file_name(spec.file_name, frame.code, frame.view, file.variant, file.extension),
                "variant": file.variant,
                "content_type": object_store.CONTENT_TYPES[file.extension],
                "size": len(file.data),
                "sha256": file.sha256,
            }
            for file in files
        ],
    }
    return json.dumps(document, indent=1).encode()


def _finish(frame: Frame, listing: Listing, files: list[File]) -> None:
    with transaction.atomic():
        lock_batches(Frame.objects.filter(code=frame.code, view=frame.view).values_list("batch", flat=True))
        advance(frame, State.PUBLISHED, actor="worker", published_at=_since(frame), faults=0)
        listings.release(listing, shows=frame)
        note_files(frame, files)
        _supersede_older(frame)
    log.info("%s is published: %d files", frame, len(files))


def _since(frame: Frame) -> datetime:
    """One that a person sent back was published before, like one that is rendered again: figures count it there."""
    before = frame.published_at if sent_back(frame.reasons) else None
    return before or timezone.now()


def note_files(frame: Frame, files: list[File]) -> None:
    """What lies in the bucket for the frame now."""
    frame.renditions.all().delete()
    Rendition.objects.bulk_create(file.as_rendition(frame) for file in files)


def _supersede_older(frame: Frame) -> None:
    older = Frame.objects.filter(code=frame.code, view=frame.view, pk__lt=frame.pk)
    for other in older.exclude(state__in={State.WITHDRAWING, *GONE}):
        # One that moves on at this moment finds the newer frame on the listing when it comes to publish.
        with suppress(StaleTransition):
            advance(other, State.SUPERSEDED, actor="worker", why=listings.newer(frame))
