"""Whether a matte has the shape that its view usually shows."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage as ndi

from pipeline.imaging.framing import bounding_box, part_of
from pipeline.imaging.masks import SOLID, Mask
from pipeline.imaging.types import Alpha, ProductClass, View

Range = tuple[float, float]


class Usual(NamedTuple):
    """Range of log(height / width) of the product's box, and of the share of it that the filled product covers."""

    aspect: Range
    fill: Range


USUAL: dict[tuple[ProductClass, View], Usual] = {
    ("eyewear", "front"): Usual((-1.3, -0.65), (0.4, 0.76)),
    ("eyewear", "angle"): Usual((-1.46, -0.83), (0.23, 0.55)),
    ("eyewear", "side"): Usual((-1.44, -0.77), (0.1, 0.32)),
}
"""What true silhouettes of rendered eyewear span. Straps lie as they like: of watches nothing is expected."""


def unusual_shape(alpha: Alpha, product_class: ProductClass, view: View | None) -> float:
    """How far a silhouette's box and filling lie outside what its class and view usually show.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1
    product_class : {"eyewear", "watch"}
    view : {"front", "angle", "side"} or None

    Returns
    -------
    float, ≥ 0
        In widths of the usual range; 0 within it, and where nothing is expected.
    """
    usual = USUAL.get((product_class, view)) if view else None
    is_fg = alpha > SOLID
    if usual is None or not is_fg.any():
        return 0.0
    silhouette = _silhouette(alpha)
    height, width = silhouette.shape
    aspect = float(np.log(height / width))
    return max(_outside(aspect, usual.aspect), _outside(float(silhouette.mean()), usual.fill))


def asymmetry(alpha: Alpha) -> float:
    """How much of a silhouette its mirror image doesn't cover, about the middle of its box: for front views.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1

    Returns
    -------
    float, 0 (symmetrical) – 1; 1 for an empty alpha
    """
    if not (alpha > SOLID).any():
        return 1.0
    silhouette = _silhouette(alpha)
    mirrored = silhouette[:, ::-1]
    return 1 - float((silhouette & mirrored).sum() / (silhouette | mirrored).sum())


def lopsided(alpha: Alpha) -> Mask:
    """Where a silhouette and its mirror image, about the middle of its box, don't cover one another."""
    differs = np.zeros(alpha.shape, np.bool_)
    silhouette = _silhouette(alpha)
    part_of(differs, bounding_box(alpha > SOLID))[...] = silhouette ^ silhouette[:, ::-1]
    return differs


def _silhouette(alpha: Alpha) -> Mask:
    is_fg = alpha > SOLID
    return np.asarray(ndi.binary_fill_holes(part_of(is_fg, bounding_box(is_fg))), np.bool_)


def _outside(value: float, usual: Range) -> float:
    low, high = usual
    return max(low - value, value - high, 0.0) / (high - low)
