"""Each photo that lies still is taken in once, and a report beside it says what became of it.

`CLASS/BATCH/AURA1000_1.jpg` gets `AURA1000_1.jpg.done` or `AURA1000_1.jpg.failed`. A report that is newer than its
photo is the memory of what was done; where it was not written, the photo is sent again, and intake knows it.
"""

import logging
import threading
from pathlib import PurePosixPath
from typing import get_args

from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from pipeline import intake, jobs, naming
from pipeline.engines.object_store import ForbiddenObjectError, MissingObjectError, ObjectStoreError
from pipeline.imaging.types import ProductClass
from pipeline.inbox.places import Place, Seen, watched

log = logging.getLogger(__name__)
PERIOD_SECONDS = 10
"""A file that has not changed for so long is whole."""
DONE, FAILED = ".done", ".failed"
ON_THEIR_WAY = (".part", ".partial", ".filepart", ".crdownload", ".tmp", ".!ut")
"""How programs name files that they have not finished copying."""
WHERE = f"put it into a folder {' or '.join(f'{name}/BATCH' for name in get_args(ProductClass))}"


class Inbox:
    def __init__(self, place: Place) -> None:
        self.place = place
        self.before: dict[str, Seen] = {}

    def poll(self) -> None:
        """Take in what has not changed since the last time, and has no report yet.

        Raises
        ------
        NoRoomError, ObjectStoreError, DatabaseError, OSError
            Nothing more can be taken in for now; the next call goes on.
        """
        seen = self.place.look()
        still = sorted(path for path, file in seen.items() if self.before.get(path) == file)
        self.before = seen
        for path in still:
            if _is_photo(path) and not _is_reported(path, seen):
                self._take_or_tell(path, seen[path])
        for path in still:
            if path.endswith(FAILED) and path.removesuffix(FAILED) not in seen:  # renamed, or taken away
                self.place.delete(path)

    def _take_or_tell(self, path: str, file: Seen) -> None:
        """One that can't be read, or beside which nothing can be written, keeps no other waiting."""
        try:
            self._take(path, file)
        except OSError as error:
            log.error("%s/%s waits: %s", self.place, _in_one_line(path), error)

    def _take(self, path: str, file: Seen) -> None:
        try:
            said = self._submit(path, file)
        except intake.NoRoomError:
            raise
        except intake.IntakeError as error:
            words = _in_one_line(str(error))
            log.warning("%s/%s: not taken: %s", self.place, _in_one_line(path), words)
            self._report(path, FAILED, f"Not taken: {words}")
        except FileNotFoundError:
            log.info("%s/%s: taken away before it could be read", self.place, _in_one_line(path))
        else:
            self._report(path, DONE, said)

    def _submit(self, path: str, file: Seen) -> str:
        where = PurePosixPath(path)
        if len(where.parts) < 3 or where.parts[0] not in get_args(ProductClass):
            raise intake.RejectedError(where.name, WHERE)
        intake.check_announced(where.name, file.size)
        batch = intake.open_batch(where.parts[1], where.parts[0])
        try:
            receipt = jobs.submit(batch, where.name, self._read(path))
        except intake.HeldError as held:
            raise intake.IntakeError(f"{held}. Send it by the upload page: there you can say which is meant") from held
        return f"Taken into batch {batch.name} as {receipt.frame}."

    def _read(self, path: str) -> bytes:
        """An object that the bucket doesn't give out is told like a file that can't be read."""
        try:
            return self.place.read(path)
        except MissingObjectError as error:
            raise FileNotFoundError(path) from error
        except ForbiddenObjectError as error:
            raise PermissionError(str(error)) from error

    def _report(self, path: str, ending: str, words: str) -> None:
        """The other report, of an earlier version of the photo, is no longer true."""
        self.place.write(path + ending, f"{timezone.localtime():%Y-%m-%d %H:%M:%S} {words}\n".encode())
        other = DONE if ending == FAILED else FAILED
        if path + other in self.before:
            self.place.delete(path + other)


def _in_one_line(text: str) -> str:
    """Names of files may hold line breaks, and bytes that are no text: neither log nor report is to be forged."""
    return text if text.isprintable() else ascii(text)[1:-1]


def _is_photo(path: str) -> bool:
    name = PurePosixPath(path).name.lower()
    return not name.endswith((DONE, FAILED, *ON_THEIR_WAY)) and not naming.is_no_photo(name)


def _is_reported(path: str, seen: dict[str, Seen]) -> bool:
    """Since it was changed last; in the same moment is taken for before."""
    reports = (seen.get(path + ending) for ending in (DONE, FAILED))
    return any(report and report.changed > seen[path].changed for report in reports)


def until(stop: threading.Event) -> None:
    """Look every few seconds, until then; for a thread of its own, for a drop takes minutes."""
    inboxes = [Inbox(place) for place in watched()]
    try:
        while inboxes and not stop.is_set():
            for inbox in inboxes:
                _poll(inbox)
            stop.wait(PERIOD_SECONDS)
    finally:
        connection.close()


def _poll(inbox: Inbox) -> None:
    close_old_connections()
    try:
        inbox.poll()
    except (intake.NoRoomError, ObjectStoreError, DatabaseError, OSError) as error:
        log.error("the inbox %s waits: %s", inbox.place, error)
    except Exception:
        log.exception("the inbox %s could not be looked at", inbox.place)
