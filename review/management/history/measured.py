"""Measurements to choose from: metrics drawn along the policy's own ranks, then scored and judged by it."""

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, get_args

import numpy as np

from pipeline.imaging.types import BridgeEvidence, Policy, ProductClass, View
from pipeline.imaging.verdict.score import SCORER_VERSION, judge, score
from pipeline.listing_spec import has_half_glass
from pipeline.models import GatePolicy

SEVERITIES = ((0.1, 0.6), (0.8, 2.2))
"""Of those that mostly pass, and of those that mostly don't."""
GOOD = {
    "coverage": 0.12,
    "border_touch": 0.0,
    "raw_min": 0.0,
    "looks_front": 0.0,
    "looks_angle": 0.0,
    "looks_side": 0.0,
}
VETOED = {"touches-border": {"border_touch": 0.02}, "several-products": {"several": 1.0}}
VETO_SHARE = 0.15
"""Of those that don't pass."""
RUNGS = ("closer", "relit", "second-model")
RESCUED = 0.03
"""Of those that pass, by a rung of the ladder."""
SIZES = ((4000, 3000), (6000, 4000), (2400, 2400))

Columns = dict[str, Any]
Measured = dict[tuple[str, str, bool], list[Columns]]
"""By class, view, and whether it passes: columns of scorecards, as the database takes them."""


def measured(policy: GatePolicy, kinds: int, dice: random.Random) -> Measured:
    """That many which pass, and as many that don't, of each class and view."""
    found: Measured = {}
    for product_class in get_args(ProductClass):
        for view in get_args(View):
            halves: dict[bool, list[Columns]] = defaultdict(list)
            for columns in _draws(policy, product_class, view, dice):
                half = halves[columns["publish"]]
                if len(half) < kinds:
                    half.append(columns)
                if sum(map(len, halves.values())) == 2 * kinds:
                    break
            found |= {(product_class, view, publish): half for publish, half in halves.items()}
    return found


def _draws(policy: GatePolicy, product_class: ProductClass, view: View, dice: random.Random) -> Iterator[Columns]:
    while True:
        for least, most in SEVERITIES:
            yield _columns(policy, product_class, view, dice.uniform(least, most), dice)


def _columns(
    policy: GatePolicy, product_class: ProductClass, view: View, severity: float, dice: random.Random
) -> Columns:
    document: Any = policy.document
    has_bridge = has_half_glass(product_class, view)
    metrics = _metrics(document, severity, dice)
    if severity > 0.7 and dice.random() < VETO_SHARE:
        metrics |= dice.choice(list(VETOED.values()))
    if has_bridge:
        metrics |= {"bridge_found": 1.0, "bridge_sure": float(dice.random() < 0.9)}
    found = score(metrics, document, crop_expected=has_bridge)
    verdict = judge(found, document, product_class, view)
    width, height = dice.choice(SIZES)
    return {
        "width": width,
        "height": height,
        "confidence": found.confidence,
        "publish": verdict.publish,
        "threshold": verdict.threshold,
        "components": json.dumps(dict(found.components)),
        "metrics": json.dumps(metrics),
        "reasons": json.dumps(verdict.reasons),
        "places": json.dumps(
            {reason: [width // 4, height // 3, width // 3, height // 2] for reason in verdict.reasons}
        ),
        "product_box": json.dumps({"y0": height // 4, "x0": width // 5, "y1": height // 2, "x1": width * 4 // 5}),
        "seconds": json.dumps(_seconds(dice, is_held=not verdict.publish)),
        "model_name": "isnet-imgly-fp16",
        "model_sha256": document["model_sha256"],
        "enhancer": "local-1",
        "scorer_version": SCORER_VERSION,
        "audit_rate": policy.audit_rate,
        "policy_id": policy.pk,
        **_ladder(found.confidence, dice, is_held=not verdict.publish),
        **(_bridge(width, dice, is_sure=bool(metrics["bridge_sure"])) if has_bridge else {}),
    }


def _metrics(document: Policy, severity: float, dice: random.Random) -> dict[str, float]:
    """The severer, the nearer to the worst that the policy knows of."""
    drawn = dict(GOOD)
    for part in document["components"].values():
        values, better = zip(*part["ranks"], strict=True)
        order = np.argsort(better, kind="stable")
        share = dice.betavariate(severity, 3)
        drawn[part["metric"]] = round(float(np.interp(share, np.array(better)[order], np.array(values)[order])), 6)
    return drawn


def _seconds(dice: random.Random, *, is_held: bool) -> dict[str, float]:
    usual = {"decode": 0.9, "enhance": 0.2, "matte": 1.6, "score": 0.5, "clean": 0.1, "previews": 0.4, "store": 0.3}
    usual |= dict.fromkeys(RUNGS, 2.5) if is_held else {}
    return {stage: round(seconds * dice.lognormvariate(0, 0.3), 4) for stage, seconds in usual.items()}


def _ladder(confidence: float, dice: random.Random, *, is_held: bool) -> Columns:
    """What else was tried: all rungs of what is held, and of what was rescued the looks that came before."""
    if is_held:
        others = [{"rung": rung, "confidence": round(confidence * dice.random(), 4)} for rung in RUNGS]
        return {"others": json.dumps(others)}
    if dice.random() < RESCUED:
        return {"rung": "relit", "others": json.dumps([{"rung": "first-look", "confidence": 0.5}])}
    return {}


def _bridge(width: int, dice: random.Random, *, is_sure: bool) -> Columns:
    x = width / 2 + dice.gauss(0, width / 60)
    profile = tuple(
        np.interp(np.arange(129), [0, 40, 62, 70, 92, 128], [0.1, 1, 0.12, 0.12, 0.8, 0.05]).round(3).tolist()
    )
    evidence = BridgeEvidence(profile, width * 0.2, width * 0.8, (x - 20, x + 20), x, x + 2)
    return {
        "bridge_x": x,
        "near": dice.choice(("left", "right")),
        "bridge_doubt": "" if is_sure else "estimates-disagree",
        "bridge_evidence": json.dumps(asdict(evidence)),
    }
