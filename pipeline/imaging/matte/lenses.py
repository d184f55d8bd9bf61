"""Clear lenses: the backdrop is seen through them, so that a network keeps the one and eats the other."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi
from skimage.measure import regionprops

from pipeline.imaging.matte.difference import close_seams
from pipeline.imaging.types import Alpha

LensRule = Literal["keep", "cut"]

# In levels: a clear lens adds little to the backdrop behind it.
LIKE_BACKDROP = 12.0
# Shares of the longer side, of the silhouette's area, of the convex hull, and of the larger lens.
SEAM, LEAST_AREA, LEAST_SOLIDITY, LEAST_PAIR = 0.01, 0.04, 0.85, 0.25

Mask = NDArray[np.bool_]


def find_lenses(alpha: Alpha, distance: NDArray[np.float32]) -> Mask:
    """Find a pair of clear lenses: backdrop enclosed by the silhouette, round, side by side, of like size.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1
    distance : (H, W) float32
        From the backdrop's colour, in levels.

    Returns
    -------
    (H, W) bool
        Both lenses; nothing if there aren't two.
    """
    seam = max(2, round(SEAM * max(alpha.shape)))
    silhouette = ndi.binary_fill_holes(close_seams(alpha > 0.5, SEAM))
    is_clear = silhouette & ((distance < LIKE_BACKDROP) | (alpha < 0.5))
    is_clear = ndi.binary_opening(ndi.binary_closing(is_clear, iterations=2), iterations=seam)
    pieces, _ = ndi.label(is_clear)
    round_ones = [
        piece
        for piece in regionprops(pieces)  # type: ignore[no-untyped-call]
        if piece.area > LEAST_AREA * silhouette.sum() and piece.solidity > LEAST_SOLIDITY
    ]
    largest = sorted(round_ones, key=lambda piece: piece.area)[-2:]
    if len(largest) < 2 or not _are_a_pair(*largest):
        return np.zeros_like(silhouette)
    is_lens = ndi.binary_dilation(np.isin(pieces, [piece.label for piece in largest]), iterations=2)
    return np.asarray(is_lens & silhouette, np.bool_)


def _are_a_pair(smaller: Any, larger: Any) -> bool:
    """Side by side, at a like height, and not too different in size: the far lens of an angled view is the smaller."""
    left, right = sorted((smaller.bbox, larger.bbox), key=lambda box: box[1])
    apart = right[1] >= left[3]
    same_height = min(left[2], right[2]) - max(left[0], right[0]) > 0.5 * min(left[2] - left[0], right[2] - right[0])
    return bool(apart and same_height and smaller.area > LEAST_PAIR * larger.area)


def apply_rule(alpha: Alpha, is_lens: Mask, rule: LensRule) -> Alpha:
    """Both lenses one way: kept as a part of the product, or cut out of it.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1
    is_lens : (H, W) bool
    rule : {"keep", "cut"}

    Returns
    -------
    (H, W) float32, 0–1
    """
    if not is_lens.any():
        return alpha
    lens = ndi.gaussian_filter(is_lens.astype(np.float32), 0.7)
    return np.asarray(np.maximum(alpha, lens) if rule == "keep" else np.minimum(alpha, 1 - lens), np.float32)
