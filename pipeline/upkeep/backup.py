"""All that can't be made anew, into a folder, and back: database, both buckets, the key of the audit draw."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from pipeline.engines import database_tools, object_store

BUCKETS = ("work", "published")
LIST = "objects.sha256"
"""As `sha256sum -c` reads it. Written last: a folder without it is no whole backup."""
KEY = "audit_key"


class BackupError(RuntimeError):
    """It can't be made, or not be restored here; the text says why and what to do."""


def make(folder: Path) -> int:
    """How many objects it holds. The database comes first: a file that it doesn't know does no harm.

    Raises
    ------
    BackupError
        The folder holds something.
    ObjectStoreError, ToolError, OSError
        It broke off.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BackupError(f"{folder} isn't empty: name a new folder")
    folder.chmod(0o700)
    database_tools.dump(folder)
    (folder / KEY).write_text(settings.AUDIT_KEY)
    lines = [f"{sha256}  {name}\n" for name, sha256 in _fetched(folder)]
    (folder / LIST).write_text("".join(lines))
    return len(lines)


def _fetched(folder: Path) -> Iterator[tuple[str, str]]:
    for bucket in BUCKETS:
        for found in object_store.everything(bucket):
            try:
                data = object_store.load(bucket, found.key)
            except object_store.MissingObjectError:  # deleted since the bucket was listed
                continue
            name = f"{bucket}/{found.key}"
            path = _within(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            yield name, hashlib.sha256(data).hexdigest()


def restore(folder: Path) -> int:
    """How many objects were put back. The database comes last: until all is there, nobody can work with a part.

    Raises
    ------
    BackupError
        Something is here already, the backup isn't whole, or the draw's key is another one.
    ObjectStoreError, ToolError, OSError
        It broke off.
    """
    if not (folder / LIST).exists():
        raise BackupError(f"{folder} is no whole backup: {LIST} is missing, which is written last")
    object_store.ensure_buckets()
    _require_emptiness()
    _take_key((folder / KEY).read_text())
    lines = (folder / LIST).read_text().splitlines()
    for line in lines:
        sha256, _, name = line.partition("  ")
        _put(folder, name, sha256)
    database_tools.load(folder)
    return len(lines)


def _require_emptiness() -> None:
    """Whatever is here would be mixed with what comes."""
    full = [f"the bucket {bucket}" for bucket in BUCKETS if any(object_store.everything(bucket))]
    full += [] if database_tools.is_empty() else ["the database"]
    if full:
        raise BackupError(f"{' and '.join(full)} holds something already: restore into new ones, and nothing is lost")


def _take_key(key: str) -> None:
    """The draws of two keys are not one sample."""
    kept = settings.VAR_DIR / "audit_key"
    if key == settings.AUDIT_KEY:
        return
    if not kept.exists() or kept.read_text() != settings.AUDIT_KEY:
        raise BackupError(f"AUDIT_KEY is another than the backup's: set it to what stands in its file {KEY}")
    kept.write_text(key)


def _put(folder: Path, name: str, sha256: str) -> None:
    data = _within(folder, name).read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BackupError(
            f"{folder / name} is not what was saved (its SHA-256 differs): empty the buckets, and try another backup"
        )
    bucket, _, key = name.partition("/")
    if bucket == "published":
        object_store.put_published(key, data)
    else:
        object_store.save_work(key, data)


def _within(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise BackupError(
            f"{name} would lead out of {folder}: no key of ours is like that; delete or rename the object"
        )
    return path
