"""Where photos are put for us: a folder, or whatever begins with a prefix in a bucket."""

import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from django.conf import settings

from pipeline.engines import object_store

log = logging.getLogger(__name__)
DEEPEST = 30
"""Folders within folders are walked so far down: Python's own walk ends at a thousand, with an error."""


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
    """What is hidden isn't there, and no link is followed: it might lead anywhere on this machine.

    Nor is one that took the place of a file or folder since it was looked at; so all goes by open folders.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def __str__(self) -> str:
        return str(self.root)

    def look(self) -> dict[str, Seen]:
        found = {}
        for folder, names, files in os.walk(self.root, onerror=self._told):
            is_deep = len(Path(folder).relative_to(self.root).parts) >= DEEPEST
            names[:] = [name for name in names if not is_deep and not name.startswith(".")]
            for path in (Path(folder, name) for name in files if not name.startswith(".")):
                if seen := _seen(path):
                    found[path.relative_to(self.root).as_posix()] = seen
        return found

    def _told(self, error: OSError) -> None:
        """Without the place nothing is known; a folder in it that can't be read keeps nobody else waiting."""
        if error.filename == str(self.root):
            raise error
        log.warning("the inbox %s: what is in this folder waits: %s", self.root, error)

    def read(self, path: str) -> bytes:
        """Of one that grew since it was looked at, no more than shows that it is too large."""
        with self._folder_of(path) as (folder, name):
            opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
            with os.fdopen(opened, "rb") as file:
                if not stat.S_ISREG(os.fstat(opened).st_mode):
                    raise OSError(f"{path}: this is no file any more")
                return file.read(settings.MAX_PHOTO_BYTES + 1)

    def write(self, path: str, data: bytes) -> None:
        """All of it or nothing, for whoever looks; into a file of our own, whatever lay under its name."""
        with self._folder_of(path) as (folder, name):
            hidden = f".{name}"
            with suppress(FileNotFoundError):
                os.unlink(hidden, dir_fd=folder)
            opened = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=folder)
            with os.fdopen(opened, "wb") as file:
                os.fchmod(opened, 0o644)  # whoever put the photo here is to read it, whatever our umask
                file.write(data)
            os.rename(hidden, name, src_dir_fd=folder, dst_dir_fd=folder)

    def delete(self, path: str) -> None:
        with suppress(FileNotFoundError), self._folder_of(path) as (folder, name):
            os.unlink(name, dir_fd=folder)

    @contextmanager
    def _folder_of(self, path: str) -> Iterator[tuple[int, str]]:
        """The file's folder, opened, and its name there."""
        *folders, name = PurePosixPath(path).parts
        opened = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for folder in folders:
                inner = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=opened)
                os.close(opened)
                opened = inner
            yield opened, name
        finally:
            os.close(opened)


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
