"""Samples to learn from: pieces of what the network is shown, in another light, at times in the mirror."""

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage as ndi
from torch.nn import functional as F

from pipeline.engines.fusion_net import SEEN
from pipeline.imaging.matte.evidence import FRAME, PRIOR, evidence_of
from tests.training.packing import Layers, ground_of, piece_of_feature

Floats = NDArray[np.float32]

SIZE, GRID = 512, 64
# Thin parts and outlines count for more than their few pixels.
THIN_SIZE, THIN_WEIGHT, RIM_SIZE, RIM_WEIGHT = 11, 8, 15, 2
# What is lost of the product costs more than what is kept beside it: a temple that is half sure is kept.
KEPT = 2.5
# How often the light is another, and by how much.
RELIT, LIGHT = 0.5, (0.88, 1.1)
# How often red, green and blue change places.
RECOLOURED = 0.5


class Sample(NamedTuple):
    """10 × SIZE × SIZE evidence, what ISNet saw, and 2 × SIZE × SIZE: the truth, and what each pixel counts."""

    evidence: torch.Tensor
    features: list[torch.Tensor]
    target: torch.Tensor


def sample(layers: Layers, features: Layers, row: dict[str, Any], rng: np.random.Generator) -> Sample:
    y, x = (int(GRID * rng.integers(0, (FRAME - SIZE) // GRID + 1)) for _ in range(2))
    piece = _piece(layers, y, x)
    stacks = [_in_frame(_evidence(piece, row["kind"], rng)), *_seen(features, y, x), _in_frame(_target(piece))]
    if rng.random() < 0.5:
        stacks = [stack[..., ::-1] for stack in stacks]
    evidence, *seen, target = (torch.from_numpy(np.ascontiguousarray(stack)) for stack in stacks)
    return Sample(evidence, seen, target)


def _piece(layers: Layers, y: int, x: int) -> Layers:
    """What of the view lies in that square of the frame."""
    height, width = layers["truth"].shape
    rows, columns = (
        slice(start * length // FRAME, -(-(start + SIZE) * length // FRAME))
        for start, length in ((y, height), (x, width))
    )
    return {name: layer[rows, columns] for name, layer in layers.items()}


def _in_frame(stack: Floats) -> Floats:
    tensor = torch.from_numpy(stack[None])
    return np.asarray(F.interpolate(tensor, (SIZE, SIZE), mode="bilinear", antialias=True)[0].numpy(), np.float32)


def _evidence(piece: Layers, kind: str, rng: np.random.Generator) -> Floats:
    gain = float(rng.uniform(*LIGHT)) if rng.random() < RELIT else 1.0
    view = np.clip(piece["view"] * np.float32(gain), 0, 255).astype(np.uint8)
    prior, joined = piece["prior"] / np.float32(255), piece["joined"] / np.float32(255)
    evidence = evidence_of(view, prior, joined, ground_of(piece, gain), "watch" if kind == "watch" else "eyewear")
    if rng.random() < RECOLOURED:
        evidence[:PRIOR] = evidence[rng.permutation(PRIOR)]
    return evidence


def _target(piece: Layers) -> Floats:
    alpha = piece["truth"] / np.float32(255)
    thin = np.clip(alpha - ndi.grey_opening(alpha, size=(THIN_SIZE, THIN_SIZE)), 0, 1)
    rim = ndi.maximum_filter(alpha, RIM_SIZE) - alpha
    weights = 1 + THIN_WEIGHT * ndi.maximum_filter(thin, 3) + RIM_WEIGHT * rim
    return np.stack([alpha, weights * (1 + (KEPT - 1) * alpha)]).astype(np.float32)


def _seen(features: Layers, y: int, x: int) -> list[Floats]:
    seen = []
    for number in range(1, len(SEEN) + 1):
        step = 2 ** (number + 1)
        rows, columns = slice(y // step, (y + SIZE) // step), slice(x // step, (x + SIZE) // step)
        seen.append(piece_of_feature(features, number, rows, columns))
    return seen
