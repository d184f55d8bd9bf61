"""Servers that go away, or answer what nobody expects, while photos are on their way."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from django.conf import settings
from django.db import connection
from redis import Redis

from pipeline.engines.object_store import ObjectStoreError
from pipeline.models import Frame
from pipeline.states import State
from tests import services
from tests.faults import plant as plants
from tests.faults import store_proxy
from tests.faults.plant import Plant
from tests.faults.test_workers import all_published, conclude
from tests.waiting import wait_for

pytestmark = pytest.mark.slow
OUTAGE_SECONDS = 2
LOCKED_SECONDS = 7  # who wants to write waits for 5

TROUBLES = {
    "S3 answers 500": store_proxy.BROKEN,
    "S3 answers 503 SlowDown": store_proxy.BUSY,
    "S3 is full": store_proxy.FULL,
    "S3's clock is off": store_proxy.SKEWED,
    "S3 answers after 30 s": store_proxy.LATE,
}


def redis() -> Redis:
    return Redis.from_url(settings.REDIS_URL)


@contextmanager
def photos_on_their_way(plant: Plant, place: str) -> Iterator[None]:
    """The block runs while a worker stands still there; then it goes on."""
    plant.at(place, "SIGSTOP")
    plant.send()
    pid = plant.met(place)
    yield
    os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("what", TROUBLES)
def test_a_store_that_misbehaves(plant, fault, what):
    fault.is_(what)
    with photos_on_their_way(plant, "upload"):
        plant.store.misbehave(TROUBLES[what])
    wait_for(plant.has_faults, 60)
    plant.store.behave()
    plant.over()
    conclude(plant, fault)
    assert all_published(plant)


def test_a_store_that_is_killed(plant, fault, seaweedfs):
    fault.is_("S3 killed (-9)")
    try:
        with photos_on_their_way(plant, "upload"):
            seaweedfs.kill()
        wait_for(plant.has_faults, 60)
    finally:
        seaweedfs.start_again()
    plant.over()
    # A store that was killed may forget what it deleted last: such copies lie there till they are mended, or the night.
    conclude(plant, fault, repair=True)
    assert all_published(plant)


def test_a_photo_that_comes_while_the_store_is_away_is_refused_in_words_and_taken_later(plant, fault, seaweedfs):
    fault.is_("S3 killed (-9), and a photo comes")
    seaweedfs.kill()
    try:
        with pytest.raises(ObjectStoreError, match="bucket"):
            plant.send(30)
    finally:
        seaweedfs.start_again()
    wait_for(Frame.objects.filter(state=State.UNREADABLE).exists, 60)  # its row is there, and says what to do
    plant.over()
    plant.send(30)
    conclude(plant, fault)
    assert all_published(plant)


def killed(valkey: services.Running) -> Iterator[None]:
    valkey.kill()
    yield
    valkey.start_again()


def flushed(_: services.Running) -> Iterator[None]:
    redis().flushall()
    yield


def read_only(_: services.Running) -> Iterator[None]:
    """A replica, as after a failover that nobody told us of."""
    redis().replicaof("127.0.0.1", "1")
    yield
    redis().replicaof("NO", "ONE")


def out_of_memory(_: services.Running) -> Iterator[None]:
    redis().config_set("maxmemory", 1)
    yield
    redis().config_set("maxmemory", 0)


TURNS: dict[str, Callable[[services.Running], Iterator[None]]] = {
    "Valkey killed (-9)": killed,
    "Valkey flushed": flushed,
    "Valkey read-only": read_only,
    "Valkey out of memory": out_of_memory,
}


@pytest.mark.parametrize("what", TURNS)
def test_a_queue_that_fails(plant, fault, valkey, what):
    """For a few seconds, in the middle of a photo, while others wait and another comes."""
    fault.is_(what)
    turn = TURNS[what](valkey)
    with photos_on_their_way(plant, "matte"):
        next(turn)
    plant.send(120)
    time.sleep(OUTAGE_SECONDS)
    next(turn, None)
    plant.over()
    conclude(plant, fault)
    assert all_published(plant)


@pytest.mark.skipif(not services.ON_POSTGRESQL, reason="SQLite is no server")
def test_a_database_that_starts_again_in_the_middle_of_a_transaction(plant, fault):
    fault.is_("database restarted in the middle of a transaction")
    with photos_on_their_way(plant, "transaction"):
        connection.close()
        assert services.cluster
        services.cluster.start_again()
    plant.over()
    conclude(plant, fault)
    assert all_published(plant)


@pytest.mark.skipif(services.ON_POSTGRESQL, reason="PostgreSQL locks rows")
def test_a_database_that_is_locked_for_longer_than_anybody_waits(plant, fault):
    fault.is_("database locked for longer than anybody waits")
    with closing(services.connect(plants.database_url())) as other:
        with photos_on_their_way(plant, "matte"):
            other.execute("BEGIN IMMEDIATE")
        time.sleep(LOCKED_SECONDS)
        other.execute("ROLLBACK")
    plant.over()
    conclude(plant, fault)
    assert all_published(plant)
