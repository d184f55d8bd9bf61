"""What people said of the frames: of those sent to review and of those drawn by chance; read once for all tables."""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from review.evidence.statistics import Rate, exact_rate, least_review_rate, weighted_rate
from review.insights.facts import Cards, Facts, Label


def labels(found: Iterable[Facts]) -> dict[int, Label]:
    """By frame, in their order."""
    return {label.frame: label for label in sorted(label for facts in found for label in facts.labels)}


def cards(found: Iterable[Facts]) -> list[Cards]:
    """By model."""
    sums: Counter[tuple[str, str, bool, bool]] = Counter()
    for card in (card for facts in found for card in facts.cards):
        sums[card.model_name, card.model_sha256, card.is_passed, card.is_marked] += card.count
    return [Cards(*kind, count) for kind, count in sorted(sums.items())]


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
