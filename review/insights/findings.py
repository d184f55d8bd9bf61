"""What people said of the frames: of those sent to review and of those drawn by chance; read once for all tables."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Count, Q

from pipeline.states import FIRST_LOOK, OWN_ALPHA
from review.evidence.labels import telling
from review.evidence.statistics import Rate, exact_rate, least_review_rate, weighted_rate
from review.insights.scope import Scope
from review.models import Decision

AT_ONCE = (FIRST_LOOK, OWN_ALPHA)
"""What is no rung of the ladder."""


@dataclass(frozen=True)
class Label:
    """The first thing that a person said of a first scorecard."""

    frame: int
    is_passed: bool
    probability: float
    is_bad: bool


@dataclass(frozen=True)
class Doubted:
    """The first scorecard of a frame whose first matte was not good enough: rescued by the ladder, or held."""

    frame: int
    batch: int
    is_passed: bool
    rung: str
    others: list[dict[str, Any]]
    reasons: list[str]
    confidence: float


@dataclass(frozen=True)
class Cards:
    """First scorecards that are alike."""

    model_name: str
    model_sha256: str
    is_passed: bool
    is_marked: bool
    count: int


def labels(scope: Scope) -> dict[int, Label]:
    """By frame, as `evidence.labels.samples` has them."""
    found: dict[int, Label] = {}
    fields = ("scorecard__frame", "scorecard__publish", "scorecard__audit_rate", "label")
    for frame, is_passed, rate, label in telling(scope.firsts()).values_list(*fields):
        found.setdefault(frame, Label(frame, is_passed, rate if is_passed else 1.0, label == Decision.Label.BAD))
    return found


def doubted(scope: Scope) -> list[Doubted]:
    cards = scope.firsts().filter(Q(publish=False) | ~Q(rung__in=AT_ONCE))
    fields = ("frame", "frame__batch", "publish", "rung", "others", "reasons", "confidence")
    return [Doubted(*row) for row in cards.order_by("pk").values_list(*fields)]


def cards(scope: Scope) -> list[Cards]:
    alike = scope.firsts().values_list("model_name", "model_sha256", "publish", "is_marked")
    return [Cards(*row) for row in alike.annotate(n=Count("pk")).order_by("model_name")]


def audits(found: Iterable[Label]) -> list[Label]:
    return [label for label in found if label.is_passed]


def escapes(found: Iterable[Label]) -> Rate:
    drawn = audits(found)
    return exact_rate(sum(label.is_bad for label in drawn), len(drawn))


def defects(found: Iterable[Label]) -> Rate:
    """Weighted, since a frame that was sent to review surely gets a label and one that passed seldom does."""
    known = list(found)
    is_bad, chances = [label.is_bad for label in known], [label.probability for label in known]
    return weighted_rate(np.array(is_bad, bool), np.array(chances, float))


def floor(found: Iterable[Label], escape: float) -> float | None:
    """The least that could be sent to review; unknown before anything was said."""
    known = list(found)
    return least_review_rate(defects(known).value, escape) if known else None
