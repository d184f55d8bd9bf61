"""Whether two people say the same of a photo: of those that were shown to a second one, who wasn't told."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import QuerySet

from pipeline.audit_draw import SECOND_LOOKS
from pipeline.templatetags.mattegate import per_cent
from review.insights.scope import Scope
from review.insights.tables import INTERVAL, Cell, Table, interval, number, share
from review.models import Decision

Label = Decision.Label
SAID = {Label.GOOD: "The cut-out is good", Label.BAD: "The cut-out is bad", Label.NONE: "The photo is to be taken anew"}


class Pair(NamedTuple):
    """What two people said of one photo; '' says nothing of the cut-out."""

    first: str
    second: str

    @property
    def agrees(self) -> bool:
        return self.first == self.second


def seconds() -> QuerySet[Decision]:
    """What second people said, where neither decision was taken back."""
    return Decision.objects.filter(undone_by=None, second_of__undone_by=None, second_of__isnull=False)


def pairs(scope: Scope) -> list[Pair]:
    """Of photos processed in the time."""
    asked = seconds().filter(scope.during("frame__processed_at"), scope.of("frame__"))
    return [Pair(*said) for said in asked.order_by("pk").values_list("second_of__label", "label")]


def table(scope: Scope, found: Iterable[Pair]) -> Table:
    counts = Counter(found)
    n, agreed = sum(counts.values()), sum(count for pair, count in counts.items() if pair.agrees)
    twice, differing = scope.frames_address(of="looked-at-twice"), scope.frames_address(of="disagreed")
    rows = [
        [Cell("Agreed", None, twice), number(agreed), number(n, twice), share(agreed, n), interval(agreed, n)],
        *([Cell(f"{words}, said both"), *_of(counts[Pair(label, label)], n)] for label, words in SAID.items()),
        [Cell("Said different things", None, differing), *_of(n - agreed, n, differing)],
    ]
    note = (
        f"{per_cent(SECOND_LOOKS)} of decided photos, drawn by chance, are shown to a second person too, who isn't "
        "told so and doesn't know what the first one said. What they say changes nothing. They agree if both find the "
        "cut-out good, both find it bad (rejected, reprocessed or changed by hand), or both want another photo."
    )
    columns = ["What two people said", "Photos", "of", "Share", INTERVAL]
    return Table("agreement", "Do two people say the same?", columns, rows, note)


def _of(k: int, n: int, link: str = "") -> list[Cell]:
    return [number(k, link), number(n), share(k, n, link), interval(k, n)]
