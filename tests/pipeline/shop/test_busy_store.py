"""A store that answers 503 now and then, as shared ones do, and a shop that reads all the while."""

import hashlib
import json
import random
import threading
import time
from datetime import timedelta

import pytest
from botocore.awsrequest import AWSResponse
from django.core.files.storage import storages
from django.utils import timezone

from pipeline import naming, processing
from pipeline.engines import object_store
from pipeline.engines.object_store import MissingObjectError, ObjectStoreError
from pipeline.models import Frame
from pipeline.shop import publish
from pipeline.states import State
from tests.pipeline.conftest import photo
from tests.services import bucket_of

SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"


class Raw:
    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self, *_args, **_more):
        yield self.body

    def read(self, *_args) -> bytes:
        body, self.body = self.body, b""
        return body


def answer(status: int, body: bytes):
    return lambda request, **_more: AWSResponse(request.url, status, {"Content-Type": "application/xml"}, Raw(body))


@pytest.fixture
def before_send(services):
    """Register what answers in the store's place, on the published bucket's client."""
    events, handlers = storages["published"].connection.meta.client.meta.events, []

    def register(handler):
        handlers.append(handler)
        events.register_first("before-send.s3.*", handler)

    yield register
    for handler in handlers:
        events.unregister("before-send.s3.*", handler)


def throttled(share: float):
    chance, said = random.Random(1), answer(503, SLOW_DOWN)
    return lambda request, **_more: said(request) if chance.random() < share else None


class Reader(threading.Thread):
    """A shop: fetches the manifest and every file it promises; notes how long there was none, and what didn't hold."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.is_done, self.longest_without, self.rounds = threading.Event(), 0.0, 0
        self.broken: list[str] = []

    def run(self) -> None:
        seen = time.monotonic()
        while not self.is_done.is_set():
            if self._look():
                seen = time.monotonic()
            else:
                self.longest_without = max(self.longest_without, time.monotonic() - seen)
            self.rounds += 1

    def _look(self) -> bool:
        before = self._read("AURA1/AURA1_1.json")
        if before is None:
            return False
        wrong = [f["key"] for f in json.loads(before)["files"] if self._sha256(f["key"]) != f["sha256"]]
        if wrong and self._read("AURA1/AURA1_1.json") == before:
            self.broken += wrong
        return True

    def _read(self, key: str) -> bytes | None:
        try:
            return bucket_of("published").Object(key).get()["Body"].read()
        except Exception as error:  # none at this moment, or 503
            if "NoSuchKey" in str(error):
                return None
            return self._read(key)

    def _sha256(self, key: str) -> str:
        return hashlib.sha256(self._read(key) or b"").hexdigest()


@pytest.fixture
def approved(received, matter):
    return lambda shade: processing.run(received("AURA1_1.png", photo(shade)).pk)


def test_a_reader_sees_only_promises_that_hold_while_photos_follow_one_another(approved, before_send):
    publish.run(approved(30).pk)
    newer = [approved(shade) for shade in (60, 90, 120)]
    before_send(throttled(0.05))
    reader = Reader()
    reader.start()
    for frame in newer:
        publish.run(frame.pk)
    reader.is_done.set()
    reader.join(30)
    assert reader.rounds > 5 and not reader.broken
    assert reader.longest_without <= 2
    newest = Frame.objects.get(pk=newer[-1].pk)
    assert (newest.state, newest.faults) == (State.PUBLISHED, 0)


def test_nothing_is_left_aside(approved):
    publish.run(approved(30).pk)
    assert not [item.key for item in bucket_of("published").objects.all() if item.key.startswith("staging/")]


def test_a_store_that_is_busy_for_good_leaves_the_old_promise_alone(approved, before_send):
    publish.run(approved(30).pk)
    old = object_store.load_published("AURA1/AURA1_1.json")
    newer = approved(60)
    said = answer(503, SLOW_DOWN)
    before_send(lambda request, **_more: said(request) if request.method == "PUT" else None)
    publish.run(newer.pk)
    newer.refresh_from_db()
    assert (newer.state, newer.faults) == (State.APPROVED, 1)
    assert object_store.load_published("AURA1/AURA1_1.json") == old


def test_a_call_that_fails_for_good_isnt_made_twice(before_send):
    calls = []

    def deny(request, **_more):
        calls.append(request.url)
        return answer(403, b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")(request)

    before_send(deny)
    with pytest.raises(ObjectStoreError, match="s3:ListBucket") as told:
        object_store.load_published("AURA1/AURA1_1.json")
    assert len(calls) == 1 and not isinstance(told.value, MissingObjectError)


def test_clocks_that_are_apart_are_named(before_send):
    before_send(answer(403, b"<Error><Code>RequestTimeTooSkewed</Code><Message>Too far</Message></Error>"))
    with pytest.raises(ObjectStoreError, match="clocks of this machine and of the store are apart"):
        object_store.load_published("AURA1/AURA1_1.json")


def test_a_key_that_may_not_list_is_told_so_and_nothing_is_made(before_send):
    before_send(answer(403, b""))
    with pytest.raises(ObjectStoreError, match="s3:ListBucket"):
        object_store.ensure_buckets()


def test_an_original_that_the_store_kept_otherwise_is_not_taken(services, monkeypatch):
    save = object_store.save_work
    monkeypatch.setattr(object_store, "save_work", lambda key, data: save(key, data[:-1]))
    with pytest.raises(ObjectStoreError, match="other bytes than were put"):
        object_store.keep_work(naming.original_key(7), b"a photo")


def test_what_a_dead_publication_left_aside_goes_by_night(services):
    object_store.put_published(naming.staging_key(7, "AURA1/AURA1_1_white.jpg"), b"a file")
    object_store.put_published("AURA1/AURA1_1_white.jpg", b"in place")
    assert object_store.remove_old("published", naming.STAGING, timezone.now() - timedelta(days=1)) == 0
    assert object_store.remove_old("published", naming.STAGING, timezone.now() + timedelta(days=1)) == 1
    assert [item.key for item in bucket_of("published").objects.all()] == ["AURA1/AURA1_1_white.jpg"]
