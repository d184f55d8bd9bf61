"""How far batches are: their photos by segment, their places in line, and how long that takes."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import Any

from django.db.models import Case, Count, F, IntegerField, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.fields import CharField

from pipeline.models import Frame, Scorecard, Transition
from pipeline.states import SEGMENT_OF, Segment, State
from pipeline.words import SEGMENT_WORDS

STANDING = (Segment.PUBLISHED, Segment.REVIEW, Segment.WORKING, Segment.IN_LINE)
"""Told even when there are none, so that the row of figures stands still while a batch is worked on."""
LEAST_WIDTH = 0.012
"""Of the bar: a segment of one photo in thousands is still to be seen."""
RECENT = 50
"""Photos that the pace is told by."""
STOOD_STILL = 10
"""Times the middle one: a worker was killed, or the machine slept."""


def with_segment(frames: QuerySet[Frame]) -> QuerySet[Any]:
    """Each frame says in which segment it is; these can be filtered and counted by. What was removed is in none."""
    states = [When(state=state, then=Value(segment)) for state, segment in SEGMENT_OF.items()]
    return frames.exclude(state=State.REMOVED).annotate(segment=Case(*states, output_field=CharField()))


def with_components(frames: QuerySet[Any]) -> QuerySet[Any]:
    """Each frame with what its last scorecard says, so that the doubts of many are told by one question."""
    card = Scorecard.objects.filter(frame=OuterRef("pk"), attempt=OuterRef("attempt"))
    return frames.annotate(components=Subquery(card.values("components")[:1]))


@dataclass(frozen=True)
class Part:
    """A segment of a batch's bar; where it begins and how wide it is in per cent."""

    segment: Segment
    count: int
    x: float
    width: float

    @property
    def words(self) -> str:
        return SEGMENT_WORDS[self.segment]


@dataclass(frozen=True)
class Tally:
    """A batch's photos by segment."""

    counts: Counter[str]

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def parts(self) -> list[Part]:
        """All segments that are told, in the bar's order."""
        seen = {
            segment: max(LEAST_WIDTH, self.counts[segment] / self.total) for segment in Segment if self.counts[segment]
        }
        told, x = [], 0.0
        for segment in Segment:
            width = 100 * seen.get(segment, 0) / sum(seen.values()) if seen else 0.0
            if segment in seen or segment in STANDING:
                told.append(Part(segment, self.counts[segment], x, width))
            x += width
        return told

    @property
    def in_line(self) -> int:
        return self.counts[Segment.IN_LINE]

    @property
    def for_review(self) -> int:
        return self.counts[Segment.REVIEW]

    @property
    def is_moving(self) -> bool:
        """Whether the machine has still something to do."""
        return bool(self.in_line or self.counts[Segment.WORKING])


EMPTY = Tally(Counter())


def tallies(batches: Iterable[int]) -> dict[int, Tally]:
    """Of each batch that has photos."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    frames = with_segment(Frame.objects.filter(batch__in=batches)).order_by()
    for batch, segment, count in frames.values_list("batch", "segment").annotate(count=Count("*")):
        found[batch][segment] = count
    return {batch: Tally(counts) for batch, counts in found.items()}


@dataclass(frozen=True)
class Place:
    """How many photos of other batches come before a batch's first, and how long its last will take, if known."""

    ahead: int
    seconds: float | None


@dataclass(frozen=True)
class Line:
    """The batch of every photo that waits for a worker, in the order in which they are taken."""

    batches: list[int]
    workers: int
    seconds_a_photo: float | None

    def place_of(self, batch: int) -> Place | None:
        """None of a batch that has no photo here."""
        if batch not in self.batches:
            return None
        last = len(self.batches) - self.batches[::-1].index(batch)
        is_known = self.workers and self.seconds_a_photo is not None
        seconds = ceil(last / self.workers) * (self.seconds_a_photo or 0) if is_known else None
        return Place(self.batches.index(batch), seconds)


def line(workers: int) -> Line:
    """Urgent photos come before all others."""
    lane = Case(When(batch__lane="urgent", then=Value(0)), default=Value(1), output_field=IntegerField())
    waiting = Frame.objects.filter(state=State.RECEIVED).exclude(batch__enhancement="gemini", gemini="")
    batches = waiting.order_by(lane, "state_since", "pk").values_list("batch", flat=True)
    return Line(list(batches), workers, _seconds_a_photo())


def _seconds_a_photo() -> float | None:
    """What a photo costs a worker, by the latest ones; None before the first."""
    processing = _mean_seconds(State.PROCESSING, State.APPROVED, State.EXCEPTION)
    publishing = _mean_seconds(State.PUBLISHING, State.PUBLISHED)
    return None if processing is None else processing + (publishing or 0)


def _mean_seconds(state: State, *left_for: State) -> float | None:
    """How long frames were in a state until they left it for one of those. Not the middle one: a doubtful photo takes
    several times as long as others."""
    entered = Transition.objects.filter(frame=OuterRef("frame"), target=state, pk__lt=OuterRef("pk")).order_by("-pk")
    left = Transition.objects.filter(source=state, target__in=left_for).order_by("-pk")
    times = left.annotate(since=Subquery(entered.values("at")[:1])).exclude(since=None).values_list(F("at"), "since")
    taken = [(at - since).total_seconds() for at, since in times[:RECENT]]
    usual = [seconds for seconds in taken if seconds <= STOOD_STILL * statistics.median(taken)]
    return statistics.fmean(usual) if usual else None
