"""What the imaging functions hand to one another: plain, frozen, NumPy-only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

RGB = NDArray[np.uint8]
"""Upright sRGB photograph, H × W × 3, 0–255."""

Alpha = NDArray[np.float32]
"""Opacity, H × W, 0–1."""

ProductClass = Literal["eyewear", "watch"]
View = Literal["front", "angle", "side"]
Side = Literal["left", "right"]
HalfSide = Literal["near", "left", "right"]
"""Which half of the glasses a half-glass picture shows."""

ERRORS = ("missing", "thin", "extra", "halo")
"""How a matte can be wrong: parts lost; parts see-through; background kept; an outline that is off."""


class PhotoDecoder(Protocol):
    """Reads a kind of photo files that Pillow doesn't. Says in a DecodeError what is wrong with one."""

    def size(self, file: BinaryIO) -> tuple[int, int]:
        """Width and height by the file's header; the file is left at any place."""
        ...

    def pixels(self, file: BinaryIO) -> NDArray[np.uint8]:
        """Upright, H × W × 3 or, with alpha, × 4, 0–255; the file is left at any place."""
        ...


@dataclass(frozen=True)
class Matte:
    """A matte at the photo's own size, with the model's raw range before clipping.

    `left_out` is what stands out of a studio backdrop and isn't in it, `overruled` how much of the model's word was not
    followed, both relative to its area; `unevenness` is the backdrop's pattern, in levels. `seen` is what the model
    saw, fine to coarse (C × H × W each, square roots), if it tells.
    """

    alpha: Alpha
    raw_min: float
    raw_max: float
    left_out: float = 0.0
    overruled: float = 0.0
    unevenness: float = 0.0
    seen: tuple[NDArray[np.float32], ...] = ()
    likely_errors: Mapping[str, float] = field(default_factory=dict)
    error_maps: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)


@dataclass(frozen=True)
class CropBox:
    """Half-open pixel box."""

    y0: int
    x0: int
    y1: int
    x1: int


@dataclass(frozen=True)
class BridgeEvidence:
    """What the bridge column was read from, for a person to check. All columns are in pixels of the photo.

    `profile` is the vertical projection in shares of its highest value, evenly spaced from `first` to `last`;
    `by_valley`, `by_gap` and `by_notch` are the estimates, as far as there are any.
    """

    profile: tuple[float, ...]
    first: float
    last: float
    valley: tuple[float, float]
    by_valley: float | None = None
    by_gap: float | None = None
    by_notch: float | None = None


def named_estimates(told: Mapping[str, Any]) -> dict[str, float]:
    """The estimates that there are in the fields of a BridgeEvidence, by name; from the first to look to the last."""
    found = {name: told.get(f"by_{name}") for name in ("gap", "valley", "notch")}
    return {name: column for name, column in found.items() if column is not None}


@dataclass(frozen=True)
class Crop:
    """Where an angled pair of glasses is parted: the bridge column, in pixels, the box of the whole product, which
    side of the bridge is the nearer one, and the code of the doubt if we aren't sure."""

    bridge_x: float
    product: CropBox
    near: Side
    doubt: str | None = None
    evidence: BridgeEvidence | None = None

    @property
    def is_sure(self) -> bool:
        return self.doubt is None


@dataclass(frozen=True)
class Score:
    """Components (0–1, 1 = good) and the confidence (0–1) they combine to."""

    confidence: float
    components: Mapping[str, float]
    metrics: Mapping[str, float]
    vetoes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What the gate says of one score."""

    publish: bool
    threshold: float
    reasons: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Candidate:
    """One cleaned matte of a photo, and what was found on it; `rung` says how it was made, the rest by which model."""

    rung: str
    model_name: str
    model_sha256: str
    alpha: Alpha
    crop: Crop | None
    score: Score
    verdict: Verdict

    @property
    def is_confident(self) -> bool:
        """Whether the score would publish it, whatever else the policy holds back."""
        return not self.score.vetoes and self.score.confidence >= self.verdict.threshold


@dataclass(frozen=True)
class Alternative:
    """A matte that was tried and wasn't the best, packed: several at full resolution would crowd a worker.

    `is_partial`: a part of the product may be lost in it.
    """

    rung: str
    confidence: float
    is_partial: bool
    alpha_png: bytes


@dataclass(frozen=True)
class Examined:
    """What one run of the pipeline found out about one photo, and the seconds each stage took.

    `apart` is how far two looks are from each other, at the measured size, if there were two; `error_maps` say where
    the matte is likely wrong, as it was before any repair.
    """

    best: Candidate
    others: tuple[Alternative, ...]
    seconds: Mapping[str, float]
    apart: Alpha | None = None
    error_maps: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)


Policy = Mapping[str, Any]
"""The parsed policy document (pipeline/policies/default.json)."""
