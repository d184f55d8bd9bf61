"""Pictures deleted when their days are over. What was measured, decided and drawn stays: figures go on counting it."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from django.conf import settings
from django.db import DatabaseError, transaction

from pipeline import naming
from pipeline.engines import object_store
from pipeline.engines.object_store import ObjectStoreError, Stored
from pipeline.models import Frame, Listing
from pipeline.shop import withdraw
from pipeline.states import State
from pipeline.transitions import StaleTransition, advance, lock_batches
from pipeline.upkeep import retention
from pipeline.upkeep.findings import each, named

log = logging.getLogger(__name__)
ACTOR = "retention"
NIGHTLY_SECONDS = 600
KEPT, GOING, GONE = Frame.Pictures.KEPT, Frame.Pictures.GOING, Frame.Pictures.GONE


@dataclass(frozen=True)
class Deletion:
    """What goes of a frame, as the buckets listed it before."""

    frame: Frame
    objects: list[Stored]

    @property
    def size(self) -> int:
        return sum(found.size for found in self.objects)

    @property
    def words(self) -> str:
        return f"{len(self.objects):,} files, {self.size:,} bytes"

    def __str__(self) -> str:
        keys = ", ".join(found.key for found in self.objects) or "none"
        return f"{named(self.frame)} of {self.frame.batch}, {self.frame.state_words}: {self.words}: {keys}"


def purge(tell: Callable[[Deletion], None], *, seconds: float = float("inf"), is_rehearsal: bool = False) -> bool:
    """Tell of each frame whose pictures went, or would go; whether there was time for all of them.

    Raises
    ------
    ObjectStoreError
        A bucket does not answer. What was begun is finished the next time.
    """
    end = monotonic() + seconds
    for frames, step in ((retention.going(), finish), (retention.due(), _begin)):
        for frame in each(frames):
            if monotonic() > end:
                return False
            found = _look(frame)
            if is_rehearsal or _is_done(step, found):
                tell(found)
    return True


def nightly() -> None:
    """In a time that is bounded: the next night goes on where this one stopped. The log keeps what went."""
    gone: list[Deletion] = []

    def tell(found: Deletion) -> None:
        gone.append(found)
        log.info("Deleted: %s", found)

    try:
        is_all = purge(tell, seconds=NIGHTLY_SECONDS)
    except (ObjectStoreError, DatabaseError) as error:
        log.error("pictures whose days are over are deleted the next night: %s", error)
        return
    log.info("%s%s", summary(gone), "" if is_all else " There was no time for more: the next night goes on.")


def summary(found: list[Deletion], *, is_rehearsal: bool = False) -> str:
    files, size = sum(len(one.objects) for one in found), sum(one.size for one in found)
    said = f"{'Would delete' if is_rehearsal else 'Deleted'} the pictures of {len(found):,} photos"
    waiting = retention.waiting_for_audits().count()
    kept = f" Of {waiting:,} more they stay until somebody has looked at them, for an audit." if waiting else ""
    return f"{said}: {files:,} files, {size:,} bytes.{kept}"


def _look(frame: Frame) -> Deletion:
    objects = list(object_store.everything("work", naming.frame_prefix(frame.pk)))
    leaves_shop = settings.PURGE_PUBLISHED and frame.state == State.PUBLISHED
    for listing in Listing.objects.filter(frame=frame) if leaves_shop else ():
        objects += object_store.everything("published", naming.listing_prefix(listing.code, listing.view))
    return Deletion(frame, objects)


def _is_done(step: Callable[[Deletion], bool], found: Deletion) -> bool:
    try:
        return step(found)
    except StaleTransition as moved:
        log.info("%s; its pictures stay", moved)
        return False


def _begin(found: Deletion) -> bool:
    """Nobody sees its pictures any more from here on, though it takes a while to delete them."""
    frame = found.frame
    with transaction.atomic():
        lock_batches([frame.batch_id])  # who holds the batch is either earlier, or later
        if not retention.due().filter(pk=frame.pk).exists():
            raise StaleTransition(f"frame {frame.pk} ({frame}) is due no more")
        _take(found)
    if frame.state == State.WITHDRAWING:
        withdraw.run(frame.pk)
        frame.refresh_from_db()
    return frame.state != State.WITHDRAWING and finish(found)


def _take(found: Deletion) -> None:
    frame, days = found.frame, retention.days_of(found.frame.batch)
    why = f"its pictures were kept for {days} days: {found.words}, are deleted"
    if frame.state != State.PUBLISHED:
        advance(frame, State.PURGED, actor=ACTOR, why=why, pictures=GOING)
    elif settings.PURGE_PUBLISHED:
        withdraw.withdraw(frame, actor=ACTOR, why=why, pictures=GOING)
    else:
        why = f"{why}; what the shop shows stays"
        advance(frame, State.PUBLISHED, actor=ACTOR, why=why, pictures=GOING, state_since=frame.state_since)


def finish(found: Deletion) -> bool:
    """Delete what is left, also of one that was begun and broke off."""
    frame = found.frame
    if frame.state == State.WITHDRAWN:
        advance(frame, State.PURGED, actor=ACTOR, why=f"its {found.words}, are deleted")
    empty(frame)
    return True


def empty(frame: Frame) -> None:
    """The bucket's own rule deletes what is tagged; where the store knows no tags, all hangs on us."""
    keys = [found.key for found in object_store.everything("work", naming.frame_prefix(frame.pk))]
    with suppress(ObjectStoreError):
        for key in keys:
            object_store.tag_work(key)
    object_store.delete_all_work(keys)
    Frame.objects.filter(pk=frame.pk).exclude(pictures=KEPT).update(pictures=GONE)
    frame.pictures = GONE
