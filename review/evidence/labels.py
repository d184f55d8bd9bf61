"""What decisions say about the matte and the crop that were shown."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from pipeline.models import Scorecard
from review.models import Decision

Label = Decision.Label

RENAME = "rename"

NO_DECISIONS = ("skip", "undo", "edit")
"""Kinds of rows that say nothing of what becomes of a frame."""

# Rejected for the photo, or renamed, says nothing about what the machine made of it.
LABELS = {
    "approve": Label.GOOD,
    "reprocess": Label.BAD,
    "discard": Label.BAD,
    "reject": Label.NONE,
    RENAME: Label.NONE,
}

UNTELLING = (Decision.Occasion.SIBLING, Decision.Occasion.ASKED, Decision.Occasion.SECOND)
"""Somebody had a cause to look at these, so they say nothing about the rest; or they were decided before."""


def label_of(kind: str, *, is_edited: bool) -> Label:
    """
    >>> label_of("approve", is_edited=True).label
    'Bad'
    """
    return Label.BAD if is_edited and kind == "approve" else LABELS[kind]


@dataclass(frozen=True)
class Sample:
    """The first scorecard of a frame, and what a person said of it."""

    card: Scorecard
    code: str
    is_bad: bool

    @property
    def probability(self) -> float:
        """With which the frame was to be labelled: a flagged one surely, a passed one by the audit's draw."""
        return self.card.audit_rate if self.card.publish else 1.0


def samples(since: datetime | None = None) -> list[Sample]:
    """Every labelled frame that says something about the others, the oldest first."""
    said = telling(first_scorecards())
    if since:
        said = said.filter(at__gt=since)
    found: dict[int, Sample] = {}
    for decision in said.select_related("scorecard__frame__batch"):
        if card := decision.scorecard:
            found.setdefault(card.frame_id, Sample(card, card.frame.code, decision.label == Label.BAD))
    return list(found.values())


def telling(firsts: QuerySet[Scorecard]) -> QuerySet[Decision]:
    """What people said of these first scorecards, as far as it says something about the others; the earliest first.

    A frame that passed tells something only if it was drawn: one that came back for another cause does not.
    """
    is_drawn = Q(scorecard__publish=True, scorecard__is_marked=True, occasion=Decision.Occasion.DRAWN)
    said = Decision.objects.filter(Q(scorecard__publish=False) | is_drawn, scorecard__in=firsts, undone_by=None)
    return said.exclude(label=Label.NONE).exclude(occasion__in=UNTELLING).order_by("at", "pk")


def first_scorecards() -> QuerySet[Scorecard]:
    """Of every frame, what was measured before anybody had seen it; of none that was judged as what it isn't."""
    return firsts_of(Scorecard.objects.all())


def firsts_of(cards: QuerySet[Scorecard]) -> QuerySet[Scorecard]:
    """Those among these cards."""
    renamed = Decision.objects.filter(kind=RENAME, undone_by=None, frame=OuterRef("frame"))
    earlier = Scorecard.objects.filter(frame=OuterRef("frame"), pk__lt=OuterRef("pk"))
    return cards.filter(~Exists(renamed), ~Exists(earlier)).order_by()
