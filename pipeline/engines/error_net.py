"""The small network that says where a matte is likely wrong, and how; trained on the pipeline's own mistakes."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.engines import onnxruntime_session
from pipeline.engines.fusion_net import Mended
from pipeline.imaging.framing import resized
from pipeline.imaging.matte.evidence import FRAME
from pipeline.imaging.types import ERRORS, Alpha

MODEL_FILE = Path(__file__).with_name("errors.onnx")
# Which of what ISNet saw it is shown: the three between the finest and the coarsest.
SHOWN = slice(1, 4)

Floats = NDArray[np.float32]


class Errors(NamedTuple):
    """By kind of error (`imaging.types.ERRORS`): how likely the matte has so much of it that a shop would send it back,
    0–1, and where, (4, 128, 128), 0–1."""

    likely: Mapping[str, float]
    cells: Floats


def errors_of(alpha: Alpha, mended: Mended, seen: Sequence[Floats]) -> Errors:
    """Say where a finished matte is likely wrong.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1
        The finished matte of the view that was mended.
    mended : Mended
    seen : sequence of (C, h, w) float32
        As `Matte.seen`.

    Returns
    -------
    Errors
    """
    layers = {"alpha": resized(alpha, FRAME, FRAME)[None], "likely": mended.likely[None], "evidence": mended.evidence}
    layers |= {f"knew{number}": layer for number, layer in enumerate(mended.knew, 1)}
    layers |= {f"seen{number}": layer for number, layer in enumerate(seen[SHOWN], 1)}
    cells, likely = onnxruntime_session.run(_session(), layers)
    return Errors(dict(zip(ERRORS, map(float, likely), strict=True)), cells)


@cache
def _session() -> Any:
    """Opened once a process, when first needed."""
    return onnxruntime_session.open_session(MODEL_FILE, threads=1)
