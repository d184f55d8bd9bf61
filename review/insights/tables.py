"""Tables of figures: for the page, for paper and for a spreadsheet."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from config.sheets import harmless
from pipeline.templatetags.mattegate import duration, per_cent
from review.evidence.statistics import Rate, exact_rate

INTERVAL = "95 % interval"
"""What a column of them is called."""


@dataclass(frozen=True)
class Cell:
    """What a page shows, the value behind it, and where it leads; an interval has two ends."""

    text: str
    value: str | float | None = None
    link: str = ""
    ends: tuple[float, float] | None = None

    @property
    def raw(self) -> str | float:
        return self.text if self.value is None else self.value


NONE = Cell("–", "")


@dataclass(frozen=True)
class Table:
    """The first cell of a row is its name; `note` says what was counted, `chart` draws it."""

    name: str
    heading: str
    columns: list[str]
    rows: list[list[Cell]]
    note: str = ""
    chart: dict[str, Any] = field(default_factory=dict)


def number(count: int, link: str = "") -> Cell:
    """What is none leads nowhere."""
    return Cell(f"{count:,}", count, link if count else "")


def seconds(value: float | None, link: str = "") -> Cell:
    return NONE if value is None else Cell(duration(value) or "0 s", round(value, 3), link)


def share(k: int, n: int, link: str = "") -> Cell:
    return Cell(per_cent(k / n), k / n, link if k else "") if n else NONE


def interval(k: int, n: int) -> Cell:
    """The exact one, at 95 %."""
    return reach(exact_rate(k, n)) if n else NONE


def reach(rate: Rate) -> Cell:
    return Cell(between(rate), ends=(rate.low, rate.high))


def between(rate: Rate) -> str:
    return f"{per_cent(rate.low)} – {per_cent(rate.high)}"


def in_csv(table: Table) -> str:
    """With shares as 0–1, times in seconds, and an interval's ends in columns of their own."""
    columns = [_columns(name, [row[n] for row in table.rows]) for n, name in enumerate(table.columns)]
    written = io.StringIO()
    writer = csv.writer(written)
    for line in zip(*chain.from_iterable(columns), strict=True):
        writer.writerow(map(harmless, line))
    return written.getvalue()


def _columns(name: str, cells: list[Cell]) -> list[list[str | float]]:
    """One, or of intervals two; each begins with its name."""
    if name != INTERVAL:
        return [[name, *(cell.raw for cell in cells)]]
    lows, highs = ([cell.ends[end] if cell.ends else "" for cell in cells] for end in (0, 1))
    return [[f"{name}, low", *lows], [f"{name}, high", *highs]]


def in_text(table: Table) -> str:
    """In columns, for a terminal."""
    lines = [table.columns, *([cell.text for cell in row] for row in table.rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(_aligned(line, widths) for line in lines)


def _aligned(line: Iterable[str], widths: list[int]) -> str:
    first, *others = zip(line, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)]).rstrip()
