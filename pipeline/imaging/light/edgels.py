"""Points on edges, to a fraction of a pixel, and how far they lie from those of another picture."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi
from scipy.spatial import cKDTree

from pipeline.imaging.types import RGB

Doubles = NDArray[np.float64]
Mask = NDArray[np.bool_]

FAINT = 1.5
"""Levels a pixel: what is less steep is grain."""
REACH = 2.5
"""Pixels: an edge farther away is another one."""
PARALLEL = 0.8
"""Cosine between two edges that can be the same."""
NEIGHBOURS = 6
CELL, STRETCH = 4, 3.0
"""Pixels of a cell of the grid that places are told by, and the spread of a place, in cells."""


@dataclass(frozen=True)
class Edgels:
    """Where edges are, (row, column), the unit vectors across them, uphill, and how steep they are, in levels a pixel.

    `at` and `across` are (N, 2) float64, `steepness` is (N,) float32.
    """

    at: Doubles
    across: Doubles
    steepness: NDArray[np.float32]

    def where(self, is_wanted: Mask) -> "Edgels":
        return Edgels(self.at[is_wanted], self.across[is_wanted], self.steepness[is_wanted])

    def within(self, zone: Mask, least: float) -> Mask:
        """Which of them lie in a zone and are so steep."""
        return np.asarray(self.read(zone) & (self.steepness > least))

    def read(self, layer: NDArray[Any]) -> NDArray[Any]:
        """The pixels of a layer that they lie on."""
        y, x = np.rint(self.at).astype(int).T
        return np.asarray(layer[y.clip(0, layer.shape[0] - 1), x.clip(0, layer.shape[1] - 1)])

    def __add__(self, other: "Edgels") -> "Edgels":
        return Edgels(
            np.concatenate((self.at, other.at)),
            np.concatenate((self.across, other.across)),
            np.concatenate((self.steepness, other.steepness)),
        )


def find_edgels(rgb: RGB, zone: Mask) -> Edgels:
    """Edges as ridges of the gradient, located by a parabola across them.

    Parameters
    ----------
    rgb : (H, W, 3) uint8
    zone : (H, W) bool
        Where to look.

    Returns
    -------
    Edgels

    References
    ----------
    F. Devernay, "A non-maxima suppression method for edge detection with sub-pixel accuracy", INRIA RR-2724, 1995.
    """
    grey = ndi.gaussian_filter(rgb.mean(-1, dtype=np.float32), 1.0)
    down, across = np.gradient(grey)
    steepness = np.hypot(down, across)
    y, x = np.nonzero((steepness > FAINT) & zone)
    here = steepness[y, x]
    normal = np.stack([down[y, x], across[y, x]], axis=1).astype(np.float64) / here[:, None]
    at = np.stack([y, x], axis=1).astype(np.float64)
    ahead, behind = (ndi.map_coordinates(steepness, (at + way).T, order=1, mode="nearest") for way in (normal, -normal))
    offset = 0.5 * (ahead - behind) / np.maximum(2 * here - ahead - behind, 1e-6)
    at = at + normal * offset.clip(-0.6, 0.6)[:, None]
    return Edgels(at, normal, here).where((here >= ahead) & (here > behind))


def offsets(edgels: Edgels, others: Edgels) -> Doubles:
    """How far uphill of each edge its nearest parallel one among others lies.

    Parameters
    ----------
    edgels, others : Edgels

    Returns
    -------
    (N,) float64
        Pixels; NaN where none is within reach.
    """
    if not len(edgels.at) or not len(others.at):
        return np.full(len(edgels.at), np.nan)
    distance, nearest = cKDTree(others.at).query(edgels.at, k=NEIGHBOURS, distance_upper_bound=REACH + 1)
    nearest = np.minimum(nearest, len(others.at) - 1)
    along = ((others.at[nearest] - edgels.at[:, None]) * edgels.across[:, None]).sum(-1)
    is_parallel = np.abs((others.across[nearest] * edgels.across[:, None]).sum(-1)) > PARALLEL
    cost = np.where(np.isfinite(distance) & is_parallel & (np.abs(along) < REACH), np.abs(along), np.inf)
    best = cost.argmin(1)[:, None]
    is_found = np.isfinite(np.take_along_axis(cost, best, 1)[:, 0])
    return np.where(is_found, np.take_along_axis(along, best, 1)[:, 0], np.nan)


def gathered(edgels: Edgels, values: Doubles, shape: tuple[int, ...]) -> Doubles:
    """The sum of values around each place of a picture of that shape; of ones, how many edge points lie there."""
    rows, columns = (side // CELL + 2 for side in shape[:2])
    y, x = (edgels.at / CELL).astype(int).T
    grid = np.bincount(y * columns + x, values, minlength=rows * columns).reshape(rows, columns)
    around = ndi.gaussian_filter(grid, STRETCH, truncate=3, mode="constant") * (2 * np.pi * STRETCH**2)
    return np.asarray(around, np.float64)
