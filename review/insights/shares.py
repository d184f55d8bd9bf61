"""How much is sent to review: by day, week, class, view, batch, uploader and model."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from django.conf import settings

from pipeline.models import Batch
from review.insights import charts
from review.insights.facts import Cards, Counts, Facts
from review.insights.scope import COMMAND, Scope, week_of
from review.insights.tables import INTERVAL, Cell, Table, interval, number, share

COLUMNS = ["Processed", "Published unseen", "Sent to review", "of them failed", "Share sent", INTERVAL]


class Group(NamedTuple):
    """Photos that are alike in all of this, and were processed on one day."""

    day: date
    product_class: str
    view: str
    batch: int
    batch_name: str
    uploader: int
    uploader_name: str
    counts: Counts


def groups(found: Iterable[Facts]) -> list[Group]:
    """All that the tables below add up, with who sent them."""
    facts = list(found)
    asked = Batch.objects.filter(pk__in={one.group.batch for one in facts})
    batches = {batch.pk: batch for batch in asked.select_related("created_by")}
    return [_group(one, batches[one.group.batch]) for one in sorted(facts, key=lambda one: one.group)]


def _group(facts: Facts, batch: Batch) -> Group:
    _, day, product_class, view = facts.group
    uploader = batch.created_by
    by = (uploader.pk, uploader.get_username()) if uploader else (COMMAND, "a command")
    return Group(day, product_class, view, batch.pk, batch.name, *by, facts.counts)


def total(found: Iterable[Group]) -> Counts:
    return sum((group.counts for group in found), Counts())


def by(found: Iterable[Group], key: Callable[[Group], Any]) -> dict[Any, Counts]:
    sums: dict[Any, Counts] = defaultdict(Counts)
    for group in found:
        sums[key(group)] += group.counts
    return dict(sums)


def row(name: str, count: Counts, link: Callable[..., str]) -> list[Cell]:
    """`link` is the list of these photos, narrowed."""
    these, sent = link(), link(of="sent")
    return [
        Cell(name, None, these),
        number(count.processed, these),
        number(count.unseen, link(of="unseen")),
        number(count.sent, sent),
        number(count.failed, link(of="failed")),
        share(count.sent, count.processed, sent),
        interval(count.sent, count.processed),
    ]


def tables(scope: Scope, found: list[Group], floor: float | None, worst_reason: dict[int, str]) -> Iterator[Table]:
    yield _by_day(scope, found, floor)
    yield _by_week(scope, found)
    for what, key in (("Class", "product_class"), ("View", "view")):
        yield _by_field(scope, found, what, key)
    yield _by_batch(scope, found, worst_reason)
    sums = by(found, lambda group: (group.uploader, group.uploader_name))
    rows = [
        row(name, count, lambda uploader=pk, **more: scope.frames_address(uploader=uploader, **more))
        for (pk, name), count in sorted(sums.items(), key=_most)
    ]
    yield Table("uploader", "By uploader", ["Uploader", *COLUMNS], rows)


def _by_day(scope: Scope, found: list[Group], floor: float | None) -> Table:
    sums = by(found, lambda group: group.day)
    days = [day for day in scope.days if day in sums]
    rows = [row(f"{day:%a %-d %b}", sums[day], _span(scope, day, day)) for day in reversed(days)]
    lines = {"Target": float(settings.TARGET_REVIEW_SHARE)} | ({} if floor is None else {"Least possible": floor})
    shares = [sums[day].sent / sums[day].processed if day in sums else None for day in scope.days]
    chart = charts.shares([f"{day:%-d %b}" for day in scope.days], "Share sent to review", shares, lines)
    note = f"The target is {100 * float(settings.TARGET_REVIEW_SHARE):g} %. Audits are apart, below."
    return Table("day", "Share sent to review, by day", ["Day", *COLUMNS], rows, note, chart)


def _by_week(scope: Scope, found: list[Group]) -> Table:
    sums = by(found, lambda group: week_of(group.day))
    rows = [
        row(f"Week {monday:%V}, {monday:%-d %b}", count, _week(scope, monday))
        for monday, count in sorted(sums.items(), reverse=True)
    ]
    labels = [f"Week {monday:%V}" for monday in sorted(sums)]
    chart = charts.bars(labels, "Photos processed", [sums[monday].processed for monday in sorted(sums)])
    return Table("week", "Photos a week", ["Week", *COLUMNS], rows, "A week begins on Monday.", chart)


def _week(scope: Scope, monday: date) -> Callable[..., str]:
    sunday = monday.fromordinal(monday.toordinal() + 6)
    return _span(scope, max(monday, scope.first), min(sunday, scope.last))


def _span(scope: Scope, first: date, last: date) -> Callable[..., str]:
    return lambda **more: scope.frames_address(processed=f"{first}..{last}", **more)


def _by_field(scope: Scope, found: list[Group], what: str, field: str) -> Table:
    sums = by(found, lambda group: getattr(group, field))
    rows = [
        row(name, count, lambda value=name, **more: scope.frames_address(**{f"{field}__exact": value}, **more))
        for name, count in sorted(sums.items(), key=_most)
    ]
    return Table(field.replace("_", "-"), f"By {what.lower()}", [what, *COLUMNS], rows)


def _by_batch(scope: Scope, found: list[Group], worst_reason: dict[int, str]) -> Table:
    """The worst first, by the share that was sent."""
    sums = by(found, lambda group: (group.batch, group.batch_name))
    rows = [
        [
            *row(name, count, lambda batch=pk, **more: scope.frames_address(batch__id__exact=batch, **more)),
            Cell(worst_reason.get(pk, "")),
        ]
        for (pk, name), count in worst_first(sums)
    ]
    note = "Sorted by share sent. Why: the reason that most of its reviews have."
    return Table("batch", "By batch, the worst first", ["Batch", *COLUMNS, "Mostly why"], rows, note)


def worst_first(sums: dict[tuple[int, str], Counts]) -> list[tuple[tuple[int, str], Counts]]:
    """Batches, by number and name."""
    return sorted(sums.items(), key=lambda item: (-_share(item[1]), item[0][1]))


def _share(count: Counts) -> float:
    return count.sent / count.processed


def _most(item: tuple[Any, Counts]) -> tuple[int, str]:
    return -item[1].processed, str(item[0])


def by_model(scope: Scope, cards: Iterable[Cards]) -> Table:
    """By the first scorecards: a failure before the first has no model."""
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for card in cards:
        counts = sums[card.model_name, card.model_sha256]
        for place, count in enumerate((card.count, 0 if card.is_passed else card.count, card.count * card.is_marked)):
            counts[place] += count
    rows = []
    for (name, sha), (n, held, marked) in sums.items():
        link, of_held = (scope.frames_address(model=sha, **more) for more in ({}, {"of": "held"}))
        named = Cell(f"{name or 'unnamed'} {sha[:8]}".strip(), None, link)
        row = [named, number(n, link), number(held, of_held), share(held, n, of_held), interval(held, n)]
        rows.append([*row, share(marked, n, scope.frames_address(model=sha, of="marked"))])
    columns = ["Model", "Scored", "Held", "Share held", INTERVAL, "Marked for audits"]
    return Table("model", "By model version", columns, rows, "By the first scorecard of each photo.")
