"""All views, laid out square in the device's memory: tens of pieces a millisecond are taken from there."""

import json
import math
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
LAYERS, DISTANCE, TRUTH = 10, 6, 9
# The sides of what ISNet saw.
SIDES = [FRAME >> number for number in range(2, 2 + len(SEEN))]
# Thin parts and outlines count for more than their few pixels.
THIN_SIZE, THIN_WEIGHT, RIM_SIZE, RIM_WEIGHT = 11, 8, 15, 2
# What is lost of the product costs more than what is kept beside it: a temple that is half sure is kept.
KEPT = 2.5
# What stands out of the backdrop by so many levels, beside the product, is a shadow, a mirror image or a cushion: a few
# pixels in most photos, and what is kept most often.
STANDS_OUT, BESIDE_WEIGHT = 4, 4
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
        view = self.layers[place : place + 1].float()
        self.weights[place] = weights_of(view[:, TRUTH:] / 255, distance_of(view[:, DISTANCE : DISTANCE + 1]))[0]
        for number, (seen, highest) in enumerate(zip(self.seen, self.highest, strict=True), 1):
            seen[place] = torch.from_numpy(features[f"f{number}"])
            highest[place] = torch.from_numpy(features[f"s{number}"])[:, None, None] / 255

    def saw(self, places: torch.Tensor, cut: Cut) -> list[torch.Tensor]:
        """What ISNet saw in the pieces of these views."""
        pairs = zip(self.seen, self.highest, strict=True)
        return [cut(layer, 4 << number) * highest[places] for number, (layer, highest) in enumerate(pairs)]


def distance_of(layer: torch.Tensor) -> torch.Tensor:
    """In levels, of how a bank keeps it."""
    return torch.expm1(layer / 255 * math.log1p(MOST))


def weights_of(truth: torch.Tensor, distance: torch.Tensor) -> torch.Tensor:
    """N × 1 × H × W opacities, and levels from the backdrop, to what each pixel counts."""
    eroded = -F.max_pool2d(-truth, THIN_SIZE, 1, THIN_SIZE // 2)
    thin = (truth - F.max_pool2d(eroded, THIN_SIZE, 1, THIN_SIZE // 2)).clamp(0, 1)
    around = F.max_pool2d(truth, RIM_SIZE, 1, RIM_SIZE // 2)
    weights = 1 + THIN_WEIGHT * F.max_pool2d(thin, 3, 1, 1) + RIM_WEIGHT * (around - truth)
    weights += BESIDE_WEIGHT * ((distance > STANDS_OUT) & (around == 0))
    return (weights * (1 + (KEPT - 1) * truth) * WEIGHT_STEPS).clamp(0, 255).to(torch.uint8)


def _loaded(paths: Sequence[Path]) -> Iterator[tuple[NDArray[np.uint8], Layers]]:
    with ThreadPoolExecutor(6) as pool:
        yield from pool.map(_load, paths)


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
