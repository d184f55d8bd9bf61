"""The figures of the manager page, each with its denominator."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from pipeline.models import Frame, Scorecard
from pipeline.states import FIRST_LOOK, OWN_ALPHA
from pipeline.words import RUNG_WORDS
from review.models import Decision

DAYS = 30
NO_DECISIONS = ("skip", "undo", "edit")


@dataclass(frozen=True)
class Outcome:
    """What became of one processed frame."""

    batch: str
    received_at: datetime
    processed_at: datetime
    published_at: datetime | None
    was_exception: bool
    has_failed: bool

    @property
    def seconds_to_s3(self) -> float | None:
        """From receipt to the manifest, when nobody had to look."""
        if self.published_at is None or self.was_exception:
            return None
        return (self.published_at - self.received_at).total_seconds()


@dataclass(frozen=True)
class Figures:
    """Counts over one day, one batch, or all of them."""

    label: str
    processed: int
    auto_published: int
    sent_to_review: int
    failed: int
    median_seconds: float | None

    @property
    def review_rate(self) -> float:
        """Sent to review / processed, 0–1."""
        return self.sent_to_review / self.processed


def outcomes(days: int = DAYS) -> list[Outcome]:
    """Every frame processed today and on the days before, the newest first."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    since = midnight - timedelta(days=days - 1)
    rows = Frame.objects.filter(processed_at__gte=since).order_by("-processed_at")
    fields = ("batch__name", "received_at", "processed_at", "published_at", "was_exception", "has_failed")
    return [Outcome(*row) for row in rows.values_list(*fields)]


def by_day(rows: Iterable[Outcome]) -> list[Figures]:
    return _grouped(rows, lambda row: timezone.localdate(row.processed_at).isoformat())


def by_batch(rows: Iterable[Outcome]) -> list[Figures]:
    return _grouped(rows, lambda row: row.batch)


def overall(rows: Iterable[Outcome]) -> list[Figures]:
    return _grouped(rows, lambda row: f"Last {DAYS} days")


def _grouped(rows: Iterable[Outcome], label: Callable[[Outcome], str]) -> list[Figures]:
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for row in rows:
        groups[label(row)].append(row)
    return [_figures(name, group) for name, group in groups.items()]


def _figures(label: str, rows: list[Outcome]) -> Figures:
    waits = [row.seconds_to_s3 for row in rows if row.seconds_to_s3 is not None]
    return Figures(
        label=label,
        processed=len(rows),
        auto_published=len(waits),
        sent_to_review=sum(row.was_exception for row in rows),
        failed=sum(row.has_failed for row in rows),
        median_seconds=statistics.median(waits) if waits else None,
    )


def today(user: User) -> dict[str, Any]:
    """How the day stands, for whoever works through the queue: no frame can be told from it."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    decided = Decision.objects.filter(at__gte=midnight, undone_by=None).exclude(kind__in=NO_DECISIONS)
    week = Frame.objects.filter(processed_at__gte=midnight - timedelta(days=6))
    processed, sent = week.count(), week.filter(was_exception=True).count()
    return {
        "byMe": decided.filter(by=user.get_username()).count(),
        "byAll": decided.count(),
        # None that a person let pass: else it would rise after exceptions and not after audits.
        "published": Frame.objects.filter(published_at__gte=midnight, was_exception=False).count(),
        "processed": processed,
        "sentToReview": sent / processed if processed else None,
    }


@dataclass(frozen=True)
class RungFigures:
    """How often a rung of the repair ladder was climbed, and how often its matte cleared the doubt."""

    words: str
    tried: int
    rescued: int


def ladder(days: int = DAYS) -> list[RungFigures]:
    """Each rung that was climbed since that many days ago, in the ladder's order."""
    since = timezone.now() - timedelta(days=days)
    runs = Scorecard.objects.filter(override=None, created_at__gte=since).values_list("rung", "others")
    tried: Counter[str] = Counter()
    rescued: Counter[str] = Counter()
    for rung, others in runs:
        rescued[rung] += 1
        tried.update([rung, *(other["rung"] for other in others)])
    rungs = [rung for rung in RUNG_WORDS if rung not in (FIRST_LOOK, OWN_ALPHA) and tried[rung]]
    return [RungFigures(RUNG_WORDS[rung], tried[rung], rescued[rung]) for rung in rungs]
