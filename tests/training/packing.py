"""How a view is kept in two files: its layers, as bytes where these do, and what ISNet saw of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.imaging.matte.evidence import Ground

Layers = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float32]

DOUBT_STEPS = 4  # the doubt is kept in quarters of a level


def in_bytes(alpha: Floats) -> NDArray[np.uint8]:
    return np.asarray(np.round(alpha * 255), np.uint8)


def packed_ground(ground: Ground) -> dict[str, NDArray[Any]]:
    return {
        "colour": ground.colour.round().astype(np.uint8),
        "doubt": (ground.doubt * DOUBT_STEPS).clip(0, 255).astype(np.uint8),
        "distance": ground.distance.astype(np.float16),
        "is_reached": ground.is_reached,
    }


def ground_of(layers: Layers) -> Ground:
    return Ground(
        colour=layers["colour"].astype(np.float32),
        doubt=layers["doubt"].astype(np.float32) / np.float32(DOUBT_STEPS),
        distance=layers["distance"].astype(np.float32),
        is_reached=layers["is_reached"],
    )


def packed_features(features: Sequence[Floats], kind: type[np.integer[Any]] = np.uint8) -> dict[str, NDArray[Any]]:
    """Each channel in bytes of its own largest value; `np.int8` keeps signs."""
    kept: dict[str, NDArray[Any]] = {}
    for number, feature in enumerate(features, 1):
        largest = np.abs(feature).max((1, 2)).clip(1e-6)
        kept[f"f{number}"] = np.round(feature / largest[:, None, None] * np.iinfo(kind).max).astype(kind)
        kept[f"s{number}"] = largest.astype(np.float32)
    return kept
