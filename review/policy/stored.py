"""Stored scorecards as a policy sees them: of every frame the first one, with the confidence that it would give."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from pipeline.imaging.verdict.logistic import Values
from pipeline.imaging.verdict.many import confidences
from pipeline.imaging.verdict.score import is_parted
from pipeline.models import GatePolicy
from review.evidence.labels import first_scorecards

MOST = 100_000
"""The newest ones: older photos say little of those to come."""
AT_ONCE = 5000
FIELDS = ("pk", "frame", "attempt", "frame__code", "frame__product_class", "frame__view", "metrics")

Group = tuple[str, str]
"""A class and a view: each has a threshold of its own."""


@dataclass(frozen=True)
class Shown:
    """What it takes to show a frame."""

    frame: int
    attempt: int
    code: str


@dataclass
class Stored:
    """The frames of one group, in no order: as a person is shown them, and how sure the policy is of each."""

    shown: list[Shown] = field(default_factory=list)
    confidence: Values = field(default_factory=lambda: np.zeros(0))

    def add(self, shown: Iterable[Shown], confidence: Values) -> None:
        self.shown.extend(shown)
        self.confidence = np.concatenate([self.confidence, confidence])


@dataclass
class Scorecards:
    """By group; `of_card` is the confidence by a scorecard's number; `left_out` counts those that can't be scored."""

    groups: dict[Group, Stored]
    of_card: dict[int, float]
    left_out: int


def scorecards(policy: GatePolicy, most: int = MOST) -> Scorecards:
    """The newest first scorecards, by the policy's calibration and vetoes; vetoed ones have `many.HELD`."""
    found = Scorecards({group: Stored() for group in groups_of(policy)}, {}, 0)
    rows = first_scorecards().order_by("-pk")[:most].values_list(*FIELDS).iterator(chunk_size=AT_ONCE)
    while chunk := list(islice(rows, AT_ONCE)):
        alike: dict[tuple[Group, bool], list[tuple[Any, ...]]] = defaultdict(list)
        for row in chunk:
            alike[(row[4], row[5]), is_parted(row[6])].append(row)
        for (group, crop_expected), members in alike.items():
            _add(found, policy, group, members, crop_expected=crop_expected)
    return found


def groups_of(policy: GatePolicy) -> list[Group]:
    """Those that the policy has thresholds for and that frames can be of."""
    thresholds = policy.document["thresholds"]
    return [(name, view) for name, views in thresholds.items() for view in views if view != "unnamed"]


def _add(
    found: Scorecards, policy: GatePolicy, group: Group, rows: list[tuple[Any, ...]], *, crop_expected: bool
) -> None:
    if group not in found.groups:
        found.left_out += len(rows)
        return
    confidence = confidences([row[6] for row in rows], policy.document, crop_expected=crop_expected)
    is_known = ~np.isnan(confidence)
    found.left_out += int((~is_known).sum())
    known = [row for row, judged in zip(rows, is_known, strict=True) if judged]
    found.groups[group].add((Shown(*row[1:4]) for row in known), confidence[is_known])
    found.of_card.update(zip((row[0] for row in known), confidence[is_known].tolist(), strict=True))
