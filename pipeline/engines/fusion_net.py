"""The small network that mends a matte by the evidence: our own, trained on our own renders, and so kept here."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engines import onnxruntime_session
from pipeline.imaging.framing import resized
from pipeline.imaging.matte.evidence import FRAME
from pipeline.imaging.types import Alpha

MODEL_FILE = Path(__file__).with_name("fusion.onnx")
# Channels of what ISNet saw, fine to coarse; each half as large as the one before.
SEEN: tuple[int, ...] = (64, 128, 256, 512, 512)
# It learnt to say how likely product is; most of what is between is an edge that is known. On unseen products twice the
# contrast loses fewer thin parts than none, and keeps no more.
CONTRAST = 2

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Mended:
    """The mended matte, and from what `error_net` tells where it errs.

    `alpha` is (H, W), 0–1. The rest is square: the (10, 1024, 1024) `evidence`, how `likely` each pixel is product,
    (1024, 1024), 0–1, and what the network `knew`, fine to coarse, (C, h, w) each.
    """

    alpha: Alpha
    evidence: Floats
    likely: Floats
    knew: tuple[Floats, ...]


def mend(evidence: Floats, seen: Sequence[Floats]) -> Mended:
    """Mend the joined matte by all that `imaging.matte.evidence` and the matting network know.

    Parameters
    ----------
    evidence : (10, H, W) float32
        H and W are at most 1024.
    seen : sequence of (C, h, w) float32
        As `Matte.seen`.

    Returns
    -------
    Mended
    """
    height, width = evidence.shape[1:]
    squared = np.stack([resized(layer, FRAME, FRAME) for layer in evidence])
    layers = {"evidence": squared, **{f"seen{number}": layer for number, layer in enumerate(seen, 1)}}
    (likely,), *knew = onnxruntime_session.run(_session(), layers)
    mended = resized(((likely - 0.5) * CONTRAST + 0.5).clip(0, 1), height, width)
    return Mended(mended, squared, likely, tuple(knew))


@cache
def _session() -> Any:
    """Opened once a process, when first needed."""
    return onnxruntime_session.open_session(MODEL_FILE, threads=1)
