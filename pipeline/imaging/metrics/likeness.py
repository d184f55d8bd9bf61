"""Whether two photos can show one product: by its colours, whatever its view and however bright the light."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, gaussian_filter
from skimage.color import rgb2lab

from pipeline.imaging.scale import shrink
from pipeline.imaging.types import RGB, Alpha

MEASURED_SIZE = 512
OPAQUE = 0.95
LEAST_PIXELS = 50
CELL = 5
"""Width of a cell of the palette, in a* and in b*."""
REACH = 65
"""The palette goes so far from grey; what is more colourful counts as if it lay there."""
CELLS = 2 * REACH // CELL
BLUR = 8.0
"""How far reflections, and light from another side, move a colour, in a* and b*: a standard deviation."""
LEAST_SHARE = 0.004

Palette = Sequence[Sequence[float]]
"""Rows of a*, b* (the middle of a cell) and the share of the product that has such a colour, 0–1."""


def palette(rgb: RGB, alpha: Alpha) -> list[list[float]]:
    """Which colours the opaque part of a product has; lightness is left out, since it is the lamp's.

    Parameters
    ----------
    rgb : (H, W, 3) uint8, sRGB
    alpha : (H, W) float32, 0–1

    Returns
    -------
    list of [a*, b*, share]
        Empty where next to nothing is opaque.
    """
    small, matte = shrink(rgb, MEASURED_SIZE), shrink(alpha, MEASURED_SIZE)
    inside = binary_erosion(matte > OPAQUE)  # the edge has something of the backdrop
    if inside.sum() < LEAST_PIXELS:
        return []
    chroma = np.clip(rgb2lab(small[inside])[:, 1:], -REACH, REACH - 1e-6)
    counts, _, _ = np.histogram2d(chroma[:, 0], chroma[:, 1], bins=CELLS, range=((-REACH, REACH), (-REACH, REACH)))
    shares = counts / counts.sum()
    return [
        [float(_middle(row)), float(_middle(column)), round(float(shares[row, column]), 4)]
        for row, column in np.argwhere(shares >= LEAST_SHARE)
    ]


def _middle(cell: int) -> float:
    return cell * CELL + CELL / 2 - REACH


def likeness(one: Palette, other: Palette) -> float:
    """How much of two palettes is common to both: the intersection of their histograms, after Swain & Ballard, "Color
    indexing", 1991, blurred by how far light moves a colour.

    Parameters
    ----------
    one, other : rows of a*, b*, share
        As `palette` gives them, not empty.

    Returns
    -------
    float, 0 (no colour in common) – 1 (the same)
    """
    return float(np.minimum(_blurred(one), _blurred(other)).sum())


def _blurred(colours: Palette) -> NDArray[np.float64]:
    a, b, share = np.array(colours, float).T
    cells = np.zeros((CELLS, CELLS))
    cells[((a + REACH) // CELL).astype(int), ((b + REACH) // CELL).astype(int)] = share
    spread = gaussian_filter(cells, BLUR / CELL, mode="nearest")
    return np.asarray(spread / spread.sum())
