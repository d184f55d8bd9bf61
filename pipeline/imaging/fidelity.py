"""Whether a repainted answer still shows the photo's product: what of it a change of light doesn't explain."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi
from skimage import color

from pipeline.imaging.edges import dilate
from pipeline.imaging.types import RGB, Alpha

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

WINDOW = 5.0
"""Of the local fits: standard deviation, in pixels of 1024."""
STRIDE = 3
NOISE = 3.0
"""Levels of structure that grain, compression and a small error of registration make up."""

LEAST_OVERLAP = 0.6
MOST_OUTLINE = 0.5
MOST_DETAIL = 0.5
MOST_COLOUR = 9.0


@dataclass(frozen=True)
class Fidelity:
    """Raw measures of one answer; the worst place counts.

    `overlap` is the IoU of the two mattes. `outline_lost` and `outline_gained` are the shares of the structure along
    the outline, of the photo's and of the answer's, that the other doesn't explain, `detail_lost` and `detail_gained`
    the same within the product. `colour` is the shift of chroma (ΔE) that neither the backdrop's nor none explains.
    """

    overlap: float
    outline_lost: float
    outline_gained: float
    detail_lost: float
    detail_gained: float
    colour: float


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
    """
    before, after = _structure(photo), _structure(answer)
    inside = np.asarray(ndi.minimum_filter(alpha, 5), np.float32)
    around = dilate(alpha > 0.1, 3).astype(np.float32)
    inside_lost, inside_gained = _unexplained(before, after, None, inside)
    outline_lost, outline_gained = _unexplained(before, after, alpha, around)
    return Fidelity(
        overlap=_overlap(alpha, answer_alpha),
        outline_lost=outline_lost,
        outline_gained=outline_gained,
        detail_lost=inside_lost,
        detail_gained=inside_gained,
        colour=_colour_shift(photo, answer, alpha),
    )


def changes(fidelity: Fidelity) -> tuple[str, ...]:
    """Codes of what is beyond the limits."""
    found = {
        "geometry-changed": fidelity.overlap < LEAST_OVERLAP,
        "outline-changed": max(fidelity.outline_lost, fidelity.outline_gained) > MOST_OUTLINE,
        "detail-changed": max(fidelity.detail_lost, fidelity.detail_gained) > MOST_DETAIL,
        "colour-changed": fidelity.colour > MOST_COLOUR,
    }
    return tuple(code for code, is_found in found.items() if is_found)


def _overlap(alpha: Alpha, answer_alpha: Alpha) -> float:
    before, after = alpha > 0.5, answer_alpha > 0.5
    return float((before & after).sum() / max(1, (before | after).sum()))


def _structure(rgb: RGB) -> Floats:
    grey = ndi.gaussian_filter(rgb.mean(-1, dtype=np.float32), 0.8)
    return np.asarray(grey - ndi.gaussian_filter(grey, 3 * WINDOW), np.float32)


def _mean(values: Floats) -> Floats:
    return ndi.gaussian_filter(values, WINDOW, truncate=3)[::STRIDE, ::STRIDE]


def _unexplained(before: Floats, after: Floats, alpha: Alpha | None, weight: Floats) -> tuple[float, float]:
    return _worst(before, after, alpha, weight), _worst(after, before, alpha, weight)


def _worst(wanted: Floats, by: Floats, alpha: Alpha | None, weight: Floats) -> float:
    """Largest local share of one structure that the other doesn't explain."""
    terms = [np.ones_like(by), by] if alpha is None else [np.ones_like(by), by, 100 * alpha]
    count = len(terms)
    mass = _mean(weight)
    normal = np.empty((*mass.shape, count, count), np.float32)
    right = np.empty((*mass.shape, count), np.float32)
    for i in range(count):
        right[..., i] = _mean(weight * terms[i] * wanted)
        for j in range(i, count):
            normal[..., i, j] = normal[..., j, i] = _mean(weight * terms[i] * terms[j])
    is_seen = mass > 0.1
    normal, right, mass = normal[is_seen], right[is_seen], mass[is_seen]
    total = _mean(weight * wanted * wanted)[is_seen]
    if not len(mass):
        return 0.0
    ridge = np.diag([1e-3, *[1.0] * (count - 1)]) * mass[:, None, None]
    solution = np.linalg.solve(normal + ridge, right[..., None])[..., 0]
    left = (total - (solution * right).sum(-1)).clip(0) / mass
    variance = (total - right[..., 0] ** 2 / mass).clip(0) / mass
    return float(np.sqrt(left / (variance + NOISE**2)).max())


def _colour_shift(photo: RGB, answer: RGB, alpha: Alpha) -> float:
    before, after = color.rgb2lab(photo), color.rgb2lab(answer)
    shift = (after - before)[..., 1:]
    is_backdrop = alpha < 0.05
    light = shift[is_backdrop].mean(0) if is_backdrop.any() else np.zeros(2)
    local = [_mean(alpha * layer) / (_mean(alpha) + 1e-3) for layer in np.moveaxis(shift, 2, 0)]
    seen = np.dstack(local)[_mean(alpha) > 0.3]
    if not len(seen):
        return 0.0
    share = (seen @ light / max(1e-6, light @ light)).clip(0, 1)
    return float(np.quantile(np.linalg.norm(seen - share[:, None] * light, axis=1), 0.95))
