"""Database and buckets compared, all of them; what was found is kept for the operations page."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from django.db import DatabaseError
from django.utils import timezone
from redis import RedisError

from pipeline.engines import object_store
from pipeline.engines.object_store import ObjectStoreError
from pipeline.models import Frame, Listing, Verification
from pipeline.transitions import StaleTransition
from pipeline.upkeep import published_bucket, rows, stuck, work_bucket
from pipeline.upkeep.findings import Finding
from pipeline.upkeep.inventory import Inventory
from pipeline.upkeep.reading import Reading

log = logging.getLogger(__name__)
KEPT = 50
"""Findings that the operations page can show."""
NIGHTLY_SECONDS = 600
"""For reading files whole, of each bucket."""
NIGHT = timedelta(hours=20)

Tell = Callable[[Finding, bool], None]
"""Of a finding, and whether it was mended."""


def last() -> Verification | None:
    return Verification.objects.first()


def everything(tell: Tell, *, repair: bool = False) -> Verification:
    """Compare all, and read every file whole."""
    return _verify({"work": Reading(), "published": Reading()}, tell, repair=repair)


def nightly() -> None:
    """The same in a time that is bounded, unless it was done just now; what is found is told in the log too."""
    before = last()
    if before and before.ended_at > timezone.now() - NIGHT and not before.error:
        return
    since, behind = (before.began_at, before.read_up_to) if before else (None, {})
    readings = {name: Reading(NIGHTLY_SECONDS, since, behind.get(name, 0)) for name in ("work", "published")}
    done = _verify(readings, lambda found, _: log.error("%s", found))
    log.log(logging.ERROR if done.found or done.error else logging.INFO, "%s", summary(done))


def summary(done: Verification) -> str:
    counts = done.counts
    if done.error:
        return f"Not verified to its end: {done.error}"
    looked = (
        f"{counts['frames']:,} photos, {counts['names']:,} names in the shop and {counts['files']:,} files; "
        f"what {counts['read']:,} of those photos and names have was read whole"
    )
    mended = f", and {done.mended:,} more were mended" if done.mended else ""
    return f"Verified {looked}: {done.found or 'no'} disagreement{'' if done.found == 1 else 's'}{mended}."


def _verify(readings: dict[str, Reading], tell: Tell, *, repair: bool = False) -> Verification:
    done = Verification(pk=1, began_at=timezone.now())
    try:
        for finding in _findings(done, readings):
            is_mended = repair and _mended(finding)
            tell(finding, is_mended)
            done.mended += is_mended
            done.found += not is_mended
            if not is_mended and len(done.findings) < KEPT:
                done.findings.append(_as_kept(finding))
    except (ObjectStoreError, RedisError, DatabaseError) as error:
        done.error = str(error)
    done.counts |= {"read": sum(reading.count for reading in readings.values())}
    done.read_up_to = {name: reading.up_to for name, reading in readings.items()}
    done.ended_at = timezone.now()
    done.save()
    return done


def _findings(done: Verification, readings: dict[str, Reading]) -> Iterator[Finding]:
    yield from rows.check()
    yield from stuck.check()
    done.counts = {"frames": Frame.objects.count(), "names": Listing.objects.exclude(frame=None).count(), "files": 0}
    for bucket, check in {"work": work_bucket.check, "published": published_bucket.check}.items():
        stored = Inventory(object_store.everything(bucket))
        done.counts["files"] += len(stored)
        yield from check(stored, readings[bucket])


def _mended(finding: Finding) -> bool:
    """Whether it could be: somebody else may be at it just now."""
    if finding.mend is None:
        return False
    try:
        finding.mend()
    except StaleTransition as moved:
        log.info("%s; left to who has it now", moved)
        return False
    return True


def _as_kept(finding: Finding) -> dict[str, Any]:
    return {"kind": finding.kind, "about": finding.about, "what": finding.what, "todo": finding.todo}
