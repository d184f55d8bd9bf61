"""The small network that mends a matte by the evidence: our own, trained on our own renders, and so kept here."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.engines import onnxruntime_session
from pipeline.imaging.matte.evidence import FRAME
from pipeline.imaging.types import Alpha

MODEL_FILE = Path(__file__).with_name("fusion.onnx")
# Channels of what ISNet saw, fine to coarse; each half as large as the one before.
SEEN = (64, 128, 256, 512, 512)
# It learnt to say how likely product is; most of what is between is an edge that is known. On unseen products twice the
# contrast loses fewer thin parts than none, and keeps no more.
CONTRAST = 2

Floats = NDArray[np.float32]


def mend(evidence: Floats, seen: Sequence[Floats]) -> Alpha:
    """Mend the joined matte by all that `imaging.matte.evidence` and the matting network know.

    Parameters
    ----------
    evidence : (10, H, W) float32
        H and W are at most 1024.
    seen : sequence of (C, h, w) float32
        As `Matte.seen`.

    Returns
    -------
    (H, W) float32, 0–1
    """
    height, width = evidence.shape[1:]
    layers = {"evidence": np.stack([_resized(layer, FRAME, FRAME) for layer in evidence])}
    layers |= {f"seen{number}": layer for number, layer in enumerate(seen, 1)}
    alpha = _session().run(None, {name: np.ascontiguousarray(layer[None]) for name, layer in layers.items()})[0]
    return _resized(((alpha[0, 0] - 0.5) * CONTRAST + 0.5).clip(0, 1), height, width)


def _resized(layer: Floats, height: int, width: int) -> Floats:
    picture = Image.fromarray(np.ascontiguousarray(layer))
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR), np.float32)


@cache
def _session() -> Any:
    """Opened once a process, when first needed."""
    return onnxruntime_session.open_session(MODEL_FILE, threads=1)
