"""How a photo looks beside a studio's own standard: its backdrop, its shadow, its contrast, how level it stands."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi
from skimage.color import rgb2lab

from pipeline.imaging.masks import SOLID, Mask, dilate
from pipeline.imaging.metrics.likeness import MEASURED_SIZE
from pipeline.imaging.scale import shrink
from pipeline.imaging.types import RGB, Alpha, View

AXIS_SIZE = 256
CLEAR, RIM = 0.02, 4
"""The backdrop has less opacity, and lies farther from the product, in pixels of the measured size."""
NEAR = 64
"""So far from the product, in the same pixels, a shadow is looked for; what lies beyond tells the backdrop's light."""
LEAST_PIXELS = 200
DARK, BRIGHT = 5, 95
"""Percentiles between which a product's contrast lies."""
LEAST_ELONGATION, MOST_TILT, LEAST_SYMMETRY = 1.4, 20.0, 0.85
"""A clear axis: how much longer than wide, how few degrees off level (more is a pose), and how much of the product its
mirror image covers: 0.96 and more on our samples from the front, at most 0.62 on those from an angle."""


def measure_look(rgb: RGB, alpha: Alpha, view: View | None) -> dict[str, float]:
    """Measure what a house look is made of; what can't be told is left out.

    Parameters
    ----------
    rgb : (H, W, 3) uint8, sRGB
        The photo after enhancement.
    alpha : (H, W) float32, 0–1
        Its matte.
    view : {"front", "angle", "side"} or None

    Returns
    -------
    dict of str to float
        `lightness` (L*, 0–100), `a` and `b` (a*, b*) of the backdrop's middle colour; `shadow`, how much darker in L*
        than the backdrop's light the darkest places near the product are, 0 or more; `contrast` of the product, from
        its 5th to its 95th percentile of L*; `tilt` in degrees, clockwise, of a front view whose axis is clear.
    """
    small, matte = shrink(rgb, MEASURED_SIZE), shrink(alpha, MEASURED_SIZE)
    angle = tilt(matte) if view == "front" else None
    levelled = {} if angle is None else {"tilt": angle}
    found = _backdrop(small, matte) | _shadow(small, matte) | _contrast(small, matte) | levelled
    return {name: round(value, 2) for name, value in found.items()}


def tilt(alpha: Alpha) -> float | None:
    """Find how far a symmetrical product is off level: its principal axis against the nearer side of the picture.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1

    Returns
    -------
    float or None
        Degrees, clockwise; None if it is hardly longer than wide, far off level, or no mirror image of itself.
    """
    silhouette = np.asarray(ndi.binary_fill_holes(shrink(alpha, AXIS_SIZE) > SOLID), np.bool_)
    points = np.argwhere(silhouette)[:, ::-1].astype(np.float64)  # x, y
    if len(points) < LEAST_PIXELS:
        return None
    middle = points.mean(axis=0)
    variances, axes = np.linalg.eigh(np.cov((points - middle).T))
    x, y = axes[:, 1]
    off = float(np.degrees(np.arctan2(y, x)) + 45) % 90 - 45
    is_elongated = variances[1] >= LEAST_ELONGATION**2 * variances[0]
    is_clear = is_elongated and abs(off) <= MOST_TILT and _symmetry(silhouette, points, off) >= LEAST_SYMMETRY
    return off if is_clear else None


def distance(look: Mapping[str, float], reference: Mapping[str, float]) -> dict[str, float]:
    """Say how far a look is from a reference, for what both of them name.

    Parameters
    ----------
    look, reference : mappings of str to float
        As `measure_look` gives them; a reference's `tilt` is the most that it allows, level being its target.

    Returns
    -------
    dict of str to float
        Signed differences of `lightness`, `shadow` and `contrast`; `cast`, the distance in a* and b*, 0 or more;
        `tilt`.
    """
    both = look.keys() & reference.keys() & {"lightness", "shadow", "contrast"}
    apart = {name: look[name] - reference[name] for name in both}
    if {"a", "b"} <= look.keys() & reference.keys():
        apart["cast"] = float(np.hypot(look["a"] - reference["a"], look["b"] - reference["b"]))
    if "tilt" in look and "tilt" in reference:
        apart["tilt"] = look["tilt"]
    return apart


def _backdrop(rgb: RGB, alpha: Alpha) -> dict[str, float]:
    """Its middle colour: a soft shadow, or what lies at the border, doesn't move it."""
    is_backdrop = ~dilate(alpha > CLEAR, RIM)[::2, ::2]  # a quarter of its pixels tell as much
    if is_backdrop.sum() < LEAST_PIXELS:
        return {}
    middle = np.median(rgb[::2, ::2][is_backdrop], axis=0) / 255
    return dict(zip(("lightness", "a", "b"), map(float, rgb2lab(middle)), strict=True))


def _shadow(rgb: RGB, alpha: Alpha) -> dict[str, float]:
    """Against a plane of light, fitted to what is far away: a backdrop that darkens to one side casts none."""
    if not (alpha > CLEAR).any():
        return {}
    apart = 2 * ndi.distance_transform_edt(alpha[::2, ::2] <= CLEAR)
    near, far = (apart > RIM) & (apart <= NEAR), apart > NEAR
    if min(near.sum(), far.sum()) < LEAST_PIXELS:
        return {}
    lightness = ndi.uniform_filter(rgb2lab(rgb[::2, ::2])[..., 0], 5)
    lost = _plane(lightness, far) - lightness
    return {"shadow": float(max(0, np.percentile(lost[near], BRIGHT)))}


def _plane(values: NDArray[np.float64], known: Mask) -> NDArray[np.float64]:
    """The one that fits best where the values are known."""
    y, x = np.indices(values.shape)
    grid = np.stack([np.ones_like(x), x, y], axis=-1).astype(np.float64)
    fitted, *_ = np.linalg.lstsq(grid[known], values[known], rcond=None)
    return np.asarray(grid @ fitted)


def _contrast(rgb: RGB, alpha: Alpha) -> dict[str, float]:
    inside = alpha > 1 - CLEAR
    if inside.sum() < LEAST_PIXELS:
        return {}
    dark, bright = np.percentile(rgb2lab(rgb[inside])[:, 0], (DARK, BRIGHT))
    return {"contrast": float(bright - dark)}


def _symmetry(silhouette: Mask, points: NDArray[np.float64], off: float) -> float:
    """The share of a silhouette that its mirror image, left for right about its own upright axis, falls on."""
    across = np.array([np.cos(np.radians(off)), np.sin(np.radians(off))])
    offsets = points - points.mean(axis=0)
    x, y = np.rint(points - 2 * (offsets @ across)[:, None] * across).astype(int).T
    height, width = silhouette.shape
    is_inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return float(silhouette[y[is_inside], x[is_inside]].sum() / len(points))
