"""Pages ask as many questions of a long history as of a short one; and the bench runs."""

import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import Count
from django.urls import reverse

from pipeline.models import Batch, Frame, Rejection
from pipeline.views.batches import _grid
from review.management import stopwatch
from review.management.history.seeding import seed_history
from tests.review.management.test_seed_history import UNTIL
from tests.services import environment

FEW, MORE = 900, 1800


def show_a_retake() -> None:
    """On the page of the largest batch: whether there is one is a matter of chance."""
    largest = Batch.objects.annotate(photos=Count("frames")).order_by("-photos", "pk")[0]
    first = _grid(largest, "").filter(state__in=("published", "superseded"))[0]
    Frame.objects.filter(pk=first.pk).update(state="superseded")
    about = {"needs_photo": True, "why": "blurred", "by": "olga", "at": first.received_at - timedelta(days=1)}
    Rejection.objects.update_or_create(frame=first, defaults=about)


@pytest.mark.django_db
def test_no_page_asks_more_questions_of_a_longer_history(redis_server):
    seed_history(FEW, 3, UNTIL)
    # A list that is still empty asks less: with some seeds one of the figures is.
    assert Rejection.objects.filter(frame__state="superseded").exists()
    assert Rejection.objects.filter(frame__state="rejected", needs_photo=True).exists()
    show_a_retake()
    few = {race.name: stopwatch.measure(race, repeats=1).queries for race in stopwatch.races()}
    seed_history(MORE, 2, UNTIL)
    show_a_retake()
    more = {race.name: stopwatch.measure(race, repeats=1).queries for race in stopwatch.races()}
    assert more == few


@pytest.mark.django_db
def test_a_frame_page_asks_as_many_questions_whatever_the_frame_went_through(redis_server):
    seed_history(FEW, 1, UNTIL)
    published = Frame.objects.filter(state="published")
    climbed = published.exclude(scorecards__others=[]).order_by("pk")
    straight = published.exclude(pk__in=climbed).order_by("pk")
    again = published.filter(attempt__gt=1).order_by("pk")
    assert climbed.count() > 3 and again.count() > 1
    frames = [*climbed[:4], *again[:4], straight[0]]
    addresses = [reverse("admin:pipeline_frame_change", args=[frame.pk]) for frame in frames]
    manager = stopwatch._person("manager")
    opened = [stopwatch.Race(address, 300, stopwatch._opener(manager, address)) for address in addresses]
    assert len({stopwatch.measure(race, repeats=1).queries for race in opened}) == 1


@pytest.mark.slow
def test_the_bench_prints_a_figure_for_each_page_and_leaves_no_database_behind(tmp_path: Path, database_server: None):
    own = os.environ | environment(tmp_path)
    command = [shutil.which("make") or "make", "--silent", "--old-file=setup", "bench-scale", "FRAMES=200"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=own, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    pages = ("review queue", "search for a code", "one batch", "batches", "products, complete")
    for name in ("figures", "next frame claimed", *pages):
        assert any(line.startswith(name) and " queries" in line for line in done.stdout.splitlines()), name
    assert not list(tmp_path.glob("*.sqlite3"))
