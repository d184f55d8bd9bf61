"""The gate: a scored frame is published or held for a person; a failed one is tried again or held."""

import dataclasses
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from pipeline import regating
from pipeline.engines.object_store import ObjectStoreError
from pipeline.enhancing import Enhanced
from pipeline.imaging.framing import bounding_box
from pipeline.imaging.score import SCORER_VERSION
from pipeline.imaging.types import Candidate, Examined
from pipeline.models import Frame, GatePolicy, Scorecard
from pipeline.states import State, in_words
from pipeline.transitions import StaleTransition, advance

log = logging.getLogger(__name__)
# What may go well the next time. A database that fails is not among them: what can't be written down is left to the
# reaper, which finds the lapsed lease.
PASSING_FAULTS = (ObjectStoreError, MemoryError)


def active_policy() -> GatePolicy:
    return GatePolicy.objects.get(is_active=True)


def record(
    frame: Frame,
    policy: GatePolicy,
    examined: Examined,
    enhanced: Enhanced,
    *,
    places: dict[str, list[int]],
) -> None:
    """Write the scorecard and the words of the policies in shadow, and move the frame on: all of it or nothing."""
    marked = is_marked(frame, policy)
    origin = {"enhancer": enhanced.enhancer, "fidelity": enhanced.fidelity}
    gemini = enhanced.why_not or frame.gemini
    with transaction.atomic():
        card = write_card(frame, policy, examined, **origin, is_marked=marked, places=places)
        for other in GatePolicy.objects.filter(in_shadow=True):
            regating.shadow(card, other)
        if examined.best.verdict.publish:
            due = "drawn" if marked else ""
            fields = _first_verdict(frame) | {"gemini": gemini, "audit_due": due}
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
        "others": [{"rung": other.rung, "confidence": other.confidence} for other in examined.others],
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


def hold(frame: Frame, reasons: list[str], cause: str = "", *, actor: str, **fields: Any) -> None:
    """Into the exception queue."""
    fields |= _first_verdict(frame) | {"reasons": reasons, "cause": cause, "was_exception": True}
    fields["has_failed"] = frame.has_failed or bool(cause)
    why = cause or "; ".join(map(in_words, reasons))
    advance(frame, State.EXCEPTION, actor=actor, why=why, **fields)
    log.info("%s waits for a person: %s", frame, why)


def retry_or_hold(frame: Frame, back_to: State, cause: str, *, actor: str) -> None:
    """After a passing fault: back to where the reaper picks it up, or to people when the tries are spent."""
    faults = frame.faults + 1
    if faults < settings.MAX_FAULTS:
        advance(frame, back_to, actor=actor, why=cause, faults=faults)
    else:
        reason = "attempts-spent" if back_to == State.RECEIVED else "publishing-failed"
        hold(
            frame,
            [reason],
            actor=actor,
            cause=f"{cause} Tried {faults} times; reprocess it when an admin has mended the cause.",
        )


@contextmanager
def left_to_others(frame: Frame) -> Iterator[None]:
    """A frame that somebody else has taken meanwhile is theirs; one whose state can't be written is the reaper's."""
    try:
        yield
    except StaleTransition as lost:
        log.info("%s; left to who has it now", lost)
    except DatabaseError:
        log.exception("frame %s: the database failed; the reaper will try again", frame.pk)


@contextmanager
def faults_answered(frame: Frame, step: str, *, back_to: State, hint: str = "") -> Iterator[None]:
    """Whatever goes wrong in this step, the frame ends in a state that somebody acts on."""
    try:
        yield
    except (StaleTransition, DatabaseError):
        raise
    except PASSING_FAULTS as error:
        retry_or_hold(frame, back_to, f"{step} failed: {error}{hint}", actor="worker")
    except Exception as error:
        log.exception("frame %s (%s): a fault in the program", frame.pk, frame)
        what = f"{type(error).__name__}: {error}"
        cause = f"A fault in the program stopped {step.lower()} ({what}); reprocess or report it."
        hold(frame, ["program-fault"], cause, actor="worker")


def _first_verdict(frame: Frame) -> dict[str, Any]:
    return {"processed_at": frame.processed_at or timezone.now(), "reasons": [], "cause": "", "faults": 0}
