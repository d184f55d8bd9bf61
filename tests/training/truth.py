"""A matte held against its truth: what a shop would send back.

The bounds are those of the team's yardstick. Where a lens may be cut, neither keeping nor cutting it is an error.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi
from skimage.morphology import skeletonize

from pipeline.imaging.framing import bounding_box

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

TOLERANCE = 0.005
"""Of the product's longer side: so far an outline may be off."""
FAINT, KEPT, SEEN = 8 / 255, 0.75, 0.5
MISSING, GAP, THIN, EXTRA, HALF, HALO, BRIDGE = 0.015, 0.005, 0.05, 0.015, 0.12, 0.20, 0.03
"""The bounds of what is lost along centre lines, of its longest gap, of what is see-through, of what is kept beside, of
a lens that is neither kept nor cut, of the outline's error, and of how far off a bridge may be."""


@dataclass(frozen=True)
class Judged:
    """The names of the defects; the absolute error over the product's area; its width in pixels."""

    defects: tuple[str, ...]
    sad: float
    width: int


def judge(solid: Floats, glass: Floats, alpha: Floats, *, may_cut: bool) -> Judged:
    """Hold a matte against its truth.

    Parameters
    ----------
    solid, glass : (H, W) float32, 0–1
        The product with its lenses, and without them.
    alpha : (H, W) float32, 0–1
    may_cut : bool
        Whether lenses may be cut out.

    Returns
    -------
    Judged
    """
    sad = float(np.abs(np.clip(alpha, glass if may_cut else solid, solid) - alpha).sum() / (solid > SEEN).sum())
    alpha = np.where(alpha > FAINT, alpha, 0)
    near = _near(solid, alpha)
    held = _Held.of(solid[near], glass[near], alpha[near], may_cut)
    area = (held.solid > SEEN).sum()
    bounds = {
        "missing": held.lost.sum() / max(1, held.lines.sum()) > MISSING or _longest(held.lost) / held.longer > GAP,
        "thin": _mean(1 - held.alpha, held.core) > THIN,
        "extra": held.alpha[held.outside].sum() / area > EXTRA,
        "lens": may_cut and _unlike(held.alpha, held.solid, held.glass, held.reach) > HALF,
        "halo": _mean(held.off, held.band) > HALO,
    }
    defects = tuple(name for name, is_bad in bounds.items() if is_bad)
    return Judged(defects, sad, held.width)


def where_wrong(solid: Floats, glass: Floats, alpha: Floats, *, may_cut: bool) -> Floats:
    """Where a matte is wrong, by kind of error. Parameters as for `judge`.

    Returns
    -------
    (4, H, W) float32, 0–1
        In the order of `imaging.types.ERRORS`: centre lines that are lost; what is see-through, lenses too; what is
        kept beside the product; how far the outline is off.
    """
    held = _Held.of(solid, glass, np.where(alpha > FAINT, alpha, 0), may_cut)
    is_lens = may_cut & (solid > SEEN) & (glass < SEEN)
    half = np.where(is_lens, 2 * np.minimum(held.alpha, 1 - held.alpha), 0)
    thin = np.maximum(np.where(held.core, 1 - held.alpha, 0), half)
    kept, off = np.where(held.outside, held.alpha, 0), np.where(held.band, held.off, 0)
    return np.stack([held.lost, thin, kept, off]).astype(np.float32)


@dataclass(frozen=True)
class _Held:
    """A matte beside its truth: where its parts lie, and how far it is off."""

    solid: Floats
    glass: Floats
    alpha: Floats
    width: int
    longer: int
    reach: int
    lines: Mask
    lost: Mask
    core: Mask
    outside: Mask
    band: Mask
    off: Floats

    @classmethod
    def of(cls, solid: Floats, glass: Floats, alpha: Floats, may_cut: bool) -> "_Held":
        low, is_product = glass if may_cut else solid, solid > SEEN
        height, width = (int(np.ptp(np.flatnonzero(is_product.any(axis)))) + 1 for axis in (1, 0))
        longer = max(height, width)
        reach = max(2, round(TOLERANCE * longer))
        lines = skeletonize(low > SEEN)
        outside = ~_grown(is_product, reach)
        return cls(
            solid,
            glass,
            alpha,
            width,
            longer,
            reach,
            lines,
            lost=lines & ~_grown(alpha > KEPT, reach),
            core=_shrunk(low > SEEN, reach),
            outside=outside,
            band=~outside & ~_shrunk(is_product, reach),
            off=np.maximum(alpha - solid, 0) + np.maximum(low - alpha, 0),
        )


def _near(solid: Floats, alpha: Floats) -> tuple[slice, slice]:
    """All that is product or kept, with room around it for the outline's tolerance."""
    box = bounding_box((solid > 0) | (alpha > 0))
    room = round(4 * TOLERANCE * max(box.y1 - box.y0, box.x1 - box.x0)) + 8
    return slice(max(0, box.y0 - room), box.y1 + room), slice(max(0, box.x0 - room), box.x1 + room)


def true_bridge(solid: Floats, glass: Floats) -> float | None:
    """The column in the middle of the visible gap between the two lenses, if there are two."""
    two = _lenses(solid, glass)
    if len(two) < 2:
        return None
    return float(np.flatnonzero(two[0].any(0))[-1] + np.flatnonzero(two[1].any(0))[0]) / 2


def _grown(mask: Mask, reach: int) -> Mask:
    return ~_shrunk(~mask, reach, beyond=True)


def _shrunk(mask: Mask, reach: int, *, beyond: bool = False) -> Mask:
    """What is further than that, by steps along rows and columns, from what isn't set; whether all beyond is set."""
    padded = np.pad(mask, 1, constant_values=beyond)
    if padded.all():
        return mask
    return np.asarray(ndi.distance_transform_cdt(padded, "taxicab")[1:-1, 1:-1] > reach)


def _longest(lost: Mask) -> int:
    pieces, _ = ndi.label(lost, np.ones((3, 3)))
    return int(np.bincount(pieces.ravel())[1:].max(initial=0))


def _mean(values: Floats, where: Mask) -> float:
    return float(values[where].mean()) if where.any() else 0.0


def _unlike(alpha: Floats, solid: Floats, glass: Floats, reach: int) -> float:
    """How far the lenses are from kept or cut, or from one another."""
    cores = [_shrunk(lens, reach) for lens in _lenses(solid, glass)]
    kept = [_mean(alpha, core) for core in cores if core.sum() > 0.01 * (solid > SEEN).sum()]
    return max([min(one, 1 - one) for one in kept] + [max(kept, default=0) - min(kept, default=0)])


def _lenses(solid: Floats, glass: Floats) -> list[Mask]:
    """The two largest, from left to right."""
    regions, _ = ndi.label(ndi.binary_opening((solid > SEEN) & (glass < SEEN), iterations=2))
    largest = np.argsort(-np.bincount(regions.ravel())[1:], kind="stable")[:2] + 1
    return sorted((regions == number for number in largest), key=lambda lens: np.flatnonzero(lens.any(0)).mean())
