"""Pages ask as many questions of a long history as of a short one; and the bench runs."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from pipeline.models import Rejection
from review.management import stopwatch
from review.management.history.seeding import seed_history
from tests.review.management.test_seed_history import UNTIL
from tests.services import environment

FEW, MORE = 1000, 1800


@pytest.mark.django_db
def test_no_page_asks_more_questions_of_a_longer_history(redis_server):
    seed_history(FEW, 1, UNTIL)
    # A list that is still empty asks less.
    assert Rejection.objects.filter(frame__state="superseded").exists()
    assert Rejection.objects.filter(frame__state="rejected", needs_photo=True).exists()
    few = {race.name: stopwatch.measure(race, repeats=1).queries for race in stopwatch.races()}
    seed_history(MORE, 2, UNTIL)
    more = {race.name: stopwatch.measure(race, repeats=1).queries for race in stopwatch.races()}
    assert more == few


@pytest.mark.slow
def test_the_bench_prints_a_figure_for_each_page_and_leaves_no_database_behind(tmp_path: Path, database_server: None):
    own = os.environ | environment(tmp_path)
    command = [shutil.which("make") or "make", "--silent", "--old-file=setup", "bench-scale", "FRAMES=200"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=own, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    for name in ("figures", "review queue", "next frame claimed", "search for a code", "one batch", "batches"):
        assert any(line.startswith(name) and " queries" in line for line in done.stdout.splitlines()), name
    assert not list(tmp_path.glob("*.sqlite3"))
