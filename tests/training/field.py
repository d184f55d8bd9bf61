"""Labelled photographs as the gate meets them: what the pipeline measures on each, and whether it is right about it.

python -m tests.training.field LABELLED OUT
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from pipeline.cutout import ladder
from pipeline.cutout.examine import examine
from pipeline.cutout.relight import locally
from pipeline.engines.protocols import Matter
from pipeline.imaging.pictures.alpha_png import encode_alpha
from pipeline.imaging.pictures.decode import decode
from pipeline.imaging.types import Candidate, Policy
from pipeline.policies.shipped import shipped_policy
from tests.training.labelled import class_of, read, run, still_to_make
from tests.training.truth import BRIDGE, Judged, judge, true_bridge

Floats = NDArray[np.float32]
TOLD = ("name", "product", "kind", "view", "ground", "style", "design")
ONE_LENS = ("shield", "safety")
"""Their label is the notch's column. That of goggles isn't: it lies behind their foam, so they aren't asked."""
LOOKED_AT_TWICE: Policy = {"sure_from": 2}
"""Every photo gets its second look, and a watch its matte of both, also where the product is sure of the first; the
ladder, which changes no first look, is left out."""


def make_rows(labelled: Path, out: Path, matter: Matter) -> Iterator[str]:
    """Write the matte as NAME.png, then the row as NAME.json, for each row of the set's meta.jsonl; yields the names.
    Resumable."""
    out.mkdir(parents=True, exist_ok=True)
    policy = {**shipped_policy(), **LOOKED_AT_TWICE}
    for told in still_to_make(labelled, out):
        _make_row(labelled, out, told, matter, policy)
        yield told["name"]


def _make_row(labelled: Path, out: Path, told: dict[str, Any], matter: Matter, policy: Policy) -> None:
    name = told["name"]
    rgb = locally(decode((labelled / f"{name}.jpg").read_bytes())).rgb
    with mock.patch.dict(ladder.RUNGS, clear=True):
        best = examine(rgb, matter, class_of(told), told["view"], policy).best
    solid, glass = truth_of(labelled, name)
    judged = judge(solid, glass, best.alpha, may_cut=may_cut(told))
    (out / f"{name}.png").write_bytes(encode_alpha(best.alpha))
    row = _row(told, best, judged, _bridge(told, solid, glass))
    (out / f"{name}.json").write_text(json.dumps(row))


def may_cut(told: dict[str, Any]) -> bool:
    """Whether its lenses may be kept or cut."""
    return told.get("lens") in ("clear", "tint") and told["style"] == "full"


def truth_of(labelled: Path, name: str) -> tuple[Floats, Floats]:
    """The product with its lenses, and without them."""
    solid, glass = (labelled / f"{name}.{part}.png" for part in ("alpha", "glass"))
    return read(solid), read(glass if glass.exists() else solid)


def _row(told: dict[str, Any], best: Candidate, judged: Judged, bridge: float | None) -> dict[str, Any]:
    defects, off = list(judged.defects), None
    if bridge is not None:
        off = abs(best.crop.bridge_x - bridge) / judged.width if best.crop else None
        defects += ["crop"] * (off is None or off > BRIDGE)
    kept = {key: told.get(key) for key in TOLD}
    sure = best.crop is not None and best.crop.is_sure
    found = {"defects": defects, "sad": round(judged.sad, 5), "bridge_off": off, "bridge_asked": bridge is not None}
    return kept | found | {"bridge_sure": sure, "metrics": dict(best.score.metrics)}


def _bridge(told: dict[str, Any], solid: Floats, glass: Floats) -> float | None:
    """The true column of angled eyewear."""
    if (told["kind"], told["view"]) != ("eyewear", "angle"):
        return None
    if told.get("design") in ONE_LENS:
        return float(told["bridge"][0]) if told["bridge"] else None  # a label that lies beyond the photo
    return true_bridge(solid, glass)


def main() -> None:
    run(__doc__, make_rows)


if __name__ == "__main__":
    main()
