"""The private bucket against the rows: originals, what the attempts left, and whose folders lie there."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import partial

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from pipeline import naming
from pipeline.cutout.relight import GEMINI
from pipeline.engines import object_store
from pipeline.engines.object_store import MissingObjectError
from pipeline.models import Frame, Scorecard, Transition
from pipeline.states import State
from pipeline.upkeep import mending
from pipeline.upkeep.findings import AT_ONCE, SETTLED, Finding, named, pages, several
from pipeline.upkeep.inventory import Inventory
from pipeline.upkeep.reading import Reading
from pipeline.work_files import ENHANCED

PICTURES = ("alpha.png", "preview.webp", "thumb.webp", "cutout.webp", "cutout_thumb.webp")
KEPT = Q(pictures=Frame.Pictures.KEPT) & ~Q(state=State.PURGED)
UPLOADED = timedelta(days=2)
"""The nightly job removes those of the day before."""
SEND_AGAIN = "Put it back from a backup of the bucket, or have the photo sent again: it can't be cut out anew without"
REPROCESS = "Have it reviewed again and reprocess it: they are made anew from the original"


def check(stored: Inventory, reading: Reading) -> Iterator[Finding]:
    columns = ("frame", "attempt", "others", "publish", "is_marked", "enhancer", "override__difference")
    cards = Scorecard.objects.select_related("override").only(*columns).prefetch_related("made_later")
    frames = Frame.objects.filter(KEPT).prefetch_related(Prefetch("scorecards", queryset=cards))
    for page in pages(frames):
        expected = {frame.pk: _keys(frame) for frame in page}
        there = stored.sizes({key for keys in expected.values() for key in keys})
        for frame in page:
            yield from _frame(frame, [key for key in expected[frame.pk] if key not in there], reading)
    yield from _folders(stored)


def _keys(frame: Frame) -> list[str]:
    """The original first, if it should be there."""
    keys = [naming.original_key(frame.pk)] if _has_original(frame) else []
    return keys + [key for card in frame.scorecards.all() for key in _keys_of(frame, card)]


def _has_original(frame: Frame) -> bool:
    """Once a worker has read it, or its upload must be over; who sends a photo is told of one that broke off."""
    if "original-missing" in frame.reasons:
        return False
    is_waiting = frame.state in (State.RECEIVED, State.ENHANCING) and frame.received_at < timezone.now() - SETTLED
    return frame.attempt > 0 or is_waiting


def _keys_of(frame: Frame, card: Scorecard) -> list[str]:
    override = getattr(card, "override", None)
    names = list(PICTURES)
    if override is None and card.enhancer in GEMINI.values():
        names.append(ENHANCED)
    if override is not None or card.is_marked or not card.publish:
        names.append("doubt.webp")
        names += _alternatives(other["rung"] for other in card.others)
    names += _alternatives(later.rung for later in card.made_later.all())
    keys = [naming.work_key(frame.pk, card.attempt, name) for name in names]
    return [*keys, override.difference] if override else keys


def _alternatives(rungs: Iterable[str]) -> list[str]:
    return [naming.alternative_name(rung, ending) for rung in rungs for ending in ("png", "webp")]


def _frame(frame: Frame, missing: list[str], reading: Reading) -> Iterator[Finding]:
    missing = [key for key in missing if not object_store.is_there("work", key)]  # it may have come since
    original = naming.original_key(frame.pk)
    if original in missing:
        yield Finding("original", named(frame), f"its original ({original}) is missing", f"{SEND_AGAIN} it.")
    elif _has_original(frame) and reading.wants(frame.pk, frame.received_at):
        yield from _original(frame, original)
    if pictures := [key for key in missing if key != original]:
        yield Finding("pictures", named(frame), f"of its pictures, {several(pictures)} are missing", f"{REPROCESS}.")


def _original(frame: Frame, key: str) -> Iterator[Finding]:
    try:
        is_alike = hashlib.sha256(object_store.load_work(key)).hexdigest() == frame.sha256
    except MissingObjectError:  # since the bucket was listed
        return
    if not is_alike:
        what = f"its original ({key}) is not the file that was sent (its SHA-256 differs)"
        yield Finding("original", named(frame), what, f"{SEND_AGAIN} it.")


def _folders(stored: Inventory) -> Iterator[Finding]:
    """Each frame has one; that of parts of uploads is emptied by night."""
    some: dict[str, int] = {}
    for folder, count in stored.folders():
        some[folder] = count
        if len(some) == AT_ONCE:
            yield from _whose(some)
            some = {}
    yield from _whose(some)
    yield from _uploads(stored)


def _whose(folders: dict[str, int]) -> Iterator[Finding]:
    """Files whose frame is none, or should have none."""
    numbers = {name: int(name) for name in folders if name.isdecimal() and len(name) < 19}
    frames = Frame.objects.in_bulk(numbers.values())
    left = {frame.pk for frame in _left_behind(Frame.objects.filter(pk__in=frames))}
    for name, count in folders.items():
        frame = frames.get(numbers.get(name, 0))
        if frame and frame.pk in left and object_store.list_work(naming.frame_prefix(frame.pk)):
            what = f"{count} files of {named(frame)} are there, whose pictures were to be deleted"
            todo = "manage.py purge deletes those that it began with; --repair deletes these now."
            yield Finding("purged", f"{name}/", what, todo, partial(mending.remove_pictures, frame))
        elif frame is None and f"{name}/" != naming.UPLOADS:
            what = f"{count} files lie there, of which the database knows nothing"
            todo = "If the database is an older backup, restore a newer one; else delete them from the private bucket."
            yield Finding("unknown", f"{name}/", what, todo)


def _left_behind(frames: QuerySet[Frame]) -> QuerySet[Frame]:
    """Whose pictures are gone, or have been on their way for an hour. What was held meanwhile stays."""
    lately = Transition.objects.filter(frame=OuterRef("pk"), at__gte=timezone.now() - SETTLED)
    is_gone = Q(pictures=Frame.Pictures.GONE) | (Q(state=State.PURGED) & ~Q(pictures=Frame.Pictures.GOING))
    is_late = Q(pictures=Frame.Pictures.GOING) & ~Q(state=State.WITHDRAWING) & ~Exists(lately)
    return frames.filter(is_gone | (is_late & Q(batch__legal_hold=False)))


def _uploads(stored: Inventory) -> Iterator[Finding]:
    for key, modified in stored.begun_with(naming.UPLOADS):
        if modified < timezone.now() - UPLOADED and object_store.is_there("work", key):
            what = "this upload in parts was not completed within a day"
            todo = "manage.py nightly deletes it: see that the clock runs; --repair does so now."
            yield Finding("upload", key, what, todo, partial(mending.remove_work, key))
