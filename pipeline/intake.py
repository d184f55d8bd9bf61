"""Photos in: the name is read, the row and the original are stored; nothing is decoded here."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, get_args

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from config import no_room
from pipeline import audit_draw, naming, removal, rivals, sharing, space, work_files
from pipeline.engines import object_store
from pipeline.imaging.pictures.decode import DecodeError
from pipeline.imaging.types import ProductClass
from pipeline.listing_spec import HOUSE
from pipeline.models import Batch, Frame, Spec
from pipeline.states import Enhancement, Lane, State
from pipeline.transitions import lock_batches, take_again

log = logging.getLogger(__name__)
MAX_BATCH_NAME, MAX_FILENAME = 100, 255
LINE_IS_FULL = (
    "As many photos as may are in line already, so nothing new is taken in for now. What was taken in is safe. "
    "Try again in a few minutes."
)
REOPEN = "Send it into another batch, or have this one reopened on its page."
CHOICES = {
    "product_class": "holds {} photos",
    "enhancement": "is for {} enhancement",
    "lane": "is in the {} lane",
    "spec": "is published as {}",
}
"""What an uploader chooses for a batch, and how a batch says it."""
KEEP_DAYS = (30, 90, 180, 365)
"""How long an uploader may have a batch's pictures kept, instead of RETENTION_DAYS."""
KNOWN = {"product_class": get_args(ProductClass), "enhancement": get_args(Enhancement), "lane": get_args(Lane)}


class IntakeError(ValueError):
    """A photo, or a batch, that can't be taken; the text tells the uploader what to do."""


class RejectedError(IntakeError):
    """A file that can't be taken; `why` is the text without its name, the same for all that are alike."""

    def __init__(self, filename: str, why: str, *, is_misnamed: bool = False) -> None:
        super().__init__(f"{filename}: {why}")
        self.why = why
        self.is_misnamed = is_misnamed


class ClosedError(IntakeError):
    """Somebody closed the batch: it takes no more photos."""


class HeldError(IntakeError):
    """A photo that is not taken until its sender has said which is meant; `question` holds the answers."""

    def __init__(self, filename: str, question: rivals.HeldError) -> None:
        super().__init__(f"{filename}: {question}")
        self.question = question


@dataclass(frozen=True)
class Receipt:
    """What became of one photo: its frame, and whether this batch had its bytes already."""

    frame: Frame
    is_duplicate: bool


class NoRoomError(IntakeError):
    """Nothing is taken in until the disk, or the line of those that wait, has room again."""


def require_room() -> None:
    """Raise NoRoomError, and tell the log, unless disk and line have room for another photo."""
    if shortage := space.shortage():
        log.error("no photo is taken in: %s", shortage)
        raise NoRoomError(no_room.TRY_AGAIN)
    in_line = Frame.objects.filter(state=State.RECEIVED).count()
    if in_line >= settings.MAX_IN_LINE:
        log.error("no photo is taken in: %d are in line, and MAX_IN_LINE is %d", in_line, settings.MAX_IN_LINE)
        raise NoRoomError(LINE_IS_FULL)


def require_open(batch: Batch) -> None:
    """Raise ClosedError if somebody closed the batch, or deleted it, meanwhile too."""
    if not Batch.objects.filter(pk=batch.pk, closed_at=None).exists():
        raise ClosedError(f"Batch {batch.name!r} is closed. {REOPEN}")


def open_batch(
    name: str,
    product_class: str,
    user: User | None = None,
    *,
    enhancement: str = "local",
    lane: str = "standard",
    spec: str = HOUSE,
    keep_days: int | None = None,
) -> Batch:
    """The batch of that name, made when there is none. Gemini is never the default: photos leave the house."""
    name = name.strip()
    if not 0 < len(name) <= MAX_BATCH_NAME or not name.isprintable():
        raise IntakeError(f"The batch needs a name of at most {MAX_BATCH_NAME} printable characters.")
    chosen = {"product_class": product_class, "enhancement": enhancement, "lane": lane}
    _check_choices(chosen)
    others = {"spec": _offered(spec), "keep_days": _allowed(keep_days), "created_by": user}
    batch, _ = Batch.objects.get_or_create(name=name, defaults={**chosen, **others})
    if user and not sharing.batches_for(user).filter(pk=batch.pk).exists():
        raise IntakeError(f"Batch {name!r} is {batch.created_by}'s; choose another name.")
    require_open(batch)
    has_of = {field: getattr(batch, field) for field in chosen} | {"spec": batch.spec_name}
    for field, wanted in (chosen | {"spec": spec}).items():
        has = has_of[field]
        if has != wanted:
            raise IntakeError(f"Batch {name!r} {CHOICES[field].format(has)}; name another one for {wanted}.")
    if keep_days and batch.keep_days != keep_days:
        raise IntakeError(f"Batch {name!r} doesn't keep its pictures for {keep_days} days; name another one for that.")
    return batch


