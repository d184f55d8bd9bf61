"""The fidelity gate: whether an answer still shows the photo's product, or what of it no change of light explains."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from pipeline.imaging import framing
from pipeline.imaging.light.edgels import Edgels, find_edgels, gathered, offsets
from pipeline.imaging.light.tint import tint_shift
from pipeline.imaging.light.transfer import transfer
from pipeline.imaging.masks import dilate
from pipeline.imaging.types import RGB, Alpha

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

CLEAR, STRONG, STEEP = 8.0, 16.0, 4.0
"""Levels a pixel: which edges have to be found again within the product, and along its outline, where the backdrop's
own texture may be repainted; and which are steep enough to say where the outline lies."""
FEW, FEWER = 12.0, 8.0
"""So many edge points that are as they were stand by each place: a few bad ones alone are no change."""
LEAST_SIDE = 16
"""Pixels: nothing is told of a smaller photo."""
RIM = 0.012
"""Share of the longer side that is left out along the border."""
AROUND = 24
"""Pixels of backdrop that are looked at around the product."""
BLOCK, STRIDE, FINE, GRAIN = 6.0, 3, 4.0, 6.0
"""Texture is compared in blocks of that spread (pixels), at that stride, for what is finer than that (pixels); so many
levels of it are grain."""

# Chosen on one draw of answers to the development set, by what honest ones reach and tampered ones exceed there:
# `python -m tests.imaging.bench_fidelity` prints how others fare. A backdrop that gets brighter than by two thirds of a
# stop moves the outline of pale frames, and is refused. The mattes of two pictures differ where the network is at a
# loss, so their overlap tells only another product.
LEAST_OVERLAP = 0.3
MOST_OUTLINE, MOST_SHIFT = 0.4, 0.45
MOST_EDGES, MOST_TEXTURE = 0.35, 0.65
MOST_COLOUR = 5.0


@dataclass(frozen=True)
class Fidelity:
    """Measures of one answer, of its worst place each; 0 is as it was, but 1 for `overlap`.

    `overlap` is the IoU of the two mattes. `outline_lost` and `outline_gained` are shares (0–1) of the edge points
    along the outline that the other picture lacks, `growth` and `shrink` how far the outline moved (pixels). `edges_*`
    and `texture_*` say the same of the edges and the fine texture within the product. `colour` is the shift of chroma
    (ΔE) that no light explains.
    """

    overlap: float
    outline_lost: float = 0.0
    outline_gained: float = 0.0
    growth: float = 0.0
    shrink: float = 0.0
    edges_lost: float = 0.0
    edges_gained: float = 0.0
    texture_lost: float = 0.0
    texture_gained: float = 0.0
    colour: float = 0.0


def changes(found: Fidelity) -> tuple[str, ...]:
    """The codes of what is beyond the limits."""
    is_beyond = {
        "geometry-changed": found.overlap < LEAST_OVERLAP,
        "outline-changed": max(found.outline_lost, found.outline_gained) > MOST_OUTLINE
        or max(found.growth, found.shrink) > MOST_SHIFT,
        "detail-changed": max(found.edges_lost, found.edges_gained) > MOST_EDGES
        or max(found.texture_lost, found.texture_gained) > MOST_TEXTURE,
        "colour-changed": found.colour > MOST_COLOUR,
    }
    return tuple(code for code, is_found in is_beyond.items() if is_found)


def compare(photo: RGB, answer: RGB, alpha: Alpha, answer_alpha: Alpha) -> Fidelity:
    """Measure what of the product the answer changed, beyond its light.

    Parameters
    ----------
    photo : (H, W, 3) uint8
        About 1024 px on the longer side.
    answer : (H, W, 3) uint8
        Registered onto the photo.
    alpha, answer_alpha : (H, W) float32, 0–1
        Their mattes.

    Returns
    -------
    Fidelity
        Without a product in the photo, or a photo to speak of, all that can be told is the overlap.
    """
    photo, answer, alpha, answer_alpha = (_without_rim(layer) for layer in (photo, answer, alpha, answer_alpha))
    overlap = _overlap(alpha, answer_alpha)
    if not (alpha > 0.5).any() or min(alpha.shape) < LEAST_SIDE:
        return Fidelity(overlap)
    # What the photo would be in the answer's light: an edge may be there for that alone.
    lit = transfer(photo, answer, alpha)
    colour = tint_shift(photo, answer, alpha)
    window = _window(alpha)
    pictures = _Pictures(photo[window], lit[window], answer[window], alpha[window])
    return Fidelity(overlap, **_edge_measures(pictures), **_texture_measures(pictures), colour=colour)


def _without_rim(layer: NDArray[Any]) -> NDArray[Any]:
    """Where the answer was shifted or cropped there is nothing of it: its own rim is repeated there."""
    rim = round(RIM * max(layer.shape[:2]))
    return layer[rim : layer.shape[0] - rim, rim : layer.shape[1] - rim]


@dataclass(frozen=True)
class _Pictures:
    photo: RGB
    lit: RGB
    answer: RGB
    alpha: Alpha


def _window(alpha: Alpha) -> tuple[slice, slice]:
    box = framing.bounding_box(alpha > 0.3)
    return (
        slice(max(0, box.y0 - AROUND), box.y1 + AROUND),
        slice(max(0, box.x0 - AROUND), box.x1 + AROUND),
    )


def _overlap(alpha: Alpha, answer_alpha: Alpha) -> float:
    before, after = alpha > 0.5, answer_alpha > 0.5
    either = (before | after).sum()
    return float((before & after).sum() / either) if either else 1.0


def _edge_measures(pictures: _Pictures) -> dict[str, float]:
    alpha = pictures.alpha
    near, inside = dilate(alpha > 0.3, 6), ndi.minimum_filter(alpha, 9) > 0.9
    outline = dilate(alpha > 0.5, 2) & ~inside
    was, lit, now = (find_edgels(rgb, near) for rgb in (pictures.photo, pictures.lit, pictures.answer))
    to_either = offsets(now, was + lit)
    growth, shrink = _outline_shift(now, to_either, near & ~inside, alpha)
    return {
        "edges_lost": _worst_share(was, offsets(was, now), was.within(inside, CLEAR), alpha.shape),
        "edges_gained": _worst_share(now, to_either, now.within(inside, CLEAR), alpha.shape),
        "outline_lost": _worst_share(lit, offsets(lit, now), lit.within(outline, STRONG), alpha.shape),
        "outline_gained": _worst_share(now, to_either, now.within(near & ~inside, STRONG), alpha.shape),
        "growth": growth,
        "shrink": shrink,
    }


def _worst_share(edgels: Edgels, offset: NDArray[np.float64], is_asked: Mask, shape: tuple[int, ...]) -> float:
    """The largest share, of any place, of the edge points asked for that have none to match."""
    asked = edgels.where(is_asked)
    if not len(asked.at):
        return 0.0
    count = gathered(asked, np.ones(len(asked.at)), shape)
    alone = gathered(asked, np.isnan(offset[is_asked]).astype(np.float64), shape)
    return float((alone / (count + FEW)).max())


def _outline_shift(now: Edgels, to_either: NDArray[np.float64], zone: Mask, alpha: Alpha) -> tuple[float, float]:
    """How far the outline moved outwards and inwards where it moved farthest, in pixels."""
    down, across = np.gradient(ndi.gaussian_filter(alpha, 2.0))
    outwards = -np.stack([now.read(down), now.read(across)], axis=1).astype(np.float64)
    length = np.linalg.norm(outwards, axis=1)
    facing = (outwards * now.across).sum(1) / np.maximum(length, 1e-6)
    is_outline = now.within(zone, STEEP) & (np.abs(facing) > 0.7) & (length > 0.01) & ~np.isnan(to_either)
    if not is_outline.any():
        return 0.0, 0.0
    moved, outline = -to_either[is_outline] * np.sign(facing[is_outline]), now.where(is_outline)
    mean = gathered(outline, moved, alpha.shape) / (gathered(outline, np.ones(len(moved)), alpha.shape) + FEWER)
    return float(mean.max()), float(-mean.min())


def _texture_measures(pictures: _Pictures) -> dict[str, float]:
    """What of each block's fine texture a line through the other's doesn't explain, relative to all of it and grain."""
    weight = (ndi.minimum_filter(pictures.alpha, 5) > 0.9).astype(np.float32)
    mass = _blocks(weight)
    is_seen = mass > 0.15
    if not is_seen.any():
        return {"texture_lost": 0.0, "texture_gained": 0.0}

    def mean(values: Floats) -> Floats:
        return np.asarray(_blocks(weight * values)[is_seen] / mass[is_seen], np.float32)

    before, after = _fine(pictures.photo), _fine(pictures.answer)
    had, has = mean(before**2) - mean(before) ** 2, mean(after**2) - mean(after) ** 2
    common = (mean(before * after) - mean(before) * mean(after)) ** 2
    lost = (had - common / (has + 1e-3)).clip(0) / (had + GRAIN**2)
    gained = (has - common / (had + 1e-3)).clip(0) / (has + GRAIN**2)
    return {"texture_lost": float(np.sqrt(lost.max())), "texture_gained": float(np.sqrt(gained.max()))}


def _blocks(values: Floats) -> Floats:
    return np.asarray(ndi.gaussian_filter(values, BLOCK, truncate=3)[::STRIDE, ::STRIDE], np.float32)


def _fine(rgb: RGB) -> Floats:
    grey = ndi.gaussian_filter(rgb.mean(-1, dtype=np.float32), 0.8)
    return np.asarray(grey - ndi.gaussian_filter(grey, FINE), np.float32)
