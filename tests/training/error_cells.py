"""Labelled photographs as the network that finds errors sees them, with where their mattes are wrong.

python -m tests.training.error_cells LABELLED ROWS OUT, after tests.training.field LABELLED ROWS
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from pipeline.cutout.matte import by_rules, flattened, mended_by, scene_of, seen_of
from pipeline.cutout.relight import locally
from pipeline.engines.error_net import SHOWN
from pipeline.engines.fusion_net import Mended
from pipeline.engines.protocols import Matter
from pipeline.imaging.framing import resized
from pipeline.imaging.matte.evidence import FRAME
from pipeline.imaging.pictures.decode import decode
from pipeline.imaging.types import Alpha, Matte
from tests.training.error_network import CELL, cells_of, features_of
from tests.training.field import may_cut, truth_of
from tests.training.labelled import class_of, read, run, still_to_make
from tests.training.packing import packed_features
from tests.training.truth import where_wrong

Floats = NDArray[np.float32]
WHOLE = 8
"""So many lost pixels of a centre line are a cell's whole length of it."""


def make_cells(labelled: Path, rows: Path, out: Path, matter: Matter) -> Iterator[str]:
    """Write NAME.npz, then the row as NAME.json, for each row that `field` has made, but those of two products, which
    are held anyway; yields the names. Resumable.

    Of photographs before other than studio backdrops there is the row alone.
    """
    out.mkdir(parents=True, exist_ok=True)
    for told in still_to_make(labelled, out):
        row = rows / f"{told['name']}.json"
        if row.exists() and told["style"] != "set":
            _make(labelled, row, out / row.name, told, matter)
            yield told["name"]


def _make(labelled: Path, row: Path, made: Path, told: dict[str, Any], matter: Matter) -> None:
    scene = scene_of(locally(decode((labelled / f"{told['name']}.jpg").read_bytes())).rgb, class_of(told), "keep")
    if scene.ground is not None:
        word = matter.matte(flattened(scene))
        truth = *truth_of(labelled, told["name"]), read(row.with_suffix(".png"))
        solid, glass, alpha = (seen_of(scene, layer) for layer in truth)
        wrong = where_wrong(solid, glass, alpha, may_cut=may_cut(told))
        mended = mended_by(scene, scene.ground, word, by_rules(scene, scene.ground, word.alpha))
        layers = packed(alpha, mended, word) | {"wrong": _cells_wrong(wrong)}
        np.savez(made.with_suffix(".npz"), allow_pickle=False, **layers)
    made.write_text(row.read_text())


def packed(alpha: Alpha, mended: Mended, word: Matte) -> dict[str, NDArray[Any]]:
    """What the network is shown, as it is kept."""
    knew, seen = ([torch.from_numpy(layer[None]) for layer in layers] for layers in (mended.knew, word.seen[SHOWN]))
    squared = (resized(alpha, FRAME, FRAME)[None], mended.likely[None], mended.evidence)
    cells = cells_of(*(torch.from_numpy(np.ascontiguousarray(layer[None])) for layer in squared))
    features = packed_features([layer[0].numpy() for layer in features_of(knew, seen)], np.int8)
    return features | {"cells": cells[0].numpy().astype(np.float16)}


def _cells_wrong(wrong: Floats) -> NDArray[np.float16]:
    """How wrong each cell is, by kind of error."""
    lost, *others = (torch.from_numpy(resized(layer, FRAME, FRAME))[None] for layer in wrong)
    length = F.avg_pool2d(lost, CELL) * (CELL * CELL / WHOLE)
    return torch.cat([length, *(F.avg_pool2d(layer, CELL) for layer in others)]).clamp(0, 1).numpy().astype(np.float16)


def main() -> None:
    run(__doc__, make_cells, ("labelled", "rows", "out"))


if __name__ == "__main__":
    main()
