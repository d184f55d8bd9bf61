"""Column profiles of a matte, and the lobes and valleys in them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

Profile = NDArray[np.float32]


@dataclass(frozen=True)
class Valley:
    """A dip between two lobes of a profile: its two sides, in columns, and its depth.

    Depth is 1 − (lowest point / lower lobe): 1 is a clean gap, 0 no dip at all.
    """

    left: float
    right: float
    depth: float

    @property
    def midpoint(self) -> float:
        return (self.left + self.right) / 2


def vertical_profile(alpha: NDArray[np.float32]) -> Profile:
    """Sum of the alpha down each column.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1

    Returns
    -------
    (W,) float32, 0–H, in pixels
    """
    return np.asarray(alpha.sum(axis=0), np.float32)


def smooth(profile: Profile, sigma: float) -> Profile:
    """Gaussian smoothing.

    Parameters
    ----------
    profile : (W,) float32
    sigma : float
        Columns; 0 leaves the profile as it is.

    Returns
    -------
    (W,) float32
    """
    return np.asarray(ndi.gaussian_filter1d(profile, sigma), np.float32) if sigma > 0 else profile


def valley(profile: Profile, left_lobe: int, right_lobe: int, *, level: float = 0.1) -> Valley | None:
    """Find the valley between two lobes, measured at a small height above its floor.

    Parameters
    ----------
    profile : (W,) float32
    left_lobe, right_lobe : int
        A column in each of the two lobes, left_lobe < right_lobe.
    level : float, 0–1
        Height at which the valley's sides are taken, between its floor (0) and the lower lobe (1).

    Returns
    -------
    Valley or None
        None when the profile does not dip between the lobes. Columns are pixel indices, with fractions.
    """
    between = profile[left_lobe : right_lobe + 1]
    lower, floor = float(min(between[0], between[-1])), float(between.min())
    if floor >= lower:
        return None
    height = floor + level * (lower - floor)
    below = np.flatnonzero(between < height)
    if not below.size:
        return None  # so shallow that rounding fills it
    left, right = int(below[0]), int(below[-1])
    return Valley(
        left=left_lobe + _crossing(between, left - 1, left, height),
        right=left_lobe + _crossing(between, right, right + 1, height),
        depth=1 - floor / lower,
    )


def _crossing(profile: Profile, a: int, b: int, height: float) -> float:
    """Column between the neighbours a and b at which the profile passes `height`, by linear interpolation."""
    return a + float((height - profile[a]) / (profile[b] - profile[a]))
