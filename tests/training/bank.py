"""All views, laid out square in the device's memory: tens of pieces a millisecond are taken from there."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional as F

from pipeline.engines.fusion_net import SEEN
from pipeline.imaging.matte.evidence import FRAME, MOST
from tests.training.packing import Layers

# The layers: the colour (3), the matting network's word, the rules', the backdrop's brightness, the distance from it
# (logarithmic), its doubt, whether it was reached, and the truth.
LAYERS, TRUTH = 10, 9
# The sides of what ISNet saw.
SIDES = [FRAME >> number for number in range(2, 2 + len(SEEN))]
# Thin parts and outlines count for more than their few pixels.
THIN_SIZE, THIN_WEIGHT, RIM_SIZE, RIM_WEIGHT = 11, 8, 15, 2
# What is lost of the product costs more than what is kept beside it: a temple that is half sure is kept.
KEPT = 2.5
# So many views wait, loaded, to be put in.
AT_ONCE = 16
WEIGHT_STEPS = 8  # weights are kept in eighths

Cut = Callable[[torch.Tensor, int], torch.Tensor]
"""Takes some views' pieces out of a stack whose grid is so many times coarser than the frame's."""


class Bank:
    """N views: N × 10 × 1024 × 1024 layers, N × C × h × w of what ISNet saw, and what each pixel counts; in bytes."""

    def __init__(self, paths: Sequence[Path], device: str) -> None:
        self.rows: list[dict[str, Any]] = [json.loads(path.read_text()) for path in paths]
        count = len(paths)
        self.layers = torch.empty(count, LAYERS, FRAME, FRAME, dtype=torch.uint8, device=device)
        self.weights = torch.empty(count, 1, FRAME, FRAME, dtype=torch.uint8, device=device)
        self.seen = [
            torch.empty(count, channels, side, side, dtype=torch.uint8, device=device)
            for channels, side in zip(SEEN, SIDES, strict=True)
        ]
        self.highest = [torch.empty(count, channels, 1, 1, device=device) for channels in SEEN]
        for place, (layers, features) in enumerate(_loaded(paths)):
            self._put(place, layers, features)
        self.is_watch = torch.tensor([float(row["kind"] == "watch") for row in self.rows], device=device)

    def _put(self, place: int, layers: NDArray[np.uint8], features: Layers) -> None:
        self.layers[place] = torch.from_numpy(layers)
        self.weights[place] = weights_of(self.layers[place : place + 1, TRUTH:].float() / 255)[0]
        for number, (seen, highest) in enumerate(zip(self.seen, self.highest, strict=True), 1):
            seen[place] = torch.from_numpy(features[f"f{number}"])
            highest[place] = torch.from_numpy(features[f"s{number}"])[:, None, None] / 255

    def saw(self, places: torch.Tensor, cut: Cut) -> list[torch.Tensor]:
        """What ISNet saw in the pieces of these views."""
        pairs = zip(self.seen, self.highest, strict=True)
        return [cut(layer, 4 << number) * highest[places] for number, (layer, highest) in enumerate(pairs)]


def weights_of(truth: torch.Tensor) -> torch.Tensor:
    """N × 1 × H × W opacities to what each pixel counts."""
    opened = _highest(-_highest(-truth, THIN_SIZE), THIN_SIZE)
    thin, rim = (truth - opened).clamp(0, 1), _highest(truth, RIM_SIZE) - truth
    weights = 1 + THIN_WEIGHT * _highest(thin, 3) + RIM_WEIGHT * rim
    return (weights * (1 + (KEPT - 1) * truth) * WEIGHT_STEPS).clamp(0, 255).to(torch.uint8)


def _highest(layer: torch.Tensor, size: int) -> torch.Tensor:
    """The highest value of a window around each pixel: along columns, then along rows, which is much faster."""
    return F.max_pool2d(F.max_pool2d(layer, (size, 1), 1, (size // 2, 0)), (1, size), 1, (0, size // 2))


def _loaded(paths: Sequence[Path]) -> Iterator[tuple[NDArray[np.uint8], Layers]]:
    with ThreadPoolExecutor() as pool:
        for start in range(0, len(paths), AT_ONCE):
            yield from pool.map(_load, paths[start : start + AT_ONCE])


def _load(path: Path) -> tuple[NDArray[np.uint8], Layers]:
    with np.load(path.with_suffix(".npz")) as layers, np.load(path.with_suffix(".features.npz")) as features:
        return _laid_out(layers), dict(features)


def _laid_out(layers: Layers) -> NDArray[np.uint8]:
    distance = np.log1p(layers["distance"].astype(np.float32).clip(0, MOST)) / np.log1p(MOST) * 255
    stack = [
        *np.moveaxis(layers["view"], 2, 0),
        layers["prior"],
        layers["joined"],
        layers["colour"].mean(2),
        distance,
        layers["doubt"],
        layers["is_reached"] * np.float32(255),
        layers["truth"],
    ]
    return np.stack([_square(layer) for layer in stack])


def _square(layer: NDArray[Any]) -> NDArray[np.uint8]:
    picture = Image.fromarray(np.ascontiguousarray(layer, np.float32))
    squared = np.asarray(picture.resize((FRAME, FRAME), Image.Resampling.BILINEAR))
    return np.rint(squared).clip(0, 255).astype(np.uint8)
