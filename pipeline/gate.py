"""The gate: a scored frame is published, or held for a person."""

import dataclasses
import logging
from typing import Any

from django.db import transaction

from pipeline import replay
from pipeline.cutout.relight import Enhanced
from pipeline.imaging.framing import bounding_box
from pipeline.imaging.metrics.likeness import MEASURED_SIZE, palette
from pipeline.imaging.metrics.look import measure_look
from pipeline.imaging.scale import shrink
from pipeline.imaging.types import Alternative, Candidate, Examined
from pipeline.imaging.verdict.score import SCORER_VERSION
from pipeline.models import Frame, GatePolicy, Scorecard
from pipeline.states import State, sent_back
from pipeline.transitions import advance, first_verdict, hold

log = logging.getLogger(__name__)


def record(
    frame: Frame,
    policy: GatePolicy,
    examined: Examined,
    enhanced: Enhanced,
    *,
    places: dict[str, list[int]],
    colours: str,
) -> None:
    """Write the scorecard and the words of the policies in shadow, and move the frame on: all of it or nothing."""
    marked = is_marked(frame, policy)
    origin = {"colours": colours, "enhancer": enhanced.enhancer, "fidelity": enhanced.fidelity}
    rgb, alpha = shrink(enhanced.rgb, MEASURED_SIZE), shrink(examined.best.alpha, MEASURED_SIZE)
    look = measure_look(rgb, alpha, frame.view)
    seen = {"places": places, "palette": palette(rgb, alpha), "look": look}
    gemini = enhanced.why_not or frame.gemini
    with transaction.atomic():
        card = write_card(frame, policy, examined, **origin, **seen, is_marked=marked)
        for other in GatePolicy.objects.filter(in_shadow=True):
            replay.shadow(card, other)
        if examined.best.verdict.publish and not sent_back(frame.reasons):
            due = "drawn" if marked else ""
            fields = first_verdict(frame) | {"gemini": gemini, "audit_due": due}
            advance(frame, State.APPROVED, actor="gate", why="confident", **fields)
            log.info("%s is confident (%.2f, %s)", frame, examined.best.score.confidence, examined.best.rung)
        else:
            hold(frame, list(examined.best.verdict.reasons), actor="gate", gemini=gemini)


def write_card(frame: Frame, policy: GatePolicy, examined: Examined, **fields: Any) -> Scorecard:
    """The scorecard of the frame's attempt."""
    return Scorecard.objects.create(
        frame=frame,
        attempt=frame.attempt,
        policy=policy,
        scorer_version=SCORER_VERSION,
        audit_rate=policy.audit_rate,
        **fields,
        **_findings(examined),
    )


def is_marked(frame: Frame, policy: GatePolicy) -> bool:
    """Decided by the frame's file, before anything is known about it. Only its first scorecard counts: a later one is
    of a frame that somebody has seen."""
    return frame.draw < policy.audit_rate and not frame.scorecards.exists()


def _findings(examined: Examined) -> dict[str, Any]:
    best = examined.best
    score, verdict, crop = best.score, best.verdict, best.crop
    return {
        "height": best.alpha.shape[0],
        "width": best.alpha.shape[1],
        "rung": best.rung,
        "others": [_told(other) for other in examined.others],
        "model_name": best.model_name,
        "model_sha256": best.model_sha256,
        "confidence": score.confidence,
        "components": dict(score.components),
        "metrics": dict(score.metrics),
        "publish": verdict.publish,
        "threshold": verdict.threshold,
        "reasons": list(verdict.reasons),
        "bridge_x": crop.bridge_x if crop else None,
        "product_box": _product_box(best),
        "near": crop.near if crop else "",
        "bridge_doubt": (crop and crop.doubt) or "",
        "bridge_evidence": dataclasses.asdict(crop.evidence) if crop and crop.evidence else None,
        "seconds": dict(examined.seconds),
    }


def _product_box(best: Candidate) -> dict[str, int] | None:
    if best.crop:
        return dataclasses.asdict(best.crop.product)
    return dataclasses.asdict(bounding_box(best.alpha > 0)) if best.alpha.any() else None


def _told(other: Alternative) -> dict[str, Any]:
    return {"rung": other.rung, "confidence": other.confidence, "is_partial": other.is_partial}
