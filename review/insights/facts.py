"""What all tables are added up from: of some photos that are alike, how many there are and what was said of them."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils import timezone

from pipeline.models import Frame, Scorecard
from pipeline.states import FIRST_LOOK, OWN_ALPHA
from review.evidence.labels import firsts_of, telling
from review.insights.moments import MICROSECOND
from review.models import Decision

AT_ONCE = (FIRST_LOOK, OWN_ALPHA)
"""What is no rung of the ladder."""


@dataclass(frozen=True)
class Counts:
    """Of some processed photos."""

    processed: int = 0
    sent: int = 0
    failed: int = 0
    unseen: int = 0
    published: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.processed + other.processed,
            self.sent + other.sent,
            self.failed + other.failed,
            self.unseen + other.unseen,
            self.published + other.published,
        )


class Label(NamedTuple):
    """The first thing that a person said of a first scorecard, as `evidence.labels.samples` has it."""

    frame: int
    is_passed: bool
    probability: float
    is_bad: bool


class Doubted(NamedTuple):
    """Frames that are alike, whose first matte was not good enough: rescued by the ladder, or held. Which rungs were
    tried besides.
    """

    is_passed: bool
    rung: str
    others: tuple[str, ...]
    photos: int


class Sent(NamedTuple):
    """A photo that was sent to review, with what the gate or the failure gave for it."""

    frame: int
    reasons: list[str]
    confidence: float | None

    @property
    def is_held(self) -> bool:
        """By the gate, at the first look; others failed, came back later or were renamed."""
        return self.confidence is not None


@dataclass(frozen=True)
class Cards:
    """First scorecards that are alike."""

    model_name: str
    model_sha256: str
    is_passed: bool
    is_marked: bool
    count: int


class Group(NamedTuple):
    """What photos have in common."""

    batch: int
    day: date
    product_class: str
    view: str


@dataclass(frozen=True)
class Facts:
    """Of the photos of one group; `waits` are microseconds from receipt to the bucket, of those published unseen."""

    group: Group
    counts: Counts
    cards: list[Cards]
    labels: list[Label]
    doubted: list[Doubted]
    sent: list[Sent]
    waits: list[int]


class _Photo(NamedTuple):
    pk: int
    batch: int
    processed_at: datetime
    product_class: str
    view: str
    was_exception: bool
    has_failed: bool
    received_at: datetime
    published_at: datetime | None
    reasons: list[str]

    @property
    def group(self) -> Group:
        return Group(self.batch, timezone.localdate(self.processed_at), self.product_class, self.view)

    @property
    def is_unseen(self) -> bool:
        return self.published_at is not None and not self.was_exception


class _Card(NamedTuple):
    frame: int
    publish: bool
    rung: str
    others: list[dict[str, Any]]
    reasons: list[str]
    confidence: float
    model_name: str
    model_sha256: str
    is_marked: bool

    @property
    def is_doubted(self) -> bool:
        return not self.publish or self.rung not in AT_ONCE

    @property
    def tried_besides(self) -> tuple[str, ...]:
        return tuple(other["rung"] for other in self.others)


def read(frames: QuerySet[Frame]) -> list[Facts]:
    """Of these frames, all of them processed; three queries, however many there are."""
    firsts = firsts_of(Scorecard.objects.filter(frame__in=frames.values("pk")))
    cards = {row[0]: _Card(*row) for row in firsts.values_list(*_Card._fields)}
    labels = _labels(firsts)
    groups: dict[Group, list[_Photo]] = defaultdict(list)
    for row in frames.order_by("pk").values_list(*_Photo._fields):
        photo = _Photo(*row)
        groups[photo.group].append(photo)
    return [_facts(group, photos, cards, labels) for group, photos in groups.items()]


def _labels(firsts: QuerySet[Scorecard]) -> dict[int, Label]:
    found: dict[int, Label] = {}
    columns = ("scorecard__frame", "scorecard__publish", "scorecard__audit_rate", "label")
    for frame, is_passed, rate, label in telling(firsts).values_list(*columns):
        found.setdefault(frame, Label(frame, is_passed, rate if is_passed else 1.0, label == Decision.Label.BAD))
    return found


def _facts(group: Group, photos: list[_Photo], cards: dict[int, _Card], labels: dict[int, Label]) -> Facts:
    mine = [cards[photo.pk] for photo in photos if photo.pk in cards]
    alike = Counter((card.model_name, card.model_sha256, card.publish, card.is_marked) for card in mine)
    doubted = Counter((card.publish, card.rung, card.tried_besides) for card in mine if card.is_doubted)
    return Facts(
        group=group,
        counts=_counts(photos),
        cards=[Cards(*kind, count) for kind, count in alike.items()],
        labels=[labels[photo.pk] for photo in photos if photo.pk in labels],
        doubted=[Doubted(*kind, count) for kind, count in doubted.items()],
        sent=[_sent(photo, cards.get(photo.pk)) for photo in photos if photo.was_exception],
        waits=[
            (photo.published_at - photo.received_at) // MICROSECOND
            for photo in photos
            if photo.published_at and photo.is_unseen
        ],
    )


def _counts(photos: Iterable[_Photo]) -> Counts:
    told = [(1, p.was_exception, p.has_failed, p.is_unseen, p.published_at is not None) for p in photos]
    return Counts(*map(sum, zip(*told, strict=True)))


def _sent(photo: _Photo, card: _Card | None) -> Sent:
    """By the first scorecard if the gate held that; else by what stopped the frame."""
    if card and not card.publish:
        return Sent(photo.pk, card.reasons, card.confidence)
    return Sent(photo.pk, photo.reasons, None)