def _offered(name: str) -> Spec:
    """The listing spec of that name, in the version that new batches get."""
    offered = {spec.name: spec for spec in Spec.objects.filter(is_offered=True)}
    if name not in offered:
        raise IntakeError(f"Listing spec {name!r}; expected one of {', '.join(sorted(offered))}.")
    return offered[name]


def _allowed(keep_days: int | None) -> int | None:
    if keep_days and keep_days not in KEEP_DAYS:
        raise IntakeError(f"Pictures can't be kept for {keep_days} days; expected one of {KEEP_DAYS}, or nothing.")
    return keep_days


def _check_choices(chosen: Mapping[str, str]) -> None:
    for field, value in chosen.items():
        if value not in KNOWN[field]:
            what = field.replace("_", " ").capitalize()
            raise IntakeError(f"{what} {value!r}; expected one of {', '.join(KNOWN[field])}.")
    if chosen["enhancement"] == "gemini" and not settings.GEMINI_API_KEY:
        raise IntakeError("Gemini can't be asked: an admin has to set GEMINI_API_KEY. Choose enhancement here.")


def check(filename: str, file: BinaryIO) -> naming.PhotoName:
    """Raise RejectedError unless a photo of that name, size and header can be taken; none of its pixels is decoded."""
    name = check_name(filename)
    try:
        work_files.check_photo(file)
    except DecodeError as error:
        raise RejectedError(filename, str(error)) from error
    return name


def check_announced(filename: str, size: int) -> None:
    """Raise RejectedError unless a photo of that name and size can be taken, before any of it is here."""
    if size > settings.MAX_PHOTO_BYTES:
        most = settings.MAX_PHOTO_BYTES // 1_000_000
        raise RejectedError(filename, f"larger than {most} MB, the most that a photo may have")
    check_name(filename)


def check_name(filename: str) -> naming.PhotoName:
    """Raise RejectedError unless a photo can have that name."""
    if len(filename) > MAX_FILENAME:
        raise RejectedError(filename, f"the name has more than {MAX_FILENAME} characters", is_misnamed=True)
    try:
        return naming.parse_photo_name(filename)
    except naming.NamingError as error:
        raise RejectedError(filename, error.why, is_misnamed=True) from error


def receive(
    batch: Batch,
    filename: str,
    data: bytes,
    *,
    meant: frozenset[rivals.Meaning] = frozenset(),
    about: frozenset[int] | None = None,
    user: User | None = None,
) -> Receipt:
    """Store one photo; `meant` is what its sender said when asked about those frames; None: about whichever.

    Raises
    ------
    RejectedError
        Its name, size or header is not acceptable.
    NoRoomError
        The disk, or the line of those that wait, is full.
    HeldError
        The same bytes have another name, or the name another photo, and its sender didn't say which is meant.
    ObjectStoreError
        The original could not be stored; sending the photo again finishes it.
    """
    require_room()
    name = check(filename, BytesIO(data))
    new = rivals.Arrival(batch, name, hashlib.sha256(data).hexdigest(), meant, user, about)
    try:
        frame, is_new = _row(new, filename)
    except rivals.HeldError as question:
        raise HeldError(filename, question) from question
    except (removal.RemovalError, ClosedError) as error:
        raise RejectedError(filename, str(error)) from error
    if is_new:
        _keep_original(frame, data)
    else:
        _mend_lost_original(frame, filename, data)
    return Receipt(frame, is_duplicate=not is_new)


def _row(new: rivals.Arrival, filename: str) -> tuple[Frame, bool]:
    """The photo's row, and whether it was made just now."""
    with transaction.atomic():
        # Others wait: two at once would both be taken.
        lock_batches([new.batch.pk, *rivals.batches(new)])
        about = {"code": new.name.code, "view": new.name.view, "sha256": new.sha256}
        known = rivals.twins(new.batch, **about).first()
        if known:
            return known, False
        require_open(new.batch)
        rivals.settle(new)
        draw = audit_draw.draw(new.sha256, settings.AUDIT_KEY)
        return Frame.objects.create(batch=new.batch, filename=filename, draw=draw, **about), True


def _mend_lost_original(frame: Frame, filename: str, data: bytes) -> None:
    """An upload that broke off between row and original is finished by sending the photo again."""
    if frame.state == State.UNREADABLE and "not-decodable" in frame.reasons:
        raise RejectedError(filename, "the same file was sent before, and could not be read; copy or export it again")
    if frame.scorecards.exists():
        return  # it was read, so it is there
    _keep_original(frame, data)


def _keep_original(frame: Frame, data: bytes) -> None:
    """Stored, then looked after: a worker may have missed it while it came. One that misses it now looks again."""
    object_store.keep_work(naming.original_key(frame.pk), data)
    frame.refresh_from_db(fields=["state", "version", "reasons", "cause"])
    if frame.state == State.UNREADABLE and "original-missing" in frame.reasons:
        take_again(frame, actor="intake")
