"""Questions whose answer is waited for briefly: one server that hangs holds up neither a page nor the other answers."""

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Any

from django.db import connections

log = logging.getLogger(__name__)
LIMIT_SECONDS = 2.0


@dataclass(frozen=True)
class Answer:
    """What came back and how long that took, or why nothing did."""

    value: Any
    seconds: float
    error: str = ""

    @property
    def is_there(self) -> bool:
        return not self.error


class Question:
    """Asked in a thread of its own; while that hangs, nobody asks a second time."""

    def __init__(self, ask: Callable[[], Any]) -> None:
        self._ask = ask
        self._lock = Lock()
        self._pending: Future[Answer] | None = None

    def begin(self) -> "Future[Answer]":
        with self._lock:
            if self._pending is None or self._pending.done():
                self._pending = Future()
                Thread(target=self._run, args=[self._pending], daemon=True).start()
            return self._pending

    def _run(self, pending: "Future[Answer]") -> None:
        started = time.monotonic()
        try:
            answer = Answer(self._ask(), time.monotonic() - started)
        except Exception as error:
            words = " ".join(str(error).split()) or type(error).__name__
            log.warning("no answer: %s", words)
            answer = Answer(None, time.monotonic() - started, words)
        finally:
            connections.close_all()  # this thread's own
        pending.set_result(answer)


def ask(questions: Mapping[str, Question]) -> dict[str, Answer]:
    """All at once, and all within the limit."""
    pending = {name: question.begin() for name, question in questions.items()}
    deadline = time.monotonic() + LIMIT_SECONDS
    return {name: _within(future, deadline) for name, future in pending.items()}


def _within(future: "Future[Answer]", deadline: float) -> Answer:
    try:
        return future.result(max(0, deadline - time.monotonic()))
    except TimeoutError:
        return Answer(None, LIMIT_SECONDS, f"no answer within {LIMIT_SECONDS:.0f} seconds")


class Remembered:
    """An answer that is asked for anew at most every few seconds, by one at a time; others get the last one."""

    def __init__(self, make: Callable[[], Any], seconds: float) -> None:
        self._make, self._seconds = make, seconds
        self._lock = Lock()
        self._last: tuple[float, Any] | None = None

    def get(self) -> Any:
        if not self._is_fresh() and self._lock.acquire(blocking=self._last is None):
            try:
                if not self._is_fresh():
                    self._last = (time.monotonic(), self._make())
            finally:
                self._lock.release()
        assert self._last
        return self._last[1]

    def forget(self) -> None:
        self._last = None

    def _is_fresh(self) -> bool:
        return self._last is not None and time.monotonic() - self._last[0] < self._seconds
