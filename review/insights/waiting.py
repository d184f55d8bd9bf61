"""The backlog: how many photos waited for people at the end of each day, and how long the oldest had waited."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Max, Q
from django.utils import timezone

from pipeline.models import Frame, Transition
from pipeline.states import State
from review.insights import charts
from review.insights.moments import SECOND, Microseconds, microseconds
from review.insights.scope import Scope, midnight
from review.insights.tables import NONE, Cell, Table, number, seconds
from review.models import QueueItem

EXCEPTION = State.EXCEPTION
DECIDED = (State.APPROVED, State.REJECTED, State.RECEIVED)
"""Where a photo goes that somebody decided on."""


class Wait(NamedTuple):
    """From when to when a photo waited, in microseconds, and what became of it; without an end it still does."""

    since: int
    until: int | None = None
    then: str = ""


@dataclass(frozen=True)
class Backlog:
    """At one moment."""

    moment: datetime
    waiting: int
    oldest: float | None


def waits(scope: Scope) -> list[Wait]:
    """All that touch the days asked for, or what came after them: a wait may outlast the last day."""
    around = Transition.objects.filter(Q(source=EXCEPTION) | Q(target=EXCEPTION), scope.of("frame__"))
    steps = around.filter(at__gte=scope.since).order_by("pk").values_list("frame", "target", Microseconds("at"))
    still = Frame.objects.filter(scope.of(), state=EXCEPTION, state_since__lt=scope.since)
    found = [Wait(at) for at in still.values_list(Microseconds("state_since"), flat=True)]
    since: dict[int, int] = {}
    begun_before: dict[int, tuple[int, str]] = {}  # no more than waited when the first day began
    for frame, target, at in steps:
        if target == EXCEPTION:
            since[frame] = at
        elif frame in since:
            found.append(Wait(since.pop(frame), at, target))
        else:
            begun_before[frame] = at, target
    before = around.filter(target=EXCEPTION, at__lt=scope.since, frame__in=list(begun_before)).order_by()
    begun = before.values_list("frame").annotate(last=Microseconds(Max("at")))
    found += [Wait(at, *begun_before[frame]) for frame, at in begun]
    return found + [Wait(at) for at in since.values()]


class Flow(NamedTuple):
    """How many photos came to wait in the time, were decided, and went undecided: replaced, removed or deleted."""

    came: int
    decided: int
    gone: int


def flow(scope: Scope, found: Iterable[Wait]) -> Flow:
    first, end = microseconds(scope.since), microseconds(scope.until)
    came, left = 0, []
    for wait in found:
        came += first <= wait.since < end
        if wait.until and first <= wait.until < end:
            left.append(wait.then)
    decided = sum(then in DECIDED for then in left)
    return Flow(came, decided, len(left) - decided)


def audits(scope: Scope) -> int:
    """Published photos that wait in the queue for somebody to look at them."""
    return QueueItem.objects.filter(scope.of(), state=State.PUBLISHED).count()


def at_ends(scope: Scope, found: list[Wait]) -> list[Backlog]:
    """At the end of each day that has begun; today's is now."""
    today = timezone.now()
    begun = [day for day in scope.days if midnight(day) <= today]
    coming = deque(sorted(found, key=lambda wait: wait.since))
    waiting: list[Wait] = []
    told = []
    for moment in (min(today, midnight(day + timedelta(days=1))) for day in begun):
        now = microseconds(moment)
        while coming and coming[0].since < now:
            waiting.append(coming.popleft())
        waiting = [wait for wait in waiting if wait.until is None or wait.until >= now]
        oldest = (now - waiting[0].since) / SECOND if waiting else None
        told.append(Backlog(moment, len(waiting), oldest))
    return told


def table(scope: Scope, found: list[Backlog]) -> Table:
    names = [f"{day:%a %-d %b}" for day in scope.days[: len(found)]]
    here = scope.frames_address(processed=None, state=EXCEPTION)
    now = timezone.localdate()
    rows = [
        [Cell(name), number(at.waiting, here if day == now else ""), seconds(at.oldest) if at.oldest else NONE]
        for day, name, at in zip(scope.days, names, found, strict=False)
    ]
    hours = [round(at.oldest / 3600, 1) if at.oldest else 0 for at in found]
    days = [f"{day:%-d %b}" for day in scope.days[: len(found)]]
    waiting = ("Waiting for review", [at.waiting for at in found])
    chart = charts.two_lines(days, waiting, ("Hours that the oldest waited", hours))
    note = (
        "At the end of each day; today's is now. Audits that are due are not among them. A decision that is taken "
        "back has the photo come anew."
    )
    columns = ["Day", "Waiting for review", "The oldest waited"]
    return Table("backlog", "Waiting for review, over time", columns, rows[::-1], note, chart)
