"""How fast all workers together may ask, with a real Valkey."""

import time

import pytest

from pipeline.gemini import pace


@pytest.fixture(autouse=True)
def redis(redis_server, settings):
    settings.GEMINI_CONCURRENCY, settings.GEMINI_REQUESTS_PER_MINUTE = 10, 1000


def test_so_many_calls_run_at_once_and_no_more(settings):
    settings.GEMINI_CONCURRENCY = 2
    first, second, third = pace.Turn(), pace.Turn(), pace.Turn()
    assert (first.take(), second.take()) == (0, 0)
    assert third.take() > 0
    first.end()
    assert third.take() == 0


def test_the_turn_of_a_worker_that_died_lapses(settings, monkeypatch):
    settings.GEMINI_CONCURRENCY, settings.GEMINI_TIMEOUT_SECONDS = 1, 0
    monkeypatch.setattr(pace, "LAPSES_AFTER", 0.1)
    assert pace.Turn().take() == 0
    assert pace.Turn().take() > 0
    time.sleep(0.15)
    assert pace.Turn().take() == 0


def test_so_many_requests_a_minute_and_then_one_by_one(settings):
    settings.GEMINI_CONCURRENCY, settings.GEMINI_REQUESTS_PER_MINUTE = 1000, 60
    waits = [pace.Turn().take() for _ in range(61)]
    assert waits[:60] == [0] * 60 and 0.5 < waits[60] <= 1
    time.sleep(waits[60] + 0.05)
    assert pace.Turn().take() == 0


def test_nobody_asks_while_gemini_wants_a_pause_and_the_longest_pause_counts():
    pace.hold_back(0.3)
    pace.hold_back(0.1)
    assert 0.2 < pace.Turn().take() <= 0.3
    time.sleep(0.35)
    assert pace.Turn().take() == 0


def test_a_turn_refused_uses_nothing_up(settings):
    settings.GEMINI_REQUESTS_PER_MINUTE = 1
    assert pace.Turn().take() == 0
    assert [pace.Turn().take() > 50 for _ in range(3)] == [True] * 3
