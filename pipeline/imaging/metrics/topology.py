"""Pieces, openings and lines of a matte: one function a metric, each on one alpha at one scale.

An alpha without an object gives each metric's worst value, never NaN.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi
from skimage.morphology import skeletonize

from pipeline.imaging.masks import EIGHT, SOLID, Mask, largest_piece, longer_side
from pipeline.imaging.metrics.edges import unsupported
from pipeline.imaging.metrics.layer import Layer
from pipeline.imaging.types import Alpha

CRUMB = 0.01
"""Openings below this share of the product's area are no openings of the product's own."""
SEEN, KEPT = 0.3, 0.75
"""A line is seen where alpha exceeds the one, and kept where alpha near it reaches the other."""
APART = 0.4
"""Difference of two mattes from which on one sees product and the other doesn't."""


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
    return float(_openings(is_fg)[1].sum())


def eaten(alpha: Alpha) -> Mask:
    """The openings that `small_openings` counts."""
    openings, is_small = _openings(alpha > SOLID)
    return np.asarray(is_small[openings], np.bool_)


def _openings(is_fg: Mask) -> tuple[NDArray[np.int32], Mask]:
    """A number for each opening's pixels, 0 elsewhere, and which numbers are of openings too small."""
    openings, _ = ndi.label(ndi.binary_fill_holes(is_fg) & ~is_fg)
    is_small = np.bincount(openings.ravel()) < CRUMB * is_fg.sum()
    is_small[0] = False
    return openings, is_small


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
    return float(frayed(alpha).sum() / is_fg.sum())


def frayed(alpha: Alpha) -> Mask:
    """What of the object a brush of three pixels can't reach."""
    is_fg = alpha > SOLID
    return np.asarray(is_fg & ~ndi.binary_opening(is_fg), np.bool_)


def weak_lines(alpha: Alpha) -> tuple[float, float]:
    """Centre lines that the matte has seen but not kept: a temple that fades out.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1

    Returns
    -------
    share : float, 0–1
        Of all centre lines; 1 for an empty alpha.
    longest : float, ≥ 0
        The longest such stretch, as a fraction of the object's longer side; 1 for an empty alpha.
    """
    lines = fading(alpha)
    if not lines.where.any():
        return 1.0, 1.0
    share = lines.amount.sum() / lines.where.sum()
    return float(share), largest_piece(lines.drawn() > 0) / longer_side(alpha > SEEN)


def fading(alpha: Alpha) -> Layer:
    """Centre lines of what the matte has seen, and where it has not kept them."""
    lines = np.asarray(skeletonize(alpha > SEEN), np.bool_)  # type: ignore[no-untyped-call]
    reach = max(2, round(0.005 * longer_side(alpha > SEEN)))
    is_weak = ndi.maximum_filter(alpha, 2 * reach + 1)[lines] <= KEPT
    return Layer(lines, is_weak)


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
    return float(apart.sum()) / area, largest_piece(seen_by_one(apart)) / area


def seen_by_one(apart: Alpha) -> Mask:
    """Places where, of two mattes that are so far apart, one sees product and the other doesn't."""
    return np.asarray(ndi.binary_opening(apart > APART), np.bool_)


def unsupported_gap(alpha: Alpha, is_edge: Mask) -> float:
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
    return largest_piece(unsupported(alpha, is_edge)) / longer_side(is_fg) if is_fg.any() else 1.0
