"""Filters of the list of all frames, by which a figure leads to the very frames that it counts.

Never in the queue: they tell audits from exceptions.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.auth.models import User
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.fields import DurationField
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils import timezone

from config.asked import MisunderstoodError, row_number
from pipeline.models import Frame, Scorecard
from pipeline.words import REASON_WORDS, RUNG_WORDS
from review.evidence.labels import NO_DECISIONS, firsts_of, telling
from review.insights import agreement
from review.insights.facts import AT_ONCE
from review.insights.scope import COMMAND, EARLIEST, midnight
from review.models import Decision

Frames = QuerySet[Frame]
PROMISE = timedelta(minutes=5)
DRAWN = Decision.Occasion.DRAWN
LATEST = date(2200, 1, 1)
UNSEEN = Q(was_exception=False, published_at__isnull=False)


def firsts(frame: str = "pk", **fields: Any) -> QuerySet[Scorecard]:
    """Of the frame that the query around this one names so."""
    return firsts_of(Scorecard.objects.filter(frame=OuterRef(frame))).filter(**fields)


def with_wait(frames: Frames) -> QuerySet[Any]:
    """From receipt to the manifest in the bucket."""
    taken = ExpressionWrapper(F("published_at") - F("received_at"), output_field=DurationField())
    return frames.filter(UNSEEN).annotate(taken=taken)


def _labelled(frames: Frames, is_passed: bool, *labels: str) -> Frames:
    """By the first thing that was said of the first scorecard."""
    said = telling(firsts("frame", publish=is_passed)).filter(frame=OuterRef("pk"))
    return frames.annotate(said=Subquery(said.values("label")[:1])).filter(said__in=labels)


def _looked_at_twice(frames: Frames, *how: Q) -> Frames:
    return frames.filter(Exists(agreement.seconds().filter(*how, frame=OuterRef("pk"))))


GOOD, BAD = Decision.Label.GOOD.value, Decision.Label.BAD.value
SETS: dict[str, tuple[str, Callable[[Frames], Frames]]] = {
    "unseen": ("published unseen", lambda frames: frames.filter(UNSEEN)),
    "late": ("published unseen, after more than 5 minutes", lambda frames: with_wait(frames).filter(taken__gt=PROMISE)),
    "sent": ("sent to review", lambda frames: frames.filter(was_exception=True)),
    "failed": ("sent to review by a failure", lambda frames: frames.filter(has_failed=True)),
    "found-bad": ("sent to review, and found bad", lambda frames: _labelled(frames, False, BAD)),
    "found-good": ("sent to review, and found good", lambda frames: _labelled(frames, False, GOOD)),
    "held": ("held at the first look", lambda frames: frames.filter(Exists(firsts(publish=False)))),
    "rescued": (
        "rescued by the repair ladder",
        lambda frames: frames.filter(Exists(firsts(publish=True).exclude(rung__in=AT_ONCE))),
    ),
    "marked": ("marked for audits", lambda frames: frames.filter(Exists(firsts(is_marked=True)))),
    "audit-due": ("audit due", lambda frames: frames.filter(audit_due=DRAWN)),
    "audited": ("audited", lambda frames: _labelled(frames, True, GOOD, BAD)),
    "looked-at-twice": ("decided by two people, the second one blind", _looked_at_twice),
    "disagreed": (
        "two people said different things",
        lambda frames: _looked_at_twice(frames, ~Q(label=F("second_of__label"))),
    ),
    "escaped": ("escaped: audited, and bad", lambda frames: _labelled(frames, True, BAD)),
}
"""What a figure counts, in words, and how it is told."""


class SetFilter(SimpleListFilter):
    title = "figure"
    parameter_name = "of"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, words) for name, (words, _) in SETS.items()]

    def queryset(self, request: HttpRequest, queryset: Frames) -> Frames:
        return SETS[self.value() or ""][1](queryset) if self.value() in SETS else queryset


class ReasonFilter(SimpleListFilter):
    """As the figures count it: by the first scorecard, if the gate held that, else by what stopped the frame."""

    title = "reason"
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(REASON_WORDS.items())

    def queryset(self, request: HttpRequest, queryset: Frames) -> Frames:
        if self.value() not in REASON_WORDS:
            return queryset
        held = firsts(publish=False).annotate(codes=Cast("reasons", TextField()))
        mine = queryset.annotate(codes=Cast("reasons", TextField())).filter(was_exception=True)
        named = {"codes__contains": f'"{self.value()}"'}
        return mine.filter(Exists(held.filter(**named)) | (~Exists(held) & Q(**named)))


class RungFilter(SimpleListFilter):
    title = "rung"
    parameter_name = "rung"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(rung, words) for rung, words in RUNG_WORDS.items() if rung not in AT_ONCE]

    def queryset(self, request: HttpRequest, queryset: Frames) -> Frames:
        return queryset.filter(Exists(firsts(rung=self.value()))) if self.value() else queryset


class ModelFilter(SimpleListFilter):
    title = "model"
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The one asked for: to find all that there are, every scorecard would have to be read."""
        return [(self.value() or "", (self.value() or "")[:12])] if self.value() else []

    def queryset(self, request: HttpRequest, queryset: Frames) -> Frames:
        return queryset.filter(Exists(firsts(model_sha256=self.value())))


