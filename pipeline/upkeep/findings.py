"""What database and buckets disagree about, said in words."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet

from pipeline.models import Frame

AT_ONCE = 500
SOON = timedelta(minutes=2)
"""What the clock does every few seconds is done by then, unless nobody does it."""
SETTLED = timedelta(hours=1)
"""Nobody is at work any more on what is as old."""


@dataclass(frozen=True)
class Finding:
    """One disagreement; `mend` does what is safe about it, where anything is."""

    kind: str
    about: str
    what: str
    todo: str
    mend: Callable[[], None] | None = None

    def __str__(self) -> str:
        return f"{self.about}: {self.what}. {self.todo}"


def named(frame: Frame) -> str:
    return f"{frame} (frame {frame.pk})"


def pages(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """All rows in order, some at a time: no cursor stays open, so that others write meanwhile, and so do repairs."""
    rows, last = rows.order_by("pk"), 0
    while page := list(rows.filter(pk__gt=last)[:AT_ONCE]):
        yield page
        last = page[-1].pk


def each(rows: QuerySet[Any]) -> Iterator[Any]:
    return (row for page in pages(rows) for row in page)


def several(things: Iterable[str]) -> str:
    """The first of them.

    >>> several(["a", "b"]), several("abcdef")
    ('a, b', 'a, b, c and 3 more')
    """
    listed = list(things)
    shown = listed if len(listed) <= 4 else listed[:3]
    more = f" and {len(listed) - len(shown)} more" if len(shown) < len(listed) else ""
    return f"{', '.join(shown)}{more}"
