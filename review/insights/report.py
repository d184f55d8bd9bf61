"""The week on one sheet: on paper and in a terminal."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from django.utils import timezone

from config.asked import MisunderstoodError
from review.insights.scope import EARLIEST, Scope, week_of
from review.insights.tables import Table, in_text
from review.insights.whole import Whole

WEEK = timedelta(days=7)
SHOWN = {"day": 7, "reasons": 5, "batch": 5, "escapes": 7, "operators": 5, "money": 6}
"""Tables of the sheet, and how many of their rows."""


def week_scope(name: str) -> Scope:
    """Of a week such as 2026-W47; without a name, of the last whole one."""
    monday = _monday(name) if name else week_of(timezone.localdate()) - WEEK
    return Scope(monday, monday + timedelta(days=6))


def weeks_beside(scope: Scope) -> Iterator[tuple[str, str]]:
    """What they are called, and how the address names them; none is still to come."""
    this = week_of(timezone.localdate())
    near = {scope.first - WEEK: "The week before", this: "This week", scope.first + WEEK: "The week after"}
    for monday, words in near.items():
        if EARLIEST <= monday <= this and monday != scope.first:
            yield words, f"{monday:%G-W%V}"


def _monday(name: str) -> date:
    found = re.fullmatch(r"(\d{4})-W(\d{2})", name, re.ASCII)
    try:
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
    except ValueError:
        monday = None
    if monday is None or not EARLIEST <= monday < date(2200, 1, 1):
        raise MisunderstoodError(f"{name[:40]!r} is no week. Weeks are written as 2026-W47.")
    return monday


def tables(found: Whole) -> list[Table]:
    return [replace(found.tables[name], rows=found.tables[name].rows[:most]) for name, most in SHOWN.items()]


def in_lines(found: Whole) -> Iterator[str]:
    """For a terminal."""
    yield f"Mattegate, week {found.scope.first:%V}: {found.scope.words}"
    yield ""
    for headline in found.headlines:
        yield f"{headline.name}: {headline.value} ({headline.detail})"
    for table in tables(found):
        yield from ("", table.heading, in_text(table))
