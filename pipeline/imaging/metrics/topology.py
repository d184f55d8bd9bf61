"""Pieces, openings and lines of a matte: one function a metric, each on one alpha at one scale.

An alpha without an object gives each metric's worst value, never NaN.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi
from skimage.morphology import skeletonize

from pipeline.imaging.masks import EIGHT, SOLID, dilate, largest_piece, longer_side
from pipeline.imaging.types import Alpha

CRUMB = 0.01
"""Openings below this share of the product's area are no openings of the product's own."""


def pieces(alpha: Alpha) -> float:
    """How many pieces the object is in: a shop's product is one, or two where clear lenses are cut.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1

    Returns
    -------
    float, ≥ 1; 100 for an empty alpha
    """
    count = int(ndi.label(alpha > SOLID, EIGHT)[1])
    return float(count) if count else 100.0


def small_openings(alpha: Alpha) -> float:
    """Number of openings too small to be the product's own: holes that were eaten into it.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1

    Returns
    -------
    float, ≥ 0; 100 for an empty alpha
    """
    is_fg = alpha > SOLID
    if not is_fg.any():
        return 100.0
    openings, _ = ndi.label(ndi.binary_fill_holes(is_fg) & ~is_fg)
    areas = np.bincount(openings.ravel())[1:]
    return float((areas < CRUMB * is_fg.sum()).sum())


def frailty(alpha: Alpha) -> float:
    """Share of the object that a brush of three pixels can't reach: frayed edges, and threads of a lost part.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1

    Returns
    -------
    float, 0–1; 1 for an empty alpha
    """
    is_fg = alpha > SOLID
    if not is_fg.any():
        return 1.0
    return float((is_fg & ~ndi.binary_opening(is_fg)).sum() / is_fg.sum())


def weak_lines(alpha: Alpha, *, seen: float = 0.3, kept: float = 0.75) -> tuple[float, float]:
    """Centre lines that the matte has seen but not kept: a temple that fades out.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1
    seen, kept : float
        A line is seen where alpha exceeds the one, and kept where alpha near it reaches the other.

    Returns
    -------
    share : float, 0–1
        Of all centre lines; 1 for an empty alpha.
    longest : float, ≥ 0
        The longest such stretch, as a fraction of the object's longer side; 1 for an empty alpha.
    """
    lines = np.asarray(skeletonize(alpha > seen), np.bool_)  # type: ignore[no-untyped-call]
    if not lines.any():
        return 1.0, 1.0
    side = longer_side(alpha > seen)
    reach = max(2, round(0.005 * side))
    is_weak = lines & (ndi.maximum_filter(alpha, 2 * reach + 1) <= kept)
    return float(is_weak.sum() / lines.sum()), largest_piece(is_weak) / side


def disagreement(alpha: Alpha, other: Alpha) -> tuple[float, float]:
    """How far two mattes of one photo are apart.

    Parameters
    ----------
    alpha, other : (H, W) float32, 0–1

    Returns
    -------
    mass : float, ≥ 0
        Absolute difference, per unit of the first one's object area; 1 for an empty alpha.
    largest : float, ≥ 0
        Area of the largest place where one sees product and the other doesn't, relative likewise.
    """
    area = float((alpha > SOLID).sum())
    if not area:
        return 1.0, 1.0
    apart = np.abs(alpha - other)
    return float(apart.sum()) / area, largest_piece(ndi.binary_opening(apart > 0.4)) / area


def unsupported_gap(alpha: Alpha, is_edge: NDArray[np.bool_]) -> float:
    """Longest stretch of the outline that no edge of the photo runs along.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1
    is_edge : (H, W) bool
        As `edges.photo_edges` returns it.

    Returns
    -------
    float, ≥ 0; a fraction of the object's longer side, 1 for an empty alpha
    """
    is_fg = alpha > SOLID
    if not is_fg.any():
        return 1.0
    outline = is_fg & dilate(~is_fg, 1)
    return largest_piece(outline & ~is_edge) / longer_side(is_fg)
