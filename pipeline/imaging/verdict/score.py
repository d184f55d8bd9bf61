"""From a matte to a confidence that can be explained, and from that to a verdict.

metrics (raw figures) → components (0–1, 1 = good) by their rank among reference photos → confidence → verdict by a
threshold.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.imaging.types import Policy, ProductClass, Score, Verdict, View
from pipeline.imaging.verdict.logistic import Calibration, doubts

SCORER_VERSION = "5"

MOST_REASONS = 6
LEAST_COVERAGE = 0.002
MOST_BORDER = 0.001

VETOES: dict[str, Callable[[Mapping[str, float]], bool]] = {
    "empty": lambda metrics: metrics["coverage"] < LEAST_COVERAGE,
    "touches-border": lambda metrics: metrics["border_touch"] > MOST_BORDER,
    "no-bridge": lambda metrics: metrics.get("bridge_found") == 0,
    "looks-front": lambda metrics: metrics.get("looks_front") == 1,
    "looks-angle": lambda metrics: metrics.get("looks_angle") == 1,
    "looks-side": lambda metrics: metrics.get("looks_side") == 1,
    "several-products": lambda metrics: metrics.get("several") == 1,
}
VIEW_VETOES = frozenset({"looks-front", "looks-angle", "looks-side", "several-products"})
LOST_PARTS = frozenset(
    {"left-out", "half-gone", "fading", "fading-stretch", "eaten", "see-through", "likely-missing", "likely-thin"}
)
"""Doubts that something of the product is missing; nobody can publish a whole product from such a matte."""
OF_THE_VIEW = frozenset({"unusual_shape", "asymmetry", "view_unseen"})
"""Metrics that are bad when the name says another view than the photo shows."""


def score(metrics: Mapping[str, float], policy: Policy, *, crop_expected: bool) -> Score:
    """Combine metrics to one confidence, with the breakdown and the reasons for doubt.

    Parameters
    ----------
    metrics : mapping of str to float
        As `measuring` measures them.
    policy : Policy
        Without a `calibration` the confidence is `combine`'s, else that of `logistic.Calibration`.
    crop_expected : bool
        Whether a half-glass crop is asked for; else the bridge's metrics are not asked for either.

    Returns
    -------
    Score
        Its confidence never falls when a component rises. Reasons are the codes of the vetoes, then of the components
        below the policy's `doubt_below` that cost the most confidence, at most six, the costliest first.

    Raises
    ------
    KeyError
        If the policy names a metric that was not measured, and that isn't optional.
    """
    components = {
        name: component(metrics[part["metric"]], part)
        for name, part in asked(policy, crop_expected=crop_expected).items()
        if not (part.get("optional") and part["metric"] not in metrics)
    }
    vetoes = tuple(code for code in policy["vetoes"] if VETOES[code](metrics))
    return Score(
        confidence=confidence_of(components, policy),
        components=components,
        metrics=dict(metrics),
        vetoes=vetoes,
        reasons=_reasons(vetoes, _doubted(components, policy), policy),
    )


def asked(policy: Policy, *, crop_expected: bool) -> dict[str, Mapping[str, Any]]:
    """The policy's components that count for such a photo: the bridge's only where it is parted there."""
    return {name: part for name, part in policy["components"].items() if crop_expected or not _is_of_bridge(part)}


def is_parted(metrics: Mapping[str, float]) -> bool:
    """Whether a half-glass crop was asked for when these metrics were measured."""
    return "bridge_found" in metrics


def _doubted(components: Mapping[str, float], policy: Policy) -> list[str]:
    """What lowers the confidence: a component that has no weight is no reason, however low it is."""
    low = {name: value for name, value in components.items() if value < policy["doubt_below"]}
    costs = costs_of(low, policy)
    return sorted(costs, key=lambda name: -costs[name])[:MOST_REASONS]


def weights_of(components: Mapping[str, float], policy: Policy) -> Mapping[str, float]:
    """How much each component counts; those that are not in it count for nothing."""
    return (policy.get("calibration") or {}).get("weights") or dict.fromkeys(components, 1.0)


def costs_of(components: Mapping[str, float], policy: Policy) -> dict[str, float]:
    """What each component that counts takes from the confidence, as weighted doubt (0 and more)."""
    weights = weights_of(components, policy)
    return {name: weights[name] * float(doubts(value)) for name, value in components.items() if name in weights}


def confidence_of(components: Mapping[str, float], policy: Policy) -> float:
    """The policy's calibration of some components, or the cold start's word if it has none."""
    calibration = policy.get("calibration")
    return Calibration(**calibration).confidence(components) if calibration else combine(components)


def _reasons(vetoes: tuple[str, ...], doubts: list[str], policy: Policy) -> tuple[str, ...]:
    """Each fact once: nothing more can be said of nothing, of a bridge that was not found, nor of the wrong view."""
    if "empty" in vetoes:
        return ("empty",)
    if "no-bridge" in vetoes:
        doubts = [name for name in doubts if not _is_of_bridge(policy["components"][name])]
    if VIEW_VETOES.intersection(vetoes):
        doubts = [name for name in doubts if policy["components"][name]["metric"] not in OF_THE_VIEW]
    return (*vetoes, *doubts)


def _is_of_bridge(part: Mapping[str, Any]) -> bool:
    return str(part["metric"]).startswith("bridge_")


def judge(score: Score, policy: Policy, product_class: ProductClass, view: View | None) -> Verdict:
    """Say whether a score is good enough to publish unseen.

    Parameters
    ----------
    score : Score
    policy : Policy
        With `auto_publish` false nothing is published.
    product_class : {"eyewear", "watch"}
    view : {"front", "angle", "side"} or None

    Returns
    -------
    Verdict
        Its reasons are never empty when it does not publish.
    """
    threshold = float(policy["thresholds"][product_class][view or "unnamed"])
    if not policy["auto_publish"]:
        return Verdict(publish=False, threshold=threshold, reasons=(*score.reasons, "held-all"))
    if not score.vetoes and score.confidence >= threshold:
        return Verdict(publish=True, threshold=threshold)
    return Verdict(publish=False, threshold=threshold, reasons=score.reasons or ("low-confidence",))


def component(value: float, part: Mapping[str, Any]) -> float:
    """Place a metric between the best and the worst that a policy's component knows of.

    Parameters
    ----------
    value : float
    part : mapping
        Its `ranks` are pairs of a metric's value and the share of the reference photos that were better, in the order
        of the values; straight in between. Policies from before the ranks have `good` and `bad` instead.

    Returns
    -------
    float, 0 (as bad as the worst) – 1 (as good as the best)
    """
    return float(placed(np.array(value, float), part))


def placed(values: NDArray[np.float64], part: Mapping[str, Any]) -> NDArray[np.float64]:
    """`component` of many values at once; NaN stays NaN."""
    if "ranks" not in part:
        return np.asarray(np.clip((values - part["bad"]) / (part["good"] - part["bad"]), 0, 1))
    ranks, better = zip(*part["ranks"], strict=True)
    return np.asarray(1 - np.interp(values, ranks, better))


def weakest(components: Mapping[str, float]) -> list[str]:
    """The codes of the two components that are the least good."""
    return sorted(components, key=lambda name: components[name])[:2]


def combine(components: Mapping[str, float]) -> float:
    """Cold start, without any label: 0–1, near 0 as soon as one component is among the worst.

    The doubts add up as they do in a calibration whose weights are all alike.
    """
    total = float(np.mean(doubts(np.array(list(components.values())))))
    return float(np.exp(-total))
