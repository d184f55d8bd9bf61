"""Photos that come in parts: the store keeps those until they are joined, and a signed id says what they belong to."""

from contextlib import suppress
from datetime import timedelta
from typing import NamedTuple
from uuid import uuid4

from django.core import signing
from django.utils import timezone

from pipeline import naming
from pipeline.engines import object_store
from pipeline.engines.object_store import MissingObjectError, ObjectStoreError

PART_BYTES = 8_000_000
"""S3 wants 5 MiB at least of all but the last."""
KEPT = timedelta(days=1)
GONE = "This upload is complete, or was not completed within a day: start another."


class GoneError(ValueError):
    """No such upload: it is complete, too old, or was never begun."""


class IncompleteError(ValueError):
    """Not all parts are there; the text says which are."""


class Upload(NamedTuple):
    """What its signed id says, so that no row is needed."""

    key: str
    at_store: str
    batch: int
    name: str
    size: int

    @property
    def signed(self) -> str:
        return signing.dumps(self, salt=naming.UPLOADS)

    @property
    def part_sizes(self) -> list[int]:
        return [min(PART_BYTES, self.size - begin) for begin in range(0, self.size, PART_BYTES)]


def begin(batch: int, name: str, size: int) -> Upload:
    key = f"{naming.UPLOADS}{uuid4()}"
    return Upload(key, object_store.begin_parts(key), batch, name, size)


def opened(signed: str) -> Upload:
    try:
        return Upload(*signing.loads(signed, salt=naming.UPLOADS, max_age=KEPT))
    except signing.BadSignature as error:
        raise GoneError(GONE) from error


def there(upload: Upload) -> list[int]:
    """The numbers of the parts that have come: all, if they are joined already."""
    try:
        return [part["PartNumber"] for part in object_store.parts_of(upload.key, upload.at_store)]
    except MissingObjectError:
        if not object_store.is_there("work", upload.key):
            raise
        return list(range(1, len(upload.part_sizes) + 1))


def joined(upload: Upload) -> bytes:
    """The whole; raises IncompleteError while a part is missing, MissingObjectError once it was forgotten."""
    try:
        parts = object_store.parts_of(upload.key, upload.at_store)
    except MissingObjectError:
        return object_store.load_work(upload.key)  # joined before, by a request that broke off or was held
    if [part["Size"] for part in parts] != upload.part_sizes:
        come = ", ".join(str(part["PartNumber"]) for part in parts) or "none"
        words = f"Not all parts are there: {come} of {len(upload.part_sizes)}. Send what is missing, then complete it."
        raise IncompleteError(words)
    with suppress(MissingObjectError):  # somebody else joins them just now
        object_store.join_parts(upload.key, upload.at_store, parts)
    return object_store.load_work(upload.key)


def forget(upload: Upload) -> None:
    with suppress(ObjectStoreError):  # then the nightly job removes it
        object_store.delete_work(upload.key)


def forget_old() -> int:
    """What nobody completed in time, and what is left of those that were."""
    return object_store.remove_unfinished(naming.UPLOADS, timezone.now() - KEPT)
