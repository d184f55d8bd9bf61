"""What other thresholds would do: everything there is to say at each step of a slider, worked out once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.imaging.verdict.logistic import Values
from pipeline.imaging.verdict.many import HELD
from pipeline.models import GatePolicy
from review.evidence.labels import Sample, samples
from review.evidence.statistics import Certified, Rate, certify, least_clean, upper_bound, weighted_rate
from review.policy.certificates import counting
from review.policy.stored import Group, Scorecards, groups_of, scorecards

GRID = np.round(
    np.concatenate([np.linspace(0.01, 0.9, 90), np.linspace(0.905, 0.99, 18), 1 - np.geomspace(9e-3, 1e-4, 15)]), 5
)
"""The slider's steps, beside the thresholds that policies have now."""
SURELY = 2.0
"""The confidence of a frame that a threshold other than the slider's lets pass."""

Thresholds = Mapping[Group, float]


@dataclass(frozen=True)
class Labelled:
    """Labels with the confidence that the policy gives each; only those of one frame a product may certify."""

    groups: list[Group]
    confidence: Values
    is_bad: NDArray[np.bool_]
    probability: Values

    def at(self, group: Group | None, thresholds: Thresholds) -> Values:
        """The confidence that the slider of a group sees, or of all: other groups pass by thresholds of their own."""
        fixed = np.array([thresholds[own] if group and own != group else np.nan for own in self.groups])
        passed = np.where(self.confidence >= fixed, SURELY, HELD)
        return np.where(np.isnan(fixed), self.confidence, passed)


@dataclass(frozen=True)
class Point:
    """What a set of thresholds does."""

    published: int
    total: int
    newly_published: int
    newly_held: int
    escapes: Rate
    labels: int
    n: int
    k: int
    bound: float
    is_earned: bool

    @property
    def review_rate(self) -> float:
        """Sent to review / all, 0–1."""
        return 1 - self.published / self.total if self.total else 0.0


@dataclass(frozen=True)
class Simulation:
    """A policy's scorecards and labels, and the thresholds that it has and is compared with."""

    policy: GatePolicy
    stored: Scorecards
    known: Labelled
    certifying: Labelled
    own: Thresholds
    compared: Thresholds

    @cached_property
    def steps(self) -> Values:
        """Every threshold that the slider stops at, from the loosest."""
        return np.unique(np.concatenate([GRID, [*self.own.values(), *self.compared.values()]]))

    @cached_property
    def _sorted(self) -> dict[Group, Values]:
        return {group: np.sort(stored.confidence) for group, stored in self.stored.groups.items()}

    def curve(self, group: Group | None) -> list[Point]:
        """A point a step: the group's threshold moves, or that of all groups."""
        certifying = self.certifying.at(group, self.own)
        certified = _certified(certifying, self.certifying.is_bad, self.policy)
        known = self.known.at(group, self.own)
        return [
            self._point(float(step), self._moved(group, float(step)), known, certifying, certified)
            for step in self.steps
        ]

    def as_it_is(self) -> Point:
        """With the thresholds that the policy has."""
        known, certifying = (
            np.where(labels.confidence >= np.array([self.own[group] for group in labels.groups]), SURELY, HELD)
            for labels in (self.known, self.certifying)
        )
        certified = _certified(certifying, self.certifying.is_bad, self.policy)
        return self._point(1.0, self.own, known, certifying, certified)

    def _moved(self, group: Group | None, step: float) -> Thresholds:
        return {own: step if group in (None, own) else threshold for own, threshold in self.own.items()}

    def _point(
        self, step: float, thresholds: Thresholds, known: Values, certifying: Values, certified: Certified | None
    ) -> Point:
        escaped = self.known.is_bad[known >= step]
        bad = self.certifying.is_bad[certifying >= step]
        n, k, target = len(bad), int(bad.sum()), self.policy.target
        is_earned = certified is not None and step >= certified.threshold and n >= least_clean(**target)
        return Point(
            **self._counts(thresholds),
            escapes=weighted_rate(escaped, self.known.probability[known >= step]),
            labels=len(escaped),
            n=n,
            k=k,
            bound=upper_bound(k, n, target["delta"]),
            is_earned=is_earned,
        )

    def _counts(self, thresholds: Thresholds) -> dict[str, int]:
        counts = dict.fromkeys(("published", "total", "newly_published", "newly_held"), 0)
        for group, confidence in self._sorted.items():
            now, before = (
                len(confidence) - int(np.searchsorted(confidence, at))
                for at in (thresholds[group], self.compared[group])
            )
            counts["published"] += now
            counts["total"] += len(confidence)
            counts["newly_published"] += max(0, now - before)
            counts["newly_held"] += max(0, before - now)
        return counts


def simulate(policy: GatePolicy) -> Simulation:
    stored = scorecards(policy)
    own = thresholds_of(policy, groups_of(policy))
    return Simulation(
        policy=policy,
        stored=stored,
        known=_labelled(samples(), stored),
        certifying=_labelled(counting(policy), stored),
        own=own,
        compared=thresholds_of(policy.copied_from or policy, own),
    )


def thresholds_of(policy: GatePolicy, groups: list[Group] | Thresholds) -> dict[Group, float]:
    return {(name, view): float(policy.document["thresholds"][name][view]) for name, view in groups}


def _labelled(chosen: Iterable[Sample], stored: Scorecards) -> Labelled:
    known = [sample for sample in chosen if sample.card.pk in stored.of_card]
    return Labelled(
        groups=[(sample.card.frame.product_class, sample.card.frame.view) for sample in known],
        confidence=np.array([stored.of_card[sample.card.pk] for sample in known], float),
        is_bad=np.array([sample.is_bad for sample in known], bool),
        probability=np.array([sample.probability for sample in known], float),
    )


def _certified(confidence: Values, is_bad: NDArray[np.bool_], policy: GatePolicy) -> Certified | None:
    target = policy.target
    return certify(confidence, is_bad, target["escape"], target["delta"]) if confidence.size else None
