"""The notch of the nose: where the lower outline of a pair of glasses is cut in between its two sides.

Wraps and shields are one blob, with no two lens bodies in it, but every frame that is worn has a notch.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from pipeline.imaging.masks import Mask, only_largest
from pipeline.imaging.types import Alpha, Side

Outline = NDArray[np.float64]

SOLID, SMOOTHING = 0.4, 1.5
THICK = 0.5
"""Columns of at least this part of the greatest height belong to the lenses, not to the temples."""
FLOOR = 0.9
"""Part of its depth at which the notch's floor is taken."""
# Of angled renders of all designs, and of 10 real wraps, all but some goggles of one lens have a notch as deep and
# lenses as wide; of side views none has but goggles on a strap, and glasses folded on end.
LEAST_DEPTH, LEAST_LENSES, LEAST_SHARE, MOST_FLOOR = 0.1, 0.37, 0.12, 0.08
APART = 0.05
"""Notches that are closer than this part of the product's width are one, with something in it."""
# From the foot up lenses are full for 0.58 and more of their height on right mattes (a far temple may be above);
# rims that have lost their clear shield, and frames that hang together with their reflections, for at most 0.51.
LEAST_FULLNESS = 0.55
# The notch is cut into what lies behind the lenses: seen at an angle it leans from the gap towards the nearer one, by
# 1–2.5 % of the product's width (on wraps and shields; ± 1 %), and not at all from the front.
LEAN, FULL_LEAN = 0.018, 0.2


@dataclass(frozen=True)
class Notch:
    """Its column, which is that of the bridge, and its floor's first and last; which lens is the nearer one.

    `depth` is in heights of the lenses, `floor_width` and `width`, that of both lenses, in widths of the product,
    `far_share` the far one's part of that, `fullness` how far up they are full from the foot, in heights of the lenses.
    `filled` is the product. `is_alone`: nothing else could be the notch, as where a temple hangs beside the lenses.
    """

    column: float
    floor: tuple[float, float]
    near: Side
    depth: float
    floor_width: float
    width: float
    far_share: float
    fullness: float
    filled: Mask
    is_alone: bool = True

    @property
    def is_clear(self) -> bool:
        is_lens_like = self.width > LEAST_LENSES and self.far_share > LEAST_SHARE
        is_cut = self.depth > LEAST_DEPTH and self.floor_width < MOST_FLOOR
        return is_cut and is_lens_like and self.fullness > LEAST_FULLNESS and self.is_alone


def find_notch(alpha: Alpha) -> Notch | None:
    """Find the cut into the lower outline of the lenses that is a notch, or else the deepest.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1
        The matte, cut to the product; its working size is some 400 pixels.

    Returns
    -------
    Notch or None
        None if the lower outline is nowhere cut in.
    """
    filled = only_largest(ndi.binary_fill_holes(alpha > SOLID))
    columns = np.flatnonzero(filled.any(0))
    if not columns.size:
        return None
    height = ndi.gaussian_filter1d(filled.sum(0).astype(np.float64), SMOOTHING)
    lenses = np.flatnonzero(height > THICK * height.max())
    first, last = int(lenses[0]), int(lenses[-1])
    depths = _depths(_lower_outline(filled)[first : last + 1])
    if depths.max() < 1:
        return None
    fullness = _fullness(filled[:, first : last + 1]) / float(height.max())
    cuts, _ = ndi.label(depths > max(1.0, LEAST_DEPTH * height.max()))
    parts = [np.where(cuts == cut, depths, 0) for cut in range(1, cuts.max() + 1)] or [depths]
    notches = [_notch(part, (first, last), len(columns), height.max(), fullness, filled) for part in parts]
    clear = [notch for notch in notches if notch.is_clear]
    deepest = max(clear or notches, key=lambda notch: notch.depth)
    others = [notch for notch in clear if abs(notch.column - deepest.column) > APART * len(columns)]
    return replace(deepest, is_alone=not others)


def _notch(
    depths: Outline, lenses: tuple[int, int], width: int, tallest: float, fullness: float, filled: Mask
) -> Notch:
    """The cut that those depths, from the lenses' first column on, are deepest in."""
    first, last = lenses
    left, right = (first + end for end in _floor(depths))
    middle = (left + right) / 2
    share = (middle - first) / (last - first)
    near: Side = "left" if share > 0.5 else "right"
    far_share = min(share, 1 - share)
    lean = LEAN * width * float(np.clip((0.5 - far_share) / FULL_LEAN, 0, 1))
    return Notch(
        column=middle + (lean if near == "left" else -lean),
        floor=(left, right),
        near=near,
        depth=float(depths.max() / tallest),
        floor_width=(right - left) / width,
        width=(last - first) / width,
        far_share=far_share,
        fullness=fullness,
        filled=filled,
    )


def _lower_outline(filled: Mask) -> Outline:
    """The lowest row of each column, downwards."""
    lowest = len(filled) - 1 - filled[::-1].argmax(0)
    return np.asarray(ndi.gaussian_filter1d(lowest.astype(np.float64), SMOOTHING), np.float64)


def _depths(outline: Outline) -> Outline:
    """How far each column stands above the lower of the two lobes beside it."""
    lobes = np.minimum(np.maximum.accumulate(outline), np.maximum.accumulate(outline[::-1])[::-1])
    return np.asarray(lobes - outline, np.float64)


def _fullness(lenses: Mask) -> float:
    """How high the lowest piece of a column is, in the middle one of all."""
    upwards = lenses[::-1]
    is_over_a_gap = np.logical_or.accumulate(np.logical_or.accumulate(upwards) & ~upwards)
    return float(np.median((upwards & ~is_over_a_gap).sum(0)))


def _floor(depths: Outline) -> tuple[int, int]:
    """First and last column around the deepest that are nearly as deep."""
    deepest, is_shallow = int(depths.argmax()), depths <= FLOOR * depths.max()
    left = deepest - int(is_shallow[: deepest + 1][::-1].argmax()) + 1
    right = deepest + int(is_shallow[deepest:].argmax()) - 1
    return left, right
