"""Labelled photographs as the fusion sees them: the view, the matting network's word, the backdrop's, and the truth.

python -m tests.training.views LABELLED OUT
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.cutout.matte import Scene, by_rules, flattened, scene_of, seen_of
from pipeline.engines.protocols import Matter
from pipeline.imaging.pictures.decode import decode
from pipeline.imaging.types import Alpha
from tests.training.labelled import class_of, read, run, still_to_make
from tests.training.packing import in_bytes, packed_features, packed_ground


def make_views(labelled: Path, out: Path, matter: Matter) -> Iterator[str]:
    """Write a view for each row of the set's meta.jsonl, and that row beside it; yields the names. Resumable."""
    for row in still_to_make(labelled, out):
        name = row["name"]
        scene = scene_of(decode((labelled / f"{name}.jpg").read_bytes()), class_of(row), "keep")
        save(out, row, scene, read(labelled / f"{name}.alpha.png"), matter)
        yield name


def save(out: Path, row: dict[str, Any], scene: Scene, truth: Alpha, matter: Matter) -> None:
    """NAME.npz, NAME.features.npz, and the row as NAME.json, which comes last; nothing without a studio backdrop."""
    if scene.ground is None:
        return
    word = matter.matte(flattened(scene))
    layers = {"view": scene.view, "truth": in_bytes(seen_of(scene, truth)), "prior": in_bytes(word.alpha)}
    layers |= {"joined": in_bytes(by_rules(scene, scene.ground, word.alpha)), **packed_ground(scene.ground)}
    out.mkdir(parents=True, exist_ok=True)
    np.savez(out / f"{row['name']}.npz", allow_pickle=False, **layers)
    np.savez(out / f"{row['name']}.features.npz", allow_pickle=False, **packed_features(word.seen))
    (out / f"{row['name']}.json").write_text(json.dumps(row))


def main() -> None:
    run(__doc__, make_views)


if __name__ == "__main__":
    main()
