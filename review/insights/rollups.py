"""Facts kept by day, so that long times are told without a look at every frame. They are a copy, kept in step by cron.

What moved since is read from the frames themselves: with rollups or without, with old ones or none, the figures are
the same.
"""

import time
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from pipeline.models import Frame, Transition
from review.insights import facts
from review.insights.facts import Cards, Counts, Doubted, Facts, Group, Label, Sent
from review.insights.scope import Scope
from review.models import DayFigures, Decision, FiguresKept

START = datetime(2000, 1, 1, tzinfo=UTC)
FORMAT = 2
"""Of the rows: those of another one are made anew, by this version and by others."""
LATE = timedelta(minutes=5)
"""So long may pass between the time that a row says and the moment when others see it."""
STEPS_AT_ONCE = 20_000
BATCHES_AT_ONCE = 100


def read(scope: Scope) -> list[Facts]:
    """All facts of the scope: kept ones of batches where nothing moved since, the rest from their frames."""
    kept = FiguresKept.objects.filter(time_zone=_kind()).first()
    if kept is None:
        return facts.read(scope.frames())
    moved = _moved(kept.until - LATE)
    rows = DayFigures.objects.filter(scope.of(), day__range=(scope.first, scope.last)).exclude(batch__in=moved)
    columns = ("batch", "day", "product_class", "view", "facts")
    found = [_unpacked(Group(*group), packed) for *group, packed in rows.values_list(*columns)]
    return found + facts.read(scope.frames().filter(batch__in=moved))


def keep_up(seconds: float) -> bool:
    """Bring the kept facts up to now, or as far as that time allows; returns whether they are."""
    end = time.monotonic() + seconds
    while not _one_step():
        if time.monotonic() > end:
            return False
    return True


@transaction.atomic
def forget() -> None:
    """Have all facts made anew."""
    DayFigures.objects.all().delete()
    FiguresKept.objects.all().delete()


@transaction.atomic
def rebuild() -> None:
    """Make all facts anew; until they are there, or if that fails, the old ones are read."""
    forget()
    keep_up(float("inf"))


@transaction.atomic
def _one_step() -> bool:
    """Take in the next moves of frames; whether there are no more."""
    begin = {"until": START, "time_zone": _kind()}
    kept, _ = FiguresKept.objects.select_for_update().get_or_create(pk=1, defaults=begin)
    if kept.time_zone != begin["time_zone"]:
        forget()
        kept = FiguresKept(pk=1, **begin)
    later = Transition.objects.filter(at__gt=kept.until).order_by("at").values_list("at", flat=True)
    ahead = later[STEPS_AT_ONCE : STEPS_AT_ONCE + 1].first()
    since, kept.until = kept.until - LATE, ahead or timezone.now()
    _keep(_moved(since, kept.until))
    kept.save()
    return ahead is None


def _kind() -> str:
    """Whose days the rows are of, and in which format."""
    return f"{timezone.get_current_timezone_name()}, format {FORMAT}"


def _moved(since: datetime, until: datetime | None = None) -> list[int]:
    """The batches in which a frame moved, or something was said of one."""
    steps, said = Transition.objects.filter(at__gte=since), Decision.objects.filter(at__gte=since)
    if until:
        steps, said = steps.filter(at__lte=until), said.filter(at__lte=until)
    frames = steps.order_by().values("frame__batch").union(said.order_by().values("frame__batch"))
    return [batch for (batch,) in frames.values_list("frame__batch")]


def _keep(batches: list[int]) -> None:
    for start in range(0, len(batches), BATCHES_AT_ONCE):
        some = batches[start : start + BATCHES_AT_ONCE]
        frames = Frame.objects.filter(batch__in=some, processed_at__isnull=False)
        DayFigures.objects.filter(batch__in=some).delete()
        DayFigures.objects.bulk_create(map(_packed, facts.read(frames)), batch_size=BATCHES_AT_ONCE)


def _packed(found: Facts) -> DayFigures:
    batch, day, product_class, view = found.group
    told = {name: getattr(found, name) for name in ("labels", "doubted", "sent", "waits")}
    packed = told | {"counts": astuple(found.counts), "cards": [astuple(card) for card in found.cards]}
    return DayFigures(batch_id=batch, day=day, product_class=product_class, view=view, facts=packed)


def _unpacked(group: Group, packed: dict[str, Any]) -> Facts:
    return Facts(
        group=group,
        counts=Counts(*packed["counts"]),
        cards=[Cards(*row) for row in packed["cards"]],
        labels=[Label(*row) for row in packed["labels"]],
        doubted=[Doubted(is_passed, rung, tuple(others), n) for is_passed, rung, others, n in packed["doubted"]],
        sent=[Sent(*row) for row in packed["sent"]],
        waits=packed["waits"],
    )
