"""How long a photo takes to S3, and where that time goes."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from statistics import mean

import numpy as np

from pipeline.models import Transition
from pipeline.states import State
from review.insights.facts import Facts
from review.insights.lists import PROMISE
from review.insights.moments import MICROSECOND, SECOND, Microseconds
from review.insights.scope import Scope
from review.insights.tables import Cell, Table, number, seconds, share

LATEST = 1_000
"""Photos that the parts are told by: all of them would take long to read, and these tell the same."""

PART_OF = {
    State.RECEIVED: "Waiting in line",
    State.ENHANCING: "With Gemini",
    State.PROCESSING: "Processing",
    State.EXCEPTION: "Waiting for people",
    State.APPROVED: "Waiting to be published",
    State.PUBLISHING: "Publishing",
}
AT_WORK = (State.PROCESSING, State.PUBLISHING)


def rank(part: float, count: int) -> int:
    """Which of so many, in order and counted from 1, at least that part of them isn't above.

    >>> rank(0.5, 4), rank(0.95, 20), rank(0.95, 10), rank(1, 7)
    (2, 19, 10, 7)
    """
    return max(1, ceil(round(part * count, 9)))


@dataclass(frozen=True)
class ToS3:
    """Over photos published unseen; seconds."""

    count: int
    late: int
    p50: float | None
    p95: float | None
    longest: float | None


def to_s3(found: Iterable[Facts]) -> ToS3:
    taken = np.sort(np.array([wait for facts in found for wait in facts.waits], np.int64))
    if not taken.size:
        return ToS3(0, 0, None, None, None)
    late = int((taken > PROMISE // MICROSECOND).sum())
    picks = [float(taken[rank(part, taken.size) - 1]) / SECOND for part in (0.5, 0.95, 1)]
    return ToS3(int(taken.size), late, *picks)


def to_s3_table(scope: Scope, found: ToS3) -> Table:
    link = scope.frames_address(of="unseen")
    late = scope.frames_address(of="late")
    row = [Cell("Photo to S3", None, link), number(found.count, link)]
    row += [seconds(value) for value in (found.p50, found.p95, found.longest)]
    row += [number(found.late, late), share(found.late, found.count, late)]
    columns = ["From receipt to all files in the bucket", "Photos", "Half of them within", "95 % within", "Longest"]
    note = "Photos published unseen. Promised are 5 minutes."
    name = "Photo to S3, against the promise of 5 minutes"
    return Table("to-s3", name, [*columns, "Over 5 minutes", "Share over"], [row], note)


@dataclass(frozen=True)
class Parts:
    """Seconds that each of the latest photos spent in each part of its way, until it was first published."""

    seconds: dict[str, list[float]]
    photos: int

    @property
    def at_work(self) -> float | None:
        """What a photo costs a worker, on average."""
        names = [PART_OF[state] for state in AT_WORK]
        return sum(sum(self.seconds.get(name, [])) for name in names) / self.photos if self.photos else None


def parts(scope: Scope) -> Parts:
    latest = dict(
        scope.frames().order_by("-processed_at", "-pk").values_list("pk", Microseconds("received_at"))[:LATEST]
    )
    steps: dict[int, list[tuple[int, str]]] = defaultdict(list)
    rows = Transition.objects.filter(frame__in=list(latest)).order_by("pk")
    for pk, at, target in rows.values_list("frame", Microseconds("at"), "target"):
        steps[pk].append((at, target))
    found: dict[str, list[float]] = defaultdict(list)
    for pk, received in latest.items():
        for name, spent in _spent(received, steps[pk]).items():
            found[name].append(spent)
    return Parts(dict(found), len(latest))


def _spent(received: int, steps: Iterable[tuple[int, str]]) -> dict[str, float]:
    """In each part; a part that isn't over yet doesn't count."""
    spent: dict[str, float] = defaultdict(float)
    since, state = received, str(State.RECEIVED)
    for at, target in steps:
        if state in PART_OF:
            spent[PART_OF[State(state)]] += (at - since) / SECOND
        if target == State.PUBLISHED:
            break
        since, state = at, target
    return spent


def parts_table(found: Parts) -> Table:
    rows = []
    for name in dict.fromkeys(PART_OF.values()):
        if taken := sorted(found.seconds.get(name, [])):
            picks = [taken[rank(part, len(taken)) - 1] for part in (0.5, 0.95, 1)]
            rows.append([Cell(name), number(len(taken)), seconds(mean(taken)), *map(seconds, picks)])
    note = f"Of the latest {found.photos:,} photos processed in this time, until they were first published."
    columns = ["Part of the way", "Photos", "On average", "Half of them within", "95 % within", "Longest"]
    return Table("parts", "Where the time goes", columns, rows, note)
