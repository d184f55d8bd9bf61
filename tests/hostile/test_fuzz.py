"""Every address × every role × every method, with whatever may stand in a path, a query or a body: never a 500.

Within the suite it takes a minute, and asks the same at each run; `make fuzz` gives it ten, and asks something else.
"""

import os
import random
import subprocess
import time
from itertools import count, cycle
from pathlib import Path

import pytest
from django.test import Client
from hypothesis import HealthCheck, Phase, given, seed, settings

from pipeline.models import Frame
from tests.hostile.requests import METHODS, ask, paths, patterns, queries, sent
from tests.services import ON_POSTGRESQL

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent
GIVEN = os.environ.get("FUZZ_SECONDS")
# On PostgreSQL each address is asked once: what a request says is read before any row is.
SECONDS = int(GIVEN or (0 if ON_POSTGRESQL else 60))
FIRST_SEED = random.randrange(2**32) if GIVEN else 0


def attack(address: str, held: Frame, browsers: dict[str, Client], number: int) -> None:
    """A few requests of each kind; fails with the first that is answered by a 500.

    Hypothesis begins with the simplest one, an everyday request: for that one role is enough. To make a failure
    smaller would take as many requests again and again, so it says the request as it was.
    """
    rounds = count()

    @seed(FIRST_SEED + number)
    @settings(
        max_examples=2,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(path=paths(address, [held.pk, held.batch_id]), query=queries, body=sent)
    def is_answered(path: str, query: str, body: tuple[str, str]) -> None:
        for role in browsers if next(rounds) else ["owner"]:
            for method in METHODS:
                answer = ask(browsers[role], method, path, query, body)
                told = f"{role}: {method} {path}?{query} with {body}"[:2000]
                assert answer.status_code < 500, f"{told}: {getattr(answer, 'exc_info', '')}"

    is_answered()


def test_no_request_is_a_fault_of_the_program(held, browsers):
    until, every = time.monotonic() + SECONDS, sorted({address for _, address in patterns()})
    for number, address in enumerate(cycle(every)):
        if number >= len(every) and time.monotonic() > until:
            break
        attack(address, held, browsers, number)


def test_ci_gives_it_a_minute_and_make_fuzz_ten():
    assert "make test" in (ROOT / ".ci" / "run").read_text() and (SECONDS == 60 or GIVEN)
    said = subprocess.run(["make", "--dry-run", "fuzz"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "FUZZ_SECONDS=600" in said and "tests/hostile/test_fuzz.py" in said
