"""How long pages take, and how many questions they ask of the database, over whatever history is there."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import connection
from django.db.models import Count
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pipeline.models import Batch, Frame
from pipeline.shop import products
from pipeline.states import State
from review.models import QueueItem
from review.queue import claims

REPEATS = 5
STOPWATCH = "stopwatch-{}"
"""The accounts that look at the pages."""


@dataclass(frozen=True)
class Race:
    """What is measured, and how long it may take."""

    name: str
    most_ms: int
    act: Callable[[], Any]


@dataclass(frozen=True)
class Result:
    name: str
    most_ms: int
    median_ms: float
    cpu_ms: float
    queries: int

    def __str__(self) -> str:
        late = "" if self.median_ms < self.most_ms else "  too slow"
        figures = f"{self.median_ms:>8.0f} ms (of it {self.cpu_ms:.0f} in Python), at most {self.most_ms}"
        return f"{self.name:<26}{figures}; {self.queries} queries{late}"


def races() -> list[Race]:
    """Each page as its role opens it; needs a history."""
    manager, operator = _person("manager"), _person("operator")
    published = Frame.objects.filter(state=State.PUBLISHED)  # its page asks the most
    frame = published.order_by("pk")[published.count() // 2]
    largest = Batch.objects.annotate(photos=Count("frames")).order_by("-photos", "pk")[0]
    frames, queue = reverse("admin:pipeline_frame_changelist"), reverse("admin:review_queueitem_changelist")
    batches = reverse("admin:pipeline_batch_changelist")
    pages = [
        ("figures", 1000, manager, reverse("figures")),
        ("review queue", 200, operator, queue),
        ("review queue, one reason", 200, operator, f"{queue}?reason={_reason_in_line()}"),
        ("workbench", 300, operator, reverse("workbench")),
        ("frames", 300, manager, frames),
        ("frames of one state", 300, manager, f"{frames}?state=published"),
        ("frames of one batch", 300, manager, f"{frames}?batch__id__exact={frame.batch_id}"),
        ("search for a code", 300, manager, f"{frames}?q={frame.code}"),
        ("search for a file", 300, manager, f"{frames}?q={frame.filename}"),
        ("one frame", 300, manager, reverse("admin:pipeline_frame_change", args=[frame.pk])),
        ("batches", 300, manager, batches),
        ("one batch", 300, manager, reverse("admin:pipeline_batch_change", args=[largest.pk])),
        ("to reshoot", 300, manager, reverse("reshoots")),
        ("products", 300, manager, reverse("products")),
        *((f"products, {only}", 300, manager, f"{reverse('products')}?only={only}") for only in products.FILTERS),
    ]
    claim = Race("next frame claimed", 20, lambda: claims.take_next(operator))
    return [claim, *(Race(name, most, _opener(user, address)) for name, most, user, address in pages)]


def measure(race: Race, repeats: int = REPEATS) -> Result:
    """Once to warm up, then the median of several."""
    race.act()
    seconds, cpu = [], []
    for _ in range(repeats):
        start, begun = time.perf_counter(), time.process_time()
        race.act()
        seconds.append(time.perf_counter() - start)
        cpu.append(time.process_time() - begun)
    with CaptureQueriesContext(connection) as asked:
        race.act()
    return Result(race.name, race.most_ms, 1000 * median(seconds), 1000 * median(cpu), len(asked))


def tidy() -> None:
    """As the database does by itself some time after many rows were written."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


@contextmanager
def temporary_database() -> Iterator[None]:
    """An empty database beside the one that DATABASE_URL names; gone afterwards."""
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def _person(role: str) -> User:
    user, _ = User.objects.get_or_create(username=STOPWATCH.format(role))
    user.groups.add(Group.objects.get(name=role))
    return User.objects.get(pk=user.pk)


def _reason_in_line() -> str:
    """One that a frame waits for: a list without any asks less. In an empty queue any will do."""
    codes = (code for item in QueueItem.objects.with_components() for code in item.doubts)
    return next(codes, "haze")


def _opener(user: User, address: str) -> Callable[[], None]:
    client = Client(SERVER_NAME=settings.ALLOWED_HOSTS[0])
    client.force_login(user, settings.AUTHENTICATION_BACKENDS[-1])

    def open_page() -> None:
        answer = client.get(address, secure=settings.HTTPS)
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: {answer.status_code}")

    return open_page
