"""From a matte to a confidence that can be explained, and from that to a verdict.

metrics (raw figures) → components (0–1, 1 = good) by the policy's linear ramps → confidence → verdict by its threshold.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pipeline.imaging import edges
from pipeline.imaging.scale import shrink
from pipeline.imaging.types import RGB, Crop, Matte, Policy, ProductClass, Score, Verdict, View

SCORER_VERSION = "3"

MEASURED_SIZE = 1024
LEAST_COVERAGE = 0.002
MOST_BORDER = 0.001

VETOES: dict[str, Callable[[Mapping[str, float]], bool]] = {
    "empty": lambda metrics: metrics["coverage"] < LEAST_COVERAGE,
    "touches-border": lambda metrics: metrics["border_touch"] > MOST_BORDER,
    "no-bridge": lambda metrics: metrics.get("bridge_found") == 0,
    "looks-front": lambda metrics: metrics.get("looks_front") == 1,
    "looks-angle": lambda metrics: metrics.get("looks_angle") == 1,
    "looks-side": lambda metrics: metrics.get("looks_side") == 1,
}
VIEW_VETOES = frozenset({"looks-front", "looks-angle", "looks-side"})
LOOKS: dict[str, View] = {"looks_front": "front", "looks_angle": "angle", "looks_side": "side"}
"""The metrics that these vetoes read, and the view that each speaks of."""


def measure(rgb: RGB, matte: Matte, crop: Crop | None, crop_expected: bool) -> dict[str, float]:
    """Measure everything that the score is made of.

    Parameters
    ----------
    rgb : (H, W, 3) uint8
        The photograph that was matted.
    matte : Matte
        Its alpha, H × W.
    crop : Crop or None
        What `halfglass.find_crop` found.
    crop_expected : bool
        Whether a half-glass crop is asked for; bridge metrics are measured only then.

    Returns
    -------
    dict of str to float
        Metrics by name; ranges as the functions in `edges` say.
    """
    alpha = shrink(matte.alpha, MEASURED_SIZE)
    metrics = {
        "coverage": edges.coverage(alpha),
        "softness": edges.softness(alpha),
        "band_width": edges.band_width(alpha),
        "edge_alignment": edges.edge_alignment(alpha, shrink(rgb, MEASURED_SIZE)),
        "border_touch": edges.border_touch(alpha),
        "second_component": edges.second_component(alpha),
        "haze": edges.haze(alpha),
        "see_through": edges.see_through(alpha),
        "left_out": matte.left_out,
        "raw_min": matte.raw_min,
        "raw_max": matte.raw_max,
    }
    if crop_expected:
        metrics["bridge_found"] = float(crop is not None)
        metrics["bridge_sure"] = float(crop is not None and crop.is_sure)
    return metrics


def measure_view(seen: View | None, named: View | None) -> dict[str, float]:
    """Whether a photo looks like another view than its name says.

    Parameters
    ----------
    seen : {"front", "angle", "side"} or None
        What `viewpoint.seen_view` says of its matte.
    named : {"front", "angle", "side"} or None

    Returns
    -------
    dict of str to float
        looks_front, looks_angle, looks_side: 1 for a view that is seen but not named, else 0.
    """
    return {name: float(named is not None and seen == view != named) for name, view in LOOKS.items()}


def score(metrics: Mapping[str, float], policy: Policy, *, crop_expected: bool) -> Score:
    """Combine metrics to one confidence, with the breakdown and the reasons for doubt.

    The confidence is the worst component times the mean of all: one bad component is enough to doubt,
    several middling ones add up, and it never falls when a component rises.

    Parameters
    ----------
    metrics : mapping of str to float
        As `measure` returns them.
    policy : Policy
    crop_expected : bool
        As given to `measure`.

    Returns
    -------
    Score
        Reasons are the codes of the vetoes, then of the components below the policy's `doubt_below`, worst first.

    Raises
    ------
    KeyError
        If the policy names a metric that was not measured.
    """
    components = {
        name: ramp(metrics[part["metric"]], good=part["good"], bad=part["bad"])
        for name, part in policy["components"].items()
        if crop_expected or not _is_of_bridge(part)
    }
    vetoes = tuple(code for code in policy["vetoes"] if VETOES[code](metrics))
    doubts = sorted((value, name) for name, value in components.items() if value < policy["doubt_below"])
    return Score(
        confidence=combine(components),
        components=components,
        metrics=dict(metrics),
        vetoes=vetoes,
        reasons=_reasons(vetoes, [name for _, name in doubts], policy),
    )


def _reasons(vetoes: tuple[str, ...], doubts: list[str], policy: Policy) -> tuple[str, ...]:
    """Each fact once: nothing more can be said of nothing, nor of a bridge that was not found."""
    if "empty" in vetoes:
        return ("empty",)
    if "no-bridge" in vetoes:
        doubts = [name for name in doubts if not _is_of_bridge(policy["components"][name])]
    return (*vetoes, *doubts)


def _is_of_bridge(component: Mapping[str, Any]) -> bool:
    return str(component["metric"]).startswith("bridge_")


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


def ramp(value: float, *, good: float, bad: float) -> float:
    """Place a metric on the line from `bad` (0) to `good` (1), whichever of the two is the larger."""
    return float(np.clip((value - bad) / (good - bad), 0, 1))


def combine(components: Mapping[str, float]) -> float:
    """Worst component times the mean of all, 0–1."""
    values = list(components.values())
    return min(values) * float(np.mean(values))
