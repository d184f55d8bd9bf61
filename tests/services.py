"""A pytest plugin: each test process's own folder, free ports, a real Valkey and a real S3.

Loaded by `-p tests.services`, so before anything reads the settings. A test that asks for no server pays for none.
"""

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.engines import embedded

ROOT = Path(__file__).resolve().parent.parent
VAR_DIR = Path(tempfile.mkdtemp(prefix="mattegate-tests-"))


def our_ports() -> range:
    """This process's share of the ports below those that connections are given at random (from 32768 on)."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    share = (32768 - 10000) // processes
    return range(10000 + number * share, 10000 + (number + 1) * share)


def free_ports(count: int) -> int:
    """The first of that many free ports in a row."""
    ours = our_ports()
    while True:
        first = random.randrange(ours.start, ours.stop - count)
        if not embedded.taken_ports(range(first, first + count)):
            return first


def environment(var_dir: Path) -> dict[str, str]:
    """What lets a product of its own run beside any other on this machine."""
    return {
        "VAR_DIR": str(var_dir),
        "WEIGHTS_DIR": os.environ.get("WEIGHTS_DIR", str(ROOT / "var" / "weights")),
        "DATABASE_URL": f"sqlite:///{var_dir / 'mattegate.sqlite3'}",
        "REDIS_URL": f"redis://:tests-password@{embedded.LOOPBACK}:{free_ports(1)}/0",
        "S3_ENDPOINT_URL": f"http://{embedded.LOOPBACK}:{free_ports(embedded.WEED_PORTS)}",
        "S3_ACCESS_KEY": "tests",
        "S3_SECRET_KEY": "tests-secret",
        "WEB_PORT": str(free_ports(1)),
    }


os.environ.update(environment(VAR_DIR))


def pytest_unconfigure() -> None:
    shutil.rmtree(VAR_DIR, ignore_errors=True)


def _run(server: embedded.Server) -> Iterator[None]:
    process = embedded.start(server)
    try:
        embedded.wait_until_up(server, process)
        yield
    finally:
        embedded.stop([process])
        embedded.remove_sockets(server)


@pytest.fixture(scope="session")
def _valkey() -> Iterator[None]:
    url, log_folder = os.environ["REDIS_URL"], VAR_DIR / "log"
    yield from _run(embedded.valkey(url=url, folder=VAR_DIR / "redis", log_folder=log_folder))


@pytest.fixture(scope="session")
def _seaweedfs() -> Iterator[None]:
    server = embedded.seaweedfs(
        url=os.environ["S3_ENDPOINT_URL"],
        access_key=os.environ["S3_ACCESS_KEY"],
        secret_key=os.environ["S3_SECRET_KEY"],
        folder=VAR_DIR / "s3",
        log_folder=VAR_DIR / "log",
    )
    yield from _run(server)


@pytest.fixture
def redis_server(_valkey: None) -> str:
    """The address of a real, empty Valkey."""
    from redis import Redis

    Redis.from_url(os.environ["REDIS_URL"]).flushall()
    return os.environ["REDIS_URL"]


@pytest.fixture
def s3_server(_seaweedfs: None) -> str:
    """The endpoint of a real S3 that checks signatures."""
    return os.environ["S3_ENDPOINT_URL"]


def bucket_of(alias: str) -> Any:
    """The S3 bucket of a storage, of which Django's type knows nothing."""
    from django.core.files.storage import storages

    storage: Any = storages[alias]
    return storage.bucket


@pytest.fixture
def buckets(s3_server: str) -> None:
    """Both buckets, empty."""
    from pipeline.engines import object_store

    object_store.ensure_buckets()
    for alias in ("work", "published"):
        bucket_of(alias).objects.all().delete()


@pytest.fixture
def services(redis_server: str, buckets: None) -> None:
    """Everything the pipeline talks to, real and empty."""
