"""The two lens bodies of a pair of glasses, found in its matte by what they are: thick, compact and alike.

A matte holds temples too, and perhaps a shadow or a prop; a far temple and the bridge enclose backdrop just as a rim
encloses a clear lens. So the matte is taken with every choice of its large openings filled, and worn away to several
depths. Of all the pieces that are left, the two are taken that look most like the lenses of one pair at an angle.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from pipeline.imaging.types import Alpha

Mask = NDArray[np.bool_]
Span = tuple[float, float]

LEVELS = (0.4, 0.8)
"""Opacities from which on a pixel counts: haze may join the lenses at the lower, faint lenses be lost at the higher."""
WEARS = (0.012, 0.02, 0.035, 0.06, 0.09)
"""How much is worn away all round, over the width of the matte."""
OPENING = 0.004
"""Smaller openings than this part of the picture are highlights in a lens, and are filled."""
MOST_OPENINGS, MOST_BODIES, LEAST_PIXELS = 4, 5, 9

# How likely a measure is for the two lenses of one pair: knots and values, straight in between. True pairs on labelled
# renders, turned by 26–49°, have a compactness of 0.97–1, height ratios of 0.75–1, gaps of −0.1–0.9 lens heights and
# a size of 0.037 and more of the matte's squared width.
# How wide they are, how far apart in height and how steeply one stands above the other told nothing more.
LIKELIHOOD = {
    "compactness": ((0.86, 0.95), (0, 1)),
    "height_ratio": ((0.6, 0.8), (0, 1)),
    "gap": ((-0.25, -0.1, 0.6, 1.2), (0, 1, 1, 0)),
    "size": ((0.01, 0.03), (0, 1)),
}


@dataclass(frozen=True)
class Body:
    """A piece of the matte: the pixels of its core, which is what is left when `wear` pixels are worn off all round."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    wear: float

    @property
    def centre(self) -> tuple[float, float]:
        return float(self.rows.mean()), float(self.columns.mean())

    @cached_property
    def compactness(self) -> float:
        """Area over that of the ellipse with the same second moments: 1 for any ellipse, 0.95 for any parallelogram,
        less for all that has arms. Its square is the affine-invariant ellipticity of Rosin, "Measuring shape:
        ellipticity, rectangularity, and triangularity", Machine Vision and Applications 14 (2003)."""
        (y, x), count = self.centre, len(self.rows)
        off_y, off_x = self.rows - y, self.columns - x
        # Sums rather than dot products: those would start threads, for sums so short.
        tall, wide = ((off * off).sum() / (count - 1) + 1 / 12 for off in (off_y, off_x))
        skew = (off_y * off_x).sum() / (count - 1)
        return float(count / (4 * np.pi * np.sqrt(tall * wide - skew**2)))

    @property
    def size(self) -> float:
        """Of the whole piece's bounding box, in pixels."""
        return _length(self.span((1, 0))) * _length(self.span((0, 1)))

    def span(self, along: tuple[float, float]) -> Span:
        """First and last point of the whole piece along a direction (rows, columns)."""
        places = self.rows * along[0] + self.columns * along[1]
        return float(places.min()) - self.wear, float(places.max()) + self.wear


@dataclass(frozen=True)
class Pair:
    """Two bodies, left and right, and how much they look like the lenses of one pair of glasses (0–1).

    `gap_x` is the column of the middle of the gap between them, measured along the line through their centres. `filled`
    is the matte with those openings filled that are taken for lenses. The `rank` chooses among pairs.
    """

    left: Body
    right: Body
    gap_x: float
    likeness: float
    rank: float
    filled: Mask

    @property
    def rows(self) -> slice:
        """The rows that the two lie in."""
        tops, bottoms = zip(*(body.span((1, 0)) for body in (self.left, self.right)), strict=True)
        return slice(max(0, round(min(tops))), round(max(bottoms)) + 1)


