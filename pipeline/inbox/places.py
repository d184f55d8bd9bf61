"""Where photos are put for us: a folder, or whatever begins with a prefix in a bucket."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.conf import settings

from pipeline.engines import object_store


@dataclass(frozen=True)
class Seen:
    """A file as its place tells of it: bytes, and when it was changed by the place's own clock (seconds, epoch)."""

    size: int
    changed: float


class Place(Protocol):
    """Files have paths within it, such as `watch/Drop 12/AURA1000_1.jpg`."""

    def look(self) -> dict[str, Seen]: ...

    def read(self, path: str) -> bytes: ...

    def write(self, path: str, data: bytes) -> None: ...

    def delete(self, path: str) -> None: ...


class Folder:
    """What is hidden isn't there, and no link is followed: it might lead anywhere on this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __str__(self) -> str:
        return str(self.root)

    def look(self) -> dict[str, Seen]:
        found = {}
        for folder, names, files in os.walk(self.root, onerror=_raise):
            names[:] = [name for name in names if not name.startswith(".")]
            for path in (Path(folder, name) for name in files if not name.startswith(".")):
                if seen := _seen(path):
                    found[path.relative_to(self.root).as_posix()] = seen
        return found

    def read(self, path: str) -> bytes:
        with os.fdopen(os.open(self.root / path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            return file.read()

    def write(self, path: str, data: bytes) -> None:
        """All of it or nothing, for whoever looks."""
        target = self.root / path
        hidden = target.with_name(f".{target.name}")
        hidden.write_bytes(data)
        hidden.rename(target)

    def delete(self, path: str) -> None:
        (self.root / path).unlink(missing_ok=True)


def _raise(error: OSError) -> None:
    raise error


def _seen(path: Path) -> Seen | None:
    try:
        found = path.lstat()
    except FileNotFoundError:  # taken away just now
        return None
    # Not st_mtime: a file that is copied with its old date is new all the same, and a camera's date may lie ahead.
    return Seen(found.st_size, found.st_ctime) if stat.S_ISREG(found.st_mode) else None


class Bucket:
    def __init__(self, prefix: str) -> None:
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    def __str__(self) -> str:
        return f"s3://{settings.S3_INBOX}"

    def look(self) -> dict[str, Seen]:
        found = object_store.everything("inbox", self.prefix)
        files = ((item.key.removeprefix(self.prefix), item) for item in found)
        return {path: Seen(item.size, item.modified.timestamp()) for path, item in files if not path.endswith("/")}

    def read(self, path: str) -> bytes:
        return object_store.load("inbox", self.prefix + path)

    def write(self, path: str, data: bytes) -> None:
        object_store.save_inbox(self.prefix + path, data)

    def delete(self, path: str) -> None:
        object_store.delete_inbox(self.prefix + path)


def watched() -> list[Place]:
    places: list[Place] = []
    if settings.INBOX_DIR:
        places.append(Folder(settings.INBOX_DIR))
    if settings.S3_INBOX:
        places.append(Bucket(settings.S3_INBOX.partition("/")[2]))
    return places
