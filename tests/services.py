"""A pytest plugin: each test process's own folder, free ports, a real Valkey and a real S3.

Loaded by `-p tests.services`, so before anything reads the settings. A test that asks for no server pays for none.
"""

import os
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import psycopg
import pytest

from pipeline.engines import embedded
from tests import postgres

ROOT = Path(__file__).resolve().parent.parent
ROWS = {"db", "transactional_db", "live_server", "django_db_setup", "database_server"}
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


ON_POSTGRESQL = os.environ.get("TEST_DATABASE") == "postgresql"
cluster = postgres.Cluster(free_ports(1)) if ON_POSTGRESQL else None


def database_url(var_dir: Path) -> str:
    return cluster.url(_name(var_dir)) if cluster else f"sqlite:///{var_dir / 'mattegate.sqlite3'}"


def make_database(var_dir: Path) -> None:
    """The one that `environment` names; SQLite makes its own."""
    if cluster:
        cluster.create(_name(var_dir))


def copy_product(of: Path, var_dir: Path) -> None:
    """What that folder's product has kept, its rows too, for another; the first is not at work."""
    shutil.copytree(of, var_dir, dirs_exist_ok=True)
    if cluster:
        cluster.create(_name(var_dir), like=_name(of))


def connect(url: str) -> Any:
    """Past Django: to SQLite's file, or to PostgreSQL. Both speak `execute(…).fetchall()`."""
    path = url.removeprefix("sqlite:///")
    return psycopg.connect(url, autocommit=True) if cluster else sqlite3.connect(path, timeout=20, isolation_level=None)


def _name(var_dir: Path) -> str:
    return f"of-{crc32(bytes(var_dir)):08x}"


def environment(var_dir: Path) -> dict[str, str]:
    """What lets a product of its own run beside any other on this machine."""
    return {
        "VAR_DIR": str(var_dir),
        "WEIGHTS_DIR": os.environ.get("WEIGHTS_DIR", str(ROOT / "var" / "weights")),
        "DATABASE_URL": database_url(var_dir),
        "REDIS_URL": f"redis://:tests-password@{embedded.LOOPBACK}:{free_ports(1)}/0",
        "S3_ENDPOINT_URL": f"http://{embedded.LOOPBACK}:{free_ports(embedded.WEED_PORTS)}",
        "S3_ACCESS_KEY": "tests",
        "S3_SECRET_KEY": "tests-secret",
        "WEB_PORT": str(free_ports(1)),
    }


os.environ.update(environment(VAR_DIR))


LONGEST = (
    "browser/test_accessibility.py",
    "api/test_schema.py",
    "hostile/test_fuzz.py",
    "gemini/test_lanes.py",
    "soak/test_soak.py",
    "hostile/test_files.py",
    "browser/test_workbench.py",
    "browser/test_intake.py",
    "hostile/test_walk.py",
    "pipeline/test_worker.py",
)
"""Files that take minutes go first, lest one core ends with the last of them while the others wait."""


def pytest_report_header() -> str:
    return f"rows are in {'PostgreSQL' if ON_POSTGRESQL else 'SQLite'}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL, only what touches rows: nothing else gets at them, as pytest-django sees to."""
    items.sort(key=_place)
    if cluster:
        others = [item for item in items if not touches_rows(item)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if touches_rows(item)]


def _place(item: pytest.Item) -> int:
    file = item.path.relative_to(ROOT / "tests").as_posix() if item.path.is_relative_to(ROOT / "tests") else ""
    return LONGEST.index(file) if file in LONGEST else len(LONGEST)


def touches_rows(item: pytest.Item) -> bool:
    asked = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or not asked.isdisjoint(ROWS)


def pytest_unconfigure() -> None:
    shutil.rmtree(VAR_DIR, ignore_errors=True)


class Running:
    """A server that tests can kill, and start again with what it kept."""

    def __init__(self, server: embedded.Server) -> None:
        self.server = server
        self.process = embedded.start(server)

    def wait_until_up(self) -> None:
        embedded.wait_until_up(self.server, self.process)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def start_again(self) -> None:
        self.process = embedded.start(self.server)
        self.wait_until_up()


def _run(server: embedded.Server) -> Iterator[Running]:
    running = Running(server)
    try:
        running.wait_until_up()
        yield running
    finally:
        embedded.stop([running.process])
        embedded.remove_sockets(server)


@pytest.fixture(scope="session")
def valkey() -> Iterator[Running]:
    url, log_folder = os.environ["REDIS_URL"], VAR_DIR / "log"
    yield from _run(embedded.valkey(url=url, folder=VAR_DIR / "redis", log_folder=log_folder))


@pytest.fixture(scope="session")
def seaweedfs() -> Iterator[Running]:
    server = embedded.seaweedfs(
        url=os.environ["S3_ENDPOINT_URL"],
        access_key=os.environ["S3_ACCESS_KEY"],
        secret_key=os.environ["S3_SECRET_KEY"],
        folder=VAR_DIR / "s3",
        log_folder=VAR_DIR / "log",
    )
    yield from _run(server)


@pytest.fixture(scope="session")
def database_server() -> Iterator[None]:
    """What keeps the rows. SQLite needs none."""
    if not cluster:
        yield
        return
    if not postgres.programs():
        pytest.skip("PostgreSQL isn't installed: on Debian and Ubuntu, apt-get install postgresql")
    cluster.start()
    try:
        yield
    finally:
        cluster.stop()


@pytest.fixture
def redis_server(valkey: Running) -> str:
    """The address of a real, empty Valkey."""
    from redis import Redis

    Redis.from_url(os.environ["REDIS_URL"]).flushall()
    return os.environ["REDIS_URL"]


@pytest.fixture
def s3_server(seaweedfs: Running) -> str:
    """The endpoint of a real S3 that checks signatures."""
    return os.environ["S3_ENDPOINT_URL"]


def bucket_of(alias: str) -> Any:
    """The S3 bucket of a storage, of which Django's type knows nothing."""
    from django.core.files.storage import storages

    storage: Any = storages[alias]
    return storage.bucket


@pytest.fixture(scope="session")
def made_buckets(seaweedfs: Running) -> None:
    from pipeline.engines import object_store

    object_store.ensure_buckets()


@pytest.fixture
def buckets(made_buckets: None) -> None:
    """Both buckets, empty."""
    for alias in ("work", "published"):
        bucket_of(alias).objects.all().delete()


@pytest.fixture
def services(redis_server: str, buckets: None) -> None:
    """Everything the pipeline talks to, real and empty."""
