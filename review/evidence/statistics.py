"""What may be said of all frames from the labels of some: exact bounds, weighted estimates, a certified threshold."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pipeline.imaging.verdict.calibrate import auroc

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]

GRID = np.round(np.concatenate([1 - np.geomspace(1e-4, 0.1, 60), np.linspace(0.899, 0.001, 450)]), 6)
"""Thresholds that may be certified, from the strictest to the loosest. Fixed, whatever the labels say."""


def upper_bound(k: float, n: float, delta: float) -> float:
    """Exact one-sided upper bound of a rate, k of n (Clopper & Pearson, "The use of confidence or fiducial limits",
    1934).

    >>> round(upper_bound(0, 299, 0.05), 4)
    0.01
    """
    return 1.0 if k >= n else float(special.betaincinv(k + 1, n - k, 1 - delta))


def lower_bound(k: float, n: float, delta: float) -> float:
    """Exact one-sided lower bound of a rate, k of n.

    >>> lower_bound(0, 10, 0.05)
    0.0
    """
    return 0.0 if k <= 0 else float(special.betaincinv(k, n - k + 1, delta))


def least_clean(escape: float, delta: float) -> int:
    """How many labels, all of them good, it takes to say at all that at most that share escapes.

    >>> least_clean(0.01, 0.05), least_clean(0.005, 0.05)
    (299, 598)
    """
    return math.ceil(math.log(delta) / math.log(1 - escape))


@dataclass(frozen=True)
class Certified:
    """A threshold, the labelled frames at or above it, how many of them are bad, and the bound of the rate."""

    threshold: float
    n: int
    k: int
    bound: float


def certify(confidence: Values, is_bad: Flags, escape: float, delta: float, grid: Values = GRID) -> Certified | None:
    """The loosest threshold that passes at most that share of bad frames, at confidence 1 − delta.

    Learn-then-Test with a fixed sequence (Angelopoulos et al., "Learn then test", 2021): from the strictest threshold
    that passes enough frames to say anything, looser and looser while the exact binomial test rejects "more than
    `escape` are bad"; the first that doesn't reject ends the walk. Where the walk begins depends on confidences only,
    never on labels.

    Parameters
    ----------
    confidence : (N,) float
        Of a uniform sample of frames, one a product; −1 where a veto holds the frame.
    is_bad : (N,) bool
    escape, delta : float, 0–1
    grid : (T,) float, falling

    Returns
    -------
    Certified or None
        None if not even the first threshold holds, or too few frames pass any.
    """
    passed = confidence[None] >= grid[:, None]
    n, k = passed.sum(axis=1), (passed & is_bad).sum(axis=1)
    start = int(np.searchsorted(n, least_clean(escape, delta)))
    holds = special.bdtr(k[start:], n[start:], escape) <= delta
    steps = int(np.argmin(holds)) if not holds.all() else len(holds)
    if not steps:
        return None
    # Of the thresholds that pass the same frames the strictest: no label speaks of what lies below.
    last = int(np.searchsorted(n, n[start + steps - 1]))
    return Certified(float(grid[last]), int(n[last]), int(k[last]), upper_bound(int(k[last]), int(n[last]), delta))


@dataclass(frozen=True)
class Rate:
    """An estimated rate and its 95 % interval."""

    value: float
    low: float
    high: float


def weighted_rate(is_bad: Flags, probability: Values) -> Rate:
    """Share of bad frames among all, from labels that some frames were likelier to get than others.

    Each counts for 1 / its probability (Horvitz & Thompson, "A generalization of sampling without replacement from a
    finite universe", 1952), over the sum of these weights (Hájek). The interval is the exact one of so many labels of
    equal weight as say as much (E. Korn and B. Graubard, "Confidence intervals for proportions with small expected
    number of positive counts estimated from survey data", 1998): by the linearised variance, but never more than Kish's
    sample size, because a few labels tell too little of how they vary.

    Parameters
    ----------
    is_bad : (N,) bool
    probability : (N,) float, 0–1
        With which each frame was to be labelled.

    Returns
    -------
    Rate
        0 to 1 where nothing is labelled.
    """
    if not is_bad.size:
        return Rate(0.5, 0.0, 1.0)
    weight = 1 / probability
    value = float(weight @ is_bad / weight.sum())
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    if 0 < value < 1:
        spread = float(weight**2 @ (is_bad - value) ** 2)
        effective = min(effective, value * (1 - value) * float(weight.sum()) ** 2 / spread)
    return replace(exact_rate(value * effective, effective), value=value)


def exact_rate(k: float, n: float) -> Rate:
    """A plain count with its exact 95 % interval; 0 to 1 where nothing was counted."""
    return Rate(k / n if n else 0.0, lower_bound(k, n, 0.025), upper_bound(k, n, 0.025))


def least_review_rate(defect_rate: float, escape: float) -> float:
    """What the best of all scores would still have to hold: (defects − escapes) / (1 − escapes), at least 0.

    >>> round(least_review_rate(0.1045, 0.005), 6)
    0.1
    """
    return max(0.0, (defect_rate - escape) / (1 - escape))


def auroc_gain(new: Values, old: Values, is_bad: Flags, products: Sequence[str], *, repeats: int = 1000) -> Rate:
    """How much better one confidence ranks than another, with an interval from drawing products anew, with replacement.

    Parameters
    ----------
    new, old : (N,) float
    is_bad : (N,) bool
    products : sequence of str
        Of the N frames; frames of one product are drawn together.

    Returns
    -------
    Rate
        Of AUROC, −1 to 1.
    """
    members = [np.flatnonzero(np.array(products) == product) for product in dict.fromkeys(products)]
    rng = np.random.default_rng(0)
    gains = []
    for _ in range(repeats):
        at = np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))])
        gains.append(auroc(new[at], is_bad[at]) - auroc(old[at], is_bad[at]))
    low, high = np.quantile(gains, [0.025, 0.975])
    return Rate(auroc(new, is_bad) - auroc(old, is_bad), float(low), float(high))


def drift(confidence: Values, reference: Values) -> tuple[float, float]:
    """Kolmogorov–Smirnov distance of a sample from a distribution given by evenly spaced quantiles, and its p-value.

    Parameters
    ----------
    confidence : (N,) float
    reference : (Q,) float, ascending

    Returns
    -------
    statistic, p_value : float, 0–1
    """
    from scipy import stats  # to import it takes every process a second, and one in a while asks this

    shares = np.linspace(0, 1, len(reference))
    at_value = np.array([shares[reference <= value].max(initial=0.0) for value in confidence])
    found = stats.kstest(at_value, "uniform")
    return float(found.statistic), float(found.pvalue)
