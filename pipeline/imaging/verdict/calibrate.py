"""From labelled metrics to a policy's ranks, calibration and threshold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.imaging.types import Policy
from pipeline.imaging.verdict import logistic
from pipeline.imaging.verdict.logistic import Calibration, Values
from pipeline.imaging.verdict.score import combine, is_parted, score

KNOTS = 16
QUANTILES = 101


@dataclass(frozen=True)
class Labelled:
    """What was measured on one frame, and whether a shop would send it back.

    `weight` is 1 / the probability that it was labelled.
    """

    product: str
    metrics: Mapping[str, float]
    is_bad: bool
    weight: float = 1.0


@dataclass(frozen=True)
class Lesson:
    """What labels taught: a calibration, and each frame's confidence by one that didn't see its product, and cold."""

    calibration: Calibration
    out_of_fold: Values
    cold: Values
    auroc: float
    cold_auroc: float

    @property
    def is_better(self) -> bool:
        return self.auroc > self.cold_auroc


def ranked(policy: Policy, reference: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """The policy with its components ranked anew among the metrics of some photos; labels are not needed.

    Parameters
    ----------
    policy : Policy
        Each component says in `better` whether the "low" or the "high" values of its metric are the good ones.
    reference : sequence of mapping of str to float
        Metrics of photos as they come.

    Returns
    -------
    Policy
    """
    parts = {name: _ranked(part, reference) for name, part in policy["components"].items()}
    return {**policy, "components": parts}


def _ranked(part: Mapping[str, Any], reference: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    sign = 1 if part["better"] == "low" else -1
    values = np.sort([sign * metrics[part["metric"]] for metrics in reference if part["metric"] in metrics])
    if not values.size:
        return dict(part)
    better = np.searchsorted(values, values, side="left") / max(1, values.size - 1)
    distinct, first = np.unique(values, return_index=True)
    shares = better[first]
    kept = np.unique(np.searchsorted(shares, np.linspace(0, 1, KNOTS)).clip(0, len(shares) - 1))
    pairs = sorted((float(f"{sign * distinct[at]:.5g}"), round(float(shares[at]), 4)) for at in kept)
    return {**part, "ranks": [list(pair) for pair in pairs]}


def learn(policy: Policy, labelled: Sequence[Labelled]) -> Lesson:
    """Fit a calibration of the policy's components, and hold it against the cold start on products that it didn't see.

    Parameters
    ----------
    policy : Policy
    labelled : sequence of Labelled

    Returns
    -------
    Lesson

    Raises
    ------
    ValueError
        The labels, in all or outside one of the folds, are all alike.
    """
    names = list(policy["components"])
    components = np.array([components_of(policy, row) for row in labelled])
    is_bad = np.array([row.is_bad for row in labelled])
    weight = np.array([row.weight for row in labelled])
    products = [row.product for row in labelled]
    held_out = logistic.out_of_fold(names, components, is_bad, weight, products)
    cold = np.array([_cold(policy, row) for row in labelled])
    return Lesson(
        calibration=logistic.fit(names, components, is_bad, weight, products),
        out_of_fold=held_out,
        cold=cold,
        auroc=auroc(held_out, is_bad),
        cold_auroc=auroc(cold, is_bad),
    )


def components_of(policy: Policy, row: Labelled) -> list[float]:
    measured = _scored(policy, row)
    return [measured.get(name, logistic.USUAL) for name in policy["components"]]


def _cold(policy: Policy, row: Labelled) -> float:
    return combine(_scored(policy, row))


def _scored(policy: Policy, row: Labelled) -> Mapping[str, float]:
    return score(row.metrics, policy, crop_expected=is_parted(row.metrics)).components


def auroc(confidence: Values, is_bad: NDArray[np.bool_]) -> float:
    """How often a good frame has the higher confidence of a good and a bad one; ties count half.

    Parameters
    ----------
    confidence : (N,) float
    is_bad : (N,) bool

    Returns
    -------
    float, 0–1; 0.5 where all are good or all are bad
    """
    good, bad = confidence[~is_bad][:, None], confidence[is_bad][None]
    if not good.size or not bad.size:
        return 0.5
    return float((good > bad).mean() + (good == bad).mean() / 2)


def loosest_threshold(confidence: Values, is_bad: NDArray[np.bool_], escape: float) -> float:
    """The lowest confidence from which on at most that share of the frames is bad.

    It is chosen on the very labels, so it promises nothing: a certificate does.

    Parameters
    ----------
    confidence : (N,) float, 0–1
        Of the frames that no veto holds.
    is_bad : (N,) bool
    escape : float, 0–1

    Returns
    -------
    float
        2, which nothing reaches, where the surest frame is bad.
    """
    order = np.argsort(-confidence, kind="stable")
    ranked_confidence, bad = confidence[order], np.cumsum(is_bad[order])
    is_last = np.append(ranked_confidence[1:] < ranked_confidence[:-1], True)
    fits = is_last & (bad <= escape * np.arange(1, len(bad) + 1))
    return float(ranked_confidence[fits].min()) if fits.any() else 2.0


def with_thresholds(policy: Policy, threshold: float) -> dict[str, Any]:
    """The same policy with one threshold for every class and view.

    Parameters
    ----------
    policy : Policy
    threshold : float, 0–1

    Returns
    -------
    dict
    """
    thresholds = {
        product_class: dict.fromkeys(views, threshold) for product_class, views in policy["thresholds"].items()
    }
    return {**policy, "thresholds": thresholds}


def taught(policy: Policy, lesson: Lesson, threshold: float) -> dict[str, Any]:
    """The same policy with what a lesson taught.

    Parameters
    ----------
    policy : Policy
    lesson : Lesson
    threshold : float, 0–1
        For every class and view; kept to four digits.

    Returns
    -------
    dict
    """
    return with_thresholds(policy, round(threshold, 4)) | {
        "calibration": lesson.calibration.as_document(),
        "reference": quantiles(lesson.out_of_fold),
    }


def quantiles(confidence: Values) -> list[float]:
    """What drift is measured against: evenly spaced quantiles of the confidences, ascending."""
    return [round(float(value), 4) for value in np.quantile(confidence, np.linspace(0, 1, QUANTILES))]
