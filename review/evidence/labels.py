"""What decisions say about the matte and the crop that were shown."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from pipeline.models import Scorecard
from review.models import Decision

Label = Decision.Label

STANDS = ~Exists(Decision.objects.filter(undoes=OuterRef("pk")))
"""Not taken back. PostgreSQL guesses well how many these are, and of `undone_by=None` that it is one."""

RENAME, EDIT = "rename", "edit"

NO_DECISIONS = ("skip", "undo", EDIT)
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


FIELDS = ("label", *(f"scorecard__{name}" for name in ("publish", "audit_rate", "model_sha256", "scorer_version")))
FIELDS += ("scorecard__metrics", *(f"scorecard__frame__{name}" for name in ("code", "product_class", "view")))
"""What a sample is read for: scorecards hold much more."""


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


def samples() -> list[Sample]:
    """Every labelled frame that says something about the others, the oldest first."""
    found: dict[int, Sample] = {}
    for sample in samples_of(telling(first_scorecards())):
        found.setdefault(sample.card.frame_id, sample)
    return list(found.values())


def samples_of(said: QuerySet[Decision]) -> Iterator[Sample]:
    """One for each of these decisions, read a few at a time."""
    for decision in said.select_related("scorecard__frame").only(*FIELDS).iterator():
        if card := decision.scorecard:
            yield Sample(card, card.frame.code, decision.label == Label.BAD)


def telling(firsts: QuerySet[Scorecard]) -> QuerySet[Decision]:
    """What people said of these first scorecards, as far as it says something about the others; the earliest first.

    A frame that passed tells something only if it was drawn: one that came back for another cause does not.
    """
    is_drawn = Q(scorecard__publish=True, scorecard__is_marked=True, occasion=Decision.Occasion.DRAWN)
    said = Decision.objects.filter(Q(scorecard__publish=False) | is_drawn, scorecard__in=firsts)
    return said.filter(STANDS).exclude(label=Label.NONE).exclude(occasion__in=UNTELLING).order_by("at", "pk")


def first_scorecards() -> QuerySet[Scorecard]:
    """Of every frame, what was measured before anybody had seen it; of none that was judged as what it isn't."""
    return firsts_of(Scorecard.objects.all())


def firsts_of(cards: QuerySet[Scorecard]) -> QuerySet[Scorecard]:
    """Those among these cards."""
    renamed = Decision.objects.filter(STANDS, kind=RENAME, frame=OuterRef("frame"))
    earlier = Scorecard.objects.filter(frame=OuterRef("frame"), pk__lt=OuterRef("pk"))
    return cards.filter(~Exists(renamed), ~Exists(earlier)).order_by()
