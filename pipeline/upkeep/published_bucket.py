"""The published bucket against the rows: every name's manifest, its files, and what lies there beside them."""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Q
from django.utils import timezone

from pipeline import naming
from pipeline.engines import object_store
from pipeline.engines.object_store import MissingObjectError
from pipeline.models import Frame, Listing, Rendition
from pipeline.states import State
from pipeline.upkeep import mending
from pipeline.upkeep.findings import Finding, each, named, several
from pipeline.upkeep.inventory import Inventory
from pipeline.upkeep.reading import Reading
from pipeline.upkeep.rows import anew, in_motion


def check(stored: Inventory, reading: Reading) -> Iterator[Finding]:
    shown = Listing.objects.filter(frame__state=State.PUBLISHED).select_related("frame")
    for listing in each(shown.prefetch_related("frame__renditions")):
        if not _sizes_hold(listing, stored) or reading.wants(listing.pk, _made_at(listing.frame)):
            yield from _promise(listing)
    for key in stored.unexpected():
        yield from _aside(key) if key.startswith(naming.STAGING) else _beside(key)


def _made_at(frame: Frame) -> datetime | None:
    """One that came back into the shop keeps the day on which it was published first."""
    return max(frame.published_at, frame.state_since) if frame.published_at else None


def _sizes_hold(listing: Listing, stored: Inventory) -> bool:
    files = {file.key: file.size for file in _files(listing)}
    manifest = naming.manifest_key(listing.code, listing.view)
    found = stored.sizes({manifest, *files})
    return bool(files) and manifest in found and all(found.get(key) == size for key, size in files.items())


def _files(listing: Listing) -> list[Rendition]:
    assert listing.frame
    return list(listing.frame.renditions.all())


def _promise(listing: Listing) -> Iterator[Finding]:
    """What doesn't hold of it, unless somebody changes it just now."""
    wrong = _wrong(listing)
    is_as_it_was = Listing.objects.filter(pk=listing.pk, version=listing.version, frame=listing.frame).exists()
    if wrong and is_as_it_was and not in_motion(listing.code, listing.view):
        assert listing.frame
        yield Finding("promise", named(listing.frame), "; ".join(wrong), anew(listing.frame))


def _wrong(listing: Listing) -> list[str]:
    files = {file.key: (file.size, file.sha256) for file in _files(listing)}
    manifest = naming.manifest_key(listing.code, listing.view)
    if not files:
        return ["it is published, but the database notes no file of it"]
    wrong = []
    try:
        said: Any = json.loads(object_store.load_published(manifest))
        promised = {file["key"]: (file["size"], file["sha256"]) for file in said["files"]}
        if said["frame"] != listing.frame_id:
            wrong.append(f"{manifest} is of frame {said['frame']}")
        elif promised != files:
            other = sorted(key for key in {*promised, *files} if promised.get(key) != files.get(key))
            wrong.append(f"{manifest} and the database promise different files: {several(other)}")
    except MissingObjectError:
        wrong.append(f"{manifest} is missing, so the shop can't show it")
    except (ValueError, KeyError, TypeError):
        wrong.append(f"{manifest} can't be read")
    return wrong + [words for key, (_, sha256) in sorted(files.items()) if (words := _unlike(key, sha256))]


def _unlike(key: str, sha256: str) -> str:
    try:
        is_alike = hashlib.sha256(object_store.load_published(key)).hexdigest() == sha256
    except MissingObjectError:
        return f"{key} is missing"
    return "" if is_alike else f"{key} is not the file that was published (its SHA-256 differs)"


def _aside(key: str) -> Iterator[Finding]:
    """Copies on their way in, which a publication that ended has deleted."""
    found = re.match(r"staging/(\d+)/", key)
    is_coming = Q(state__in=(State.APPROVED, State.PUBLISHING))
    is_coming |= Q(state=State.PUBLISHED, lease_until__gte=timezone.now())
    on_its_way = Frame.objects.filter(is_coming)
    is_on_its_way = found is not None and on_its_way.filter(pk=int(found[1])).exists()
    if is_on_its_way or not object_store.is_there("published", key):
        return
    what = "this copy was left by a publication that broke off"
    todo = "manage.py nightly deletes it when it is a day old; --repair does so now."
    yield Finding("aside", key, what, todo, partial(mending.remove_aside, key))


def _beside(key: str) -> Iterator[Finding]:
    name = naming.names_of(key)
    if name is None:
        what, todo = "this is no file of ours, and it lies in the public bucket", "Move it elsewhere, or delete it."
        yield Finding("not-ours", key, what, todo)
    elif not in_motion(name.code, name.view):
        yield from _under(name, key)


def _under(name: naming.PhotoName, key: str) -> Iterator[Finding]:
    """A file that no published frame has, under a name of ours."""
    listing = Listing.objects.filter(code=name.code, view=name.view).select_related("frame").first()
    frame = listing.frame if listing else None
    of, promised = _said(name)
    if _is_of(frame, key) or (frame and key in promised) or not object_store.is_there("published", key):
        return  # published, or deleted, since the bucket was listed; or told of with the manifest already
    if listing is None or (of is not None and not Frame.objects.filter(pk=of).exists()):
        what = "anybody can read this file, but the database knows nothing of it"
        todo = "If the database is an older backup, restore a newer one; else delete the file."
        yield Finding("unknown", key, what, todo)
        return
    if frame and frame.state != State.PUBLISHED:
        return  # told of with the listing
    what = f"the shop shows {named(frame) if frame else 'nothing'} under this file's name, which is not one of its own"
    todo = "Anybody can read it; --repair deletes it."
    yield Finding("unpromised", key, what, todo, partial(mending.remove_unpromised, listing, key))


def _said(name: naming.PhotoName) -> tuple[int | None, set[str]]:
    """Of which frame the manifest is that lies there, and which files it promises."""
    try:
        said: Any = json.loads(object_store.load_published(naming.manifest_key(name.code, name.view)))
        return int(said["frame"]), {file["key"] for file in said["files"]}
    except (MissingObjectError, ValueError, KeyError, TypeError):
        return None, set()


def _is_of(frame: Frame | None, key: str) -> bool:
    """Published since the bucket was listed."""
    if frame is None:
        return False
    is_manifest = key == naming.manifest_key(frame.code, frame.view)
    return frame.state == State.PUBLISHED and (is_manifest or frame.renditions.filter(key=key).exists())