def find_pair(alpha: Alpha) -> Pair | None:
    """Find the two lens bodies of a pair of glasses.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1
        The matte, cut to the product; its working size is some 400 pixels.

    Returns
    -------
    Pair or None
        Of all pairs the likeliest; among equals the most compact and alike, and the most worn, whose edges are free of
        nose pads and the bridge's stubs. None if no two pieces of the matte can be told apart.
    """
    best: Pair | None = None
    for level in LEVELS:
        found = _best_pair(alpha > level)
        best = max(filter(None, (best, found)), key=lambda pair: pair.rank, default=None)
        if best and best.likeness == 1:
            break  # a third of the time, for the same columns
    return best


def _best_pair(is_fg: Mask) -> Pair | None:
    pairs = (pair for filled in _fillings(is_fg) for bodies in _bodies(filled) for pair in _pairs(bodies, filled))
    return max(pairs, key=lambda pair: pair.rank, default=None)


def _fillings(is_fg: Mask) -> Iterator[Mask]:
    openings, _ = ndi.label(ndi.binary_fill_holes(is_fg) & ~is_fg)
    areas = np.bincount(openings.ravel())
    areas[0] = 0
    large = [k for k in np.argsort(-areas)[:MOST_OPENINGS] if areas[k] > OPENING * is_fg.size]
    is_fg = is_fg | ((openings > 0) & ~np.isin(openings, large))
    for count in range(len(large) + 1):
        for chosen in combinations(large, count):
            yield is_fg | np.isin(openings, chosen) if chosen else is_fg


def _bodies(filled: Mask) -> Iterator[list[Body]]:
    """The compact pieces that are left at each depth of wear."""
    depth = ndi.distance_transform_edt(np.pad(filled, 1))[1:-1, 1:-1]
    for wear in np.multiply(WEARS, filled.shape[1]):
        pieces, _ = ndi.label(depth > wear, np.ones((3, 3)))
        areas = np.bincount(pieces.ravel())[1:]
        boxes = ndi.find_objects(pieces)
        large = [k for k in np.argsort(-areas)[:MOST_BODIES] if areas[k] >= LEAST_PIXELS]
        bodies = [_body(pieces[boxes[k]] == k + 1, boxes[k], wear) for k in large]
        yield [body for body in bodies if body.compactness > LIKELIHOOD["compactness"][0][0]]


def _body(is_core: Mask, box: tuple[slice, slice], wear: float) -> Body:
    rows, columns = np.nonzero(is_core)
    return Body(rows + box[0].start, columns + box[1].start, wear)


def _pairs(bodies: list[Body], filled: Mask) -> Iterator[Pair]:
    for one, other in combinations(bodies, 2):
        left, right = sorted((one, other), key=lambda body: body.centre[1])
        yield _compared(left, right, filled)


def _compared(left: Body, right: Body, filled: Mask) -> Pair:
    """Measure two bodies along the line through their centres, and across."""
    (y0, x0), (y1, x1) = left.centre, right.centre
    tilt = np.arctan2(y1 - y0, x1 - x0)
    along, across = (np.sin(tilt), np.cos(tilt)), (np.cos(tilt), -np.sin(tilt))
    heights = [_length(body.span(across)) for body in (left, right)]
    start, end = left.span(along)[1], right.span(along)[0]
    measures = {
        "compactness": min(left.compactness, right.compactness),
        "height_ratio": min(heights) / max(heights),
        "gap": (end - start) / (sum(heights) / 2),
        "size": (left.size + right.size) / filled.shape[1] ** 2,
    }
    likeness = float(np.prod([np.interp(measures[name], *curve) for name, curve in LIKELIHOOD.items()]))
    offset = (start + end) / 2 - ((y0 + y1) * along[0] + (x0 + x1) * along[1]) / 2
    gap_x = float((x0 + x1) / 2 + offset * along[1])
    rank = likeness * measures["compactness"] ** 16 * measures["height_ratio"] ** 4 * left.wear**0.2
    return Pair(left, right, gap_x, likeness, rank, filled)


def _length(span: Span) -> float:
    return span[1] - span[0]
