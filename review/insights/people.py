"""Whether operators keep up: how many decisions, how long each takes, what was changed and what taken back."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby, pairwise
from statistics import median
from typing import NamedTuple
from uuid import UUID

from django.db.models import Case, Value, When

from review.evidence.labels import EDIT, NO_DECISIONS
from review.insights.moments import SECOND, Microseconds
from review.insights.scope import Scope
from review.insights.tables import NONE, Cell, Table, number, seconds, share
from review.insights.timing import rank
from review.models import Decision

PAUSE = timedelta(minutes=5)
"""Who does nothing for longer is away, and not at a decision."""


class Act(NamedTuple):
    """What somebody did on the workbench or in the queue's list."""

    by: str
    moment: int
    kind: str
    label: str
    group: UUID | None
    is_undone: bool
    is_asked_for: bool


@dataclass
class Operator:
    """What one person decided; `seconds` are those of the decisions whose beginning is known."""

    name: str
    decisions: int = 0
    overrides: int = 0
    undone: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def an_hour(self) -> float | None:
        return 3600 * len(self.seconds) / sum(self.seconds) if sum(self.seconds) else None

    @property
    def p90(self) -> float | None:
        return sorted(self.seconds)[rank(0.9, len(self.seconds)) - 1] if self.seconds else None


def operators(scope: Scope) -> list[Operator]:
    """Who decides most comes first."""
    of_these, yes, no = scope.of("frame__"), Value(True), Value(False)
    asked_for = Decision.objects.filter(of_these).values("pk")
    rows = Decision.objects.filter(scope.during("at")).annotate(
        moment=Microseconds("at"),
        is_undone=Case(When(undone_by__isnull=True, then=no), default=yes),
        is_asked_for=Case(When(pk__in=asked_for, then=yes), default=no) if of_these else yes,
    )
    acts = [Act(*row) for row in rows.order_by("by", "at", "pk").values_list(*Act._fields)]
    found = [_operator(name, list(mine)) for name, mine in groupby(acts, lambda act: act.by)]
    return sorted((o for o in found if o.decisions or o.undone), key=lambda o: (-o.decisions, o.name))


def _operator(name: str, acts: list[Act]) -> Operator:
    mine = Operator(name)
    for act in acts:
        if act.kind in NO_DECISIONS or not act.is_asked_for:
            continue
        mine.undone += act.is_undone
        mine.decisions += not act.is_undone
        mine.overrides += not act.is_undone and act.kind == "approve" and act.label == Decision.Label.BAD
    mine.seconds = list(_seconds(acts))
    return mine


def _seconds(acts: Iterable[Act]) -> Iterable[float]:
    """From the act before to the decision; those that were decided at once share it. An edit is part of the decision
    that comes of it: many a one is saved by the approval itself."""
    together: dict[object, list[Act]] = defaultdict(list)
    for act in acts:
        if act.kind == EDIT:
            continue
        together[act.group or (act.moment, act.kind, len(together))].append(act)
    for before, now in pairwise(together.values()):
        gap = (now[0].moment - before[-1].moment) / SECOND
        if gap <= PAUSE.total_seconds():
            yield from (gap / len(now) for act in now if act.kind not in NO_DECISIONS and act.is_asked_for)


def table(scope: Scope, found: list[Operator]) -> Table:
    columns = ["Operator", "Decisions", "An hour", "Seconds a decision, half within", "90 % within"]
    columns += ["Overrides", "Share overridden", "Taken back"]
    note = (
        "Decisions made in this time. A decision takes from the same person's act before it; a pause of more than "
        f"{PAUSE.seconds // 60} minutes is none. Override: approved with another cut-out or bridge, or after painting. "
        "Operators are told that this is counted."
    )
    return Table("operators", "Operators", columns, [_row(scope, operator) for operator in found], note)


def _row(scope: Scope, operator: Operator) -> list[Cell]:
    link = scope.frames_address(processed=None, decided=f"{operator.name}:{scope.first}..{scope.last}")
    rate = operator.an_hour
    return [
        Cell(operator.name, None, link),
        number(operator.decisions, link),
        Cell(f"{rate:,.0f}", round(rate, 2)) if rate else NONE,
        seconds(median(operator.seconds) if operator.seconds else None),
        seconds(operator.p90),
        number(operator.overrides),
        share(operator.overrides, operator.decisions),
        number(operator.undone),
    ]
