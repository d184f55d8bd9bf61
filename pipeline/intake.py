"""Photos in: the name is read, the row and the original are stored; nothing is decoded here."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import get_args

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from pipeline import audit_draw, naming, sharing
from pipeline.engines import object_store
from pipeline.imaging.types import ProductClass
from pipeline.models import Batch, Frame
from pipeline.states import Enhancement, Lane, State
from pipeline.transitions import StaleTransition, advance

MAX_BATCH_NAME = 100
CHOICES = {
    "product_class": "holds {} photos",
    "enhancement": "is for {} enhancement",
    "lane": "is in the {} lane",
}
"""What an uploader chooses for a batch, and how a batch says it."""
KNOWN = {"product_class": get_args(ProductClass), "enhancement": get_args(Enhancement), "lane": get_args(Lane)}


class IntakeError(ValueError):
    """A photo, or a batch, that can't be taken; the text tells the uploader what to do."""


@dataclass(frozen=True)
class Receipt:
    """What became of one photo: its frame, and whether this batch had its bytes already."""

    frame: Frame
    is_duplicate: bool


def open_batch(
    name: str, product_class: str, user: User | None = None, *, enhancement: str = "local", lane: str = "standard"
) -> Batch:
    """The batch of that name, made when there is none. Gemini is never the default: photos leave the house."""
    name = name.strip()
    if not 0 < len(name) <= MAX_BATCH_NAME or not name.isprintable():
        raise IntakeError(f"The batch needs a name of at most {MAX_BATCH_NAME} printable characters.")
    chosen = {"product_class": product_class, "enhancement": enhancement, "lane": lane}
    _check_choices(chosen)
    batch, _ = Batch.objects.get_or_create(name=name, defaults={**chosen, "created_by": user})
    if user and not sharing.batches_for(user).filter(pk=batch.pk).exists():
        raise IntakeError(f"Batch {name!r} is {batch.created_by}'s; choose another name.")
    for field, wanted in chosen.items():
        has = getattr(batch, field)
        if has != wanted:
            raise IntakeError(f"Batch {name!r} {CHOICES[field].format(has)}; name another one for {wanted}.")
    return batch


def _check_choices(chosen: Mapping[str, str]) -> None:
    for field, value in chosen.items():
        if value not in KNOWN[field]:
            what = field.replace("_", " ").capitalize()
            raise IntakeError(f"{what} {value!r}; expected one of {', '.join(KNOWN[field])}.")
    if chosen["enhancement"] == "gemini" and not settings.GEMINI_API_KEY:
        raise IntakeError("Gemini can't be asked: an admin has to set GEMINI_API_KEY. Choose the local enhancer.")


def check(filename: str, size: int) -> naming.PhotoName:
    """Raise IntakeError unless a photo of that name and size can be taken."""
    if size > settings.MAX_PHOTO_BYTES:
        limit = settings.MAX_PHOTO_BYTES // 1_000_000
        raise IntakeError(f"{filename}: {size / 1e6:.0f} MB; expected at most {limit} MB. Export it smaller.")
    try:
        return naming.parse_photo_name(filename)
    except naming.NamingError as error:
        raise IntakeError(str(error)) from error


def receive(batch: Batch, filename: str, data: bytes) -> Receipt:
    """Store one photo.

    Raises
    ------
    IntakeError
        The name or the size is not acceptable.
    ObjectStoreError
        The original could not be stored; sending the photo again finishes it.
    """
    name = check(filename, len(data))
    digest = hashlib.sha256(data).hexdigest()
    try:
        with transaction.atomic():
            frame = Frame.objects.create(
                batch=batch,
                filename=filename,
                code=name.code,
                view=name.view,
                sha256=digest,
                draw=audit_draw.draw(digest, settings.AUDIT_KEY),
                state=State.RECEIVED,
            )
    except IntegrityError:
        frame = batch.frames.get(sha256=digest)
        _mend_lost_original(frame, data)
        return Receipt(frame, is_duplicate=True)
    object_store.save_work(naming.original_key(frame.pk), data)
    return Receipt(frame, is_duplicate=False)


def _mend_lost_original(frame: Frame, data: bytes) -> None:
    """An upload that broke off between row and original is finished by sending the photo again."""
    if frame.scorecards.exists() or "not-decodable" in frame.reasons:
        return  # it was read, so it is there
    object_store.save_work(naming.original_key(frame.pk), data)
    if frame.state == State.EXCEPTION and "original-missing" in frame.reasons:
        with suppress(StaleTransition):  # sent twice at once: the other one has mended it
            advance(frame, State.RECEIVED, actor="intake", why="sent again", reasons=[], cause="", faults=0)
