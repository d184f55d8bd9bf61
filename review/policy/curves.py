"""A simulation as the slider's script reads it: words and frames by step, nothing left to work out."""

from typing import Any

import numpy as np

from pipeline.models import GatePolicy
from pipeline.templatetags.mattegate import per_cent
from review.evidence.statistics import least_clean
from review.policy.simulation import Point, Simulation
from review.policy.stored import Group, Stored

EVERY = "all"
FEW = 6
"""Frames kept of a step and a group: they are shown, not counted."""


def as_json(simulation: Simulation) -> dict[str, Any]:
    policy, groups = simulation.policy, list(simulation.own)
    scopes = [None, *(group for group in groups if simulation.stored.groups[group].shown)]
    return {
        "steps": simulation.steps.tolist(),
        "total": len(simulation.stored.of_card),
        "leftOut": simulation.stored.left_out,
        "asItIs": words(simulation.as_it_is(), policy),
        "scopes": {key_of(scope): [words(point, policy) for point in simulation.curve(scope)] for scope in scopes},
        "groups": {
            key_of(group): {
                "own": _step(simulation, simulation.own[group]),
                "compared": _step(simulation, simulation.compared[group]),
                "frames": _frames(simulation, simulation.stored.groups[group]),
            }
            for group in groups
        },
    }


def key_of(group: Group | None) -> str:
    return " ".join(group) if group else EVERY


def words(point: Point, policy: GatePolicy) -> dict[str, Any]:
    """A point's figures, each with what it is a share of."""
    return {
        "review": f"{per_cent(point.review_rate)} ({point.total - point.published:,} of {point.total:,})",
        "escapes": _escapes(point),
        "certificate": _certificate(point, policy),
        "earned": point.is_earned,
        "newlyPublished": point.newly_published,
        "newlyHeld": point.newly_held,
    }


def _escapes(point: Point) -> str:
    if not point.labels:
        return "not known: none of these has a label"
    rate = point.escapes
    return f"{per_cent(rate.value)} ({per_cent(rate.low)} – {per_cent(rate.high)}; {_labels(point.labels)})"


def _certificate(point: Point, policy: GatePolicy) -> str:
    target, missing = policy.target, least_clean(**policy.target) - point.n
    promise = f"at most {per_cent(target['escape'])} bad"
    if point.is_earned:
        return f"yes, {promise}: {point.k} of the {_labels(point.n)} that count bad, bound {per_cent(point.bound)}"
    if missing > 0:
        counting = f"of the {_labels(point.labels)} above {point.n:,} count for it, {point.k} of these bad"
        return f"no: at least {missing:,} more good labels are needed ({counting})"
    told = f"no: {point.k} of the {_labels(point.n)} that count bad"
    return f"{told}; here or at a stricter threshold that is too many for {promise}"


def _labels(count: int) -> str:
    return f"{count:,} label{'' if count == 1 else 's'}"


def _step(simulation: Simulation, threshold: float) -> int:
    return int(np.searchsorted(simulation.steps, threshold))


def _frames(simulation: Simulation, stored: Stored) -> dict[int, list[list[Any]]]:
    """By step, a few frames that its threshold lets pass and the next one doesn't; none that nothing lets pass."""
    by_step: dict[int, list[list[Any]]] = {}
    at = np.searchsorted(simulation.steps, stored.confidence, side="right") - 1
    for shown, confidence, step in zip(stored.shown, stored.confidence.tolist(), at.tolist(), strict=True):
        kept = by_step.setdefault(step, []) if step >= 0 else None
        if kept is not None and len(kept) < FEW:
            kept.append([shown.frame, shown.attempt, shown.code, round(confidence, 3)])
    return by_step
