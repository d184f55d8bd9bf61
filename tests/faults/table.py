"""What the tests in this folder found, as one table at the end of their run."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

NAME = 82
OUTCOMES = {"passed": "survived", "failed": "FAILED"}


class Record:
    """Pinned to the report of the test, so that it is there however the test ends."""

    def __init__(self, note: Callable[[str, object], None]) -> None:
        self.note = note

    def is_(self, name: str) -> None:
        self.note("fault", name)

    def recovered(self, seconds: float) -> None:
        self.note("seconds", seconds)

    def count(self, **counts: int) -> None:
        for name, number in counts.items():
            self.note(name, number)


def lines(stats: dict[str, list[Any]]) -> list[str]:
    """Nothing, if no test told of a fault."""
    found = [(outcome, dict(report.user_properties)) for outcome, report in _reports(stats)]
    faults = [(outcome, told) for outcome, told in found if "fault" in told]
    if not faults:
        return []
    survived = sum(outcome == "survived" for outcome, _ in faults)
    told = [f"{'fault':<82}{'outcome':<12}recovered after"]
    told += [f"{of['fault']:<{NAME}}{outcome:<12}{_seconds(of)}" for outcome, of in faults]
    told += ["", f"faults survived          {survived}/{len(faults)}"]
    told += [f"bad inputs answered      {_sum(found, 'answered')}/{_sum(found, 'bad')}"]
    told += [f"frames lost              {_sum(found, 'lost')}"]
    return [*told, f"published differently    {_sum(found, 'differently')}"]


def _reports(stats: dict[str, list[Any]]) -> Iterator[tuple[str, pytest.TestReport]]:
    for kind, word in OUTCOMES.items():
        for report in stats.get(kind, []):
            if isinstance(report, pytest.TestReport) and report.when == "call":
                yield word, report


def _seconds(told: dict[str, Any]) -> str:
    return f"{told['seconds']:.1f} s" if "seconds" in told else ""


def _sum(found: list[tuple[str, dict[str, Any]]], name: str) -> int:
    return sum(told.get(name, 0) for _, told in found)