class UploaderFilter(SimpleListFilter):
    title = "uploader"
    parameter_name = "uploader"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return uploaders()

    def queryset(self, request: HttpRequest, queryset: Frames) -> Frames:
        if not self.value():
            return queryset
        number = row_number(self.value() or "")
        if number is None:
            raise MisunderstoodError("That is no uploader; choose one from the list.")
        return queryset.filter(batch__created_by=number or None)


class ProcessedFilter(SimpleListFilter):
    """When the first verdict was spoken: days of the site, both ends among them."""

    title = "processed"
    parameter_name = "processed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        today = timezone.localdate()
        spans = {f"{today - timedelta(days=days - 1)}..{today}": f"last {days} days" for days in (7, 30, 90)}
        asked = {value: value.replace("..", " to ")} if (value := self.value()) else {}
        return list((asked | spans).items())

    def queryset(self, request: HttpRequest, queryset: Frames) -> Frames:
        if not self.value():
            return queryset
        since, until = span(self.value() or "")
        return queryset.filter(processed_at__gte=since, processed_at__lt=until)


class DecidedFilter(SimpleListFilter):
    """Whom somebody decided on, and when: `olga:2026-11-02..2026-11-08`."""

    title = "decided"
    parameter_name = "decided"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(self.value() or "", (self.value() or "").replace("..", " to "))] if self.value() else []

    def queryset(self, request: HttpRequest, queryset: Frames) -> Frames:
        by, _, days = (self.value() or "").rpartition(":")
        since, until = span(days)
        mine = Decision.objects.filter(frame=OuterRef("pk"), by=by, at__gte=since, at__lt=until, undone_by=None)
        return queryset.filter(Exists(mine.exclude(kind__in=NO_DECISIONS)))


FILTERS = [SetFilter, ReasonFilter, RungFilter, ModelFilter, UploaderFilter, ProcessedFilter, DecidedFilter]


def span(days: str) -> tuple[Any, Any]:
    """The moments that `2026-11-02..2026-11-08` begins and ends at."""
    first, _, last = days.partition("..")
    try:
        since, until = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError as error:
        raise MisunderstoodError(f"{days[:40]!r} is no span of days, such as 2026-11-02..2026-11-08.") from error
    if not EARLIEST <= since <= until < LATEST:
        raise MisunderstoodError(f"{days[:40]!r} is no span of days that there could be photos of.")
    return midnight(since), midnight(until + timedelta(days=1))


def uploaders() -> list[tuple[str, str]]:
    """Who opened batches."""
    names = User.objects.filter(batch__isnull=False).distinct().order_by("username").values_list("pk", "username")
    return [*((str(pk), name) for pk, name in names), (str(COMMAND), "a command")]
