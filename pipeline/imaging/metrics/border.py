"""Whether the photo's border cuts the product, or only touches it: catalogue photos are cropped to the product."""

from collections.abc import Iterator

import numpy as np
from scipy import ndimage as ndi

from pipeline.imaging.masks import SOLID, Mask, longer_side
from pipeline.imaging.types import Alpha

# As deep as this share of the object's longer side, and this many pixels, the outline must have turned away by 45°.
DEPTH, LEAST_DEPTH = 0.015, 2
# What touches is short, by the object's own extent along that border.
MOST_CONTACT = 0.6


def border_touch(alpha: Alpha) -> float:
    """Share of the photograph's border that cuts the object.

    Where the object only touches the border, the outline turns away on both sides, with backdrop beside it; where it
    is cut, the outline meets the border at an angle.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1

    Returns
    -------
    float, 0–1
    """
    return float(cut_at_border(alpha).sum() / max(1, 2 * sum(alpha.shape) - 4))


def cut_at_border(alpha: Alpha) -> Mask:
    """The border's pixels at which it cuts the object.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1

    Returns
    -------
    (H, W) bool
    """
    is_fg = alpha > SOLID
    is_cut = np.zeros_like(is_fg)
    if is_fg.any():
        filled = np.asarray(ndi.binary_fill_holes(is_fg), np.bool_)
        depth = max(LEAST_DEPTH + 1, round(DEPTH * longer_side(is_fg)))
        for seen, cut in zip(_from_each_side(filled), _from_each_side(is_cut), strict=True):
            for start, end in _runs(seen[0]):
                cut[0, start:end] |= not _is_tangent(seen, start, end, depth)
    return is_cut & is_fg


def _from_each_side(mask: Mask) -> tuple[Mask, ...]:
    """Views of a mask whose first row is each of its borders."""
    return mask, mask[::-1], mask.T, mask.T[::-1]


def _runs(row: Mask) -> Iterator[tuple[int, int]]:
    """First and last column, half-open, of each stretch that is set."""
    ends = np.flatnonzero(np.diff(np.concatenate([[False], row, [False]]).astype(np.int8)))
    yield from zip(ends[::2].tolist(), ends[1::2].tolist(), strict=True)


def _is_tangent(mask: Mask, start: int, end: int, depth: int) -> bool:
    columns = np.flatnonzero(mask.any(0))
    if start == 0 or end == mask.shape[1] or end - start > MOST_CONTACT * (columns[-1] + 1 - columns[0]):
        return False
    for row in range(LEAST_DEPTH, min(depth + 1, len(mask))):
        within = [run for run in _runs(mask[row]) if run[0] < end and run[1] > start]
        if within and start - within[0][0] >= row and within[-1][1] - end >= row:
            return True
    return False
