"""Rows that several tests need and none is about."""

from itertools import product
from typing import Any

import numpy as np

from pipeline import naming
from pipeline.engines import object_store
from pipeline.imaging.pictures import renditions
from pipeline.imaging.types import View
from pipeline.imaging.verdict.score import SCORER_VERSION
from pipeline.models import Batch, Frame, GatePolicy, Listing, Scorecard, active_policy
from pipeline.replay import replay
from pipeline.shop import publish
from pipeline.states import State
from review.models import Decision

VIEWS = ("front", "angle", "side", "unnamed")


def scorecard(frame: Frame, **fields: Any) -> Scorecard:
    """The scorecard of the frame's last attempt, which the gate held."""
    usual = {
        "width": 1400,
        "height": 1050,
        "confidence": 0.4321,
        "publish": False,
        "threshold": 0.6543,
        "components": {"haze": 0.1},
        "metrics": {"haze": 0.01},
        "reasons": frame.reasons,
        "seconds": {"matte": 1.0},
        "policy": active_policy(),
    }
    return Scorecard.objects.create(frame=frame, attempt=frame.attempt, **usual | fields)


def sold(batch: Batch, code: str) -> Frame:
    """A published front view, with five small files in the bucket, and a manifest."""
    frame = Frame.objects.create(
        batch=batch, filename=f"{code}_1.png", code=code, view="front", sha256=code, state=State.PUBLISHED, attempt=1
    )
    pixels = np.zeros((9, 12, 3), np.uint8)
    for variant, extension in product(("transparent", "white"), ("jpg", "png", "webp")):
        if (variant, extension) != ("transparent", "jpg"):
            key = naming.rendition_key(code, "front", variant, extension)
            data = renditions.save(pixels, format="JPEG" if extension == "jpg" else extension.upper())
            file = publish.File(variant, extension, key, data)
            object_store.put_published(file.key, file.data)
            file.as_rendition(frame).save()
    object_store.put_published(naming.manifest_key(code, "front"), b"{}")
    Listing.objects.create(code=code, view="front", frame=frame)
    return frame


def bridge_fields(**fields: Any) -> dict[str, Any]:
    """What a scorecard says of a bridge that was found but is in doubt; the near lens is the left one."""
    profile = np.interp(np.arange(129), [0, 40, 62, 70, 92, 128], [0.1, 1, 0.12, 0.12, 0.8, 0.05])
    evidence = {
        "profile": profile.round(3).tolist(),
        "first": 200.0,
        "last": 1224.0,
        "valley": [690.25, 765.5],
        "by_valley": 727.5,
        "by_gap": 705.0,
    }
    usual = {
        "bridge_x": 716.25,
        "product_box": {"y0": 300, "x0": 200, "y1": 800, "x1": 1225},
        "near": "left",
        "bridge_doubt": "estimates-disagree",
        "bridge_evidence": evidence,
    }
    return usual | fields


def policy(name: str = "haze only", **fields: Any) -> GatePolicy:
    """A policy whose confidence is 1 − haze, near enough: it publishes from 0.5 on."""
    thresholds = {product_class: dict.fromkeys(VIEWS, 0.5) for product_class in ("eyewear", "watch")}
    document = {
        "auto_publish": True,
        "audit_rate": 0.5,
        "target": {"escape": 0.1, "delta": 0.1},
        "doubt_below": 0.2,
        "vetoes": [],
        "components": {"haze": {"metric": "haze", "better": "low", "ranks": [[0.0, 0.0], [1.0, 1.0]]}},
        "calibration": {"weights": {"haze": 1.0}, "bias": 2.0, "slope": 2.0, "offset": 0.0},
        "model_sha256": "0" * 64,
        "scorer_version": SCORER_VERSION,
        "thresholds": thresholds,
        "fitted_on": "nothing",
    }
    rows = {name: fields.pop(name) for name in ("is_active", "in_shadow") if name in fields}
    if rows.get("is_active"):
        GatePolicy.objects.update(is_active=False)
    return GatePolicy.objects.create(name=name, version=1, document=document | fields, **rows)


def judged(number: int, row: GatePolicy, *, haze: float, marked: bool = True, view: View = "front") -> Scorecard:
    """A frame that this policy has judged by its haze; it is published if it passed, and held otherwise."""
    batch, _ = Batch.objects.get_or_create(name="Spring")
    frame = Frame.objects.create(
        batch=batch,
        filename=f"P{number}_1.jpg",
        code=f"P{number}",
        view=view,
        sha256=f"{number}-{view}",
        state=State.EXCEPTION,
        attempt=1,
        draw=number / 1e6,
    )
    card = scorecard(
        frame,
        policy=row,
        metrics={"haze": haze},
        reasons=[],
        is_marked=marked,
        audit_rate=row.audit_rate,
        model_sha256="0" * 64,
        scorer_version=SCORER_VERSION,
    )
    result, verdict = replay(card, row)
    fields = {"confidence": result.confidence, "threshold": verdict.threshold, "publish": verdict.publish}
    Scorecard.objects.filter(pk=card.pk).update(**fields)
    if verdict.publish:
        due = "drawn" if marked else ""
        Frame.objects.filter(pk=frame.pk).update(state=State.PUBLISHED, audit_due=due)
    return Scorecard.objects.get(pk=card.pk)


def label(card: Scorecard, *, bad: bool, occasion: str = "") -> Decision:
    """What a person said of it, on the occasion that its verdict brought about."""
    occasion = occasion or ("drawn" if card.publish else "exception")
    kind, said = ("discard", "bad") if bad else ("approve", "good")
    return Decision.objects.create(
        frame=card.frame, scorecard=card, kind=kind, occasion=occasion, label=said, by="olga"
    )
