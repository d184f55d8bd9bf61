"""The half-glass crop: where the bridge is in an angled shot of a pair of glasses, and the box that ends there.

On an angled shot the temples stretch the silhouette far to one side, so neither its middle nor its thinnest
column is the bridge. The two lens bodies are found first, as what is left when everything thin is worn away;
then the valley between them in the vertical projection of those two bodies is the gap that the bridge spans.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from pipeline.imaging.framing import bounding_box
from pipeline.imaging.projection import Valley, smooth, valley, vertical_profile
from pipeline.imaging.scale import shrink
from pipeline.imaging.types import Alpha, Crop, CropBox

Mask = NDArray[np.bool_]

WORKING_SIZE = 512
SOLID = 0.5
FAINT = 0.1
SPECK = 0.01
"""Pieces smaller than this part of the largest are left out of account."""
TEAR = 0.02
"""Pieces nearer than this part of the window's width belong together."""
WIRE = 0.015
"""Half-width of what counts as wire (temple, bridge), over the silhouette's width."""
KEPT_BODY = 0.6
WEAR = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
"""How much is worn away, as fractions of the thickest place's half-width; the least that parts the lenses is taken."""
LEAST_BODY = 0.12
"""Area of the far lens over that of the near one, at the least (a yaw of 55° leaves about a quarter)."""
SURE_BODY = 0.2
SURE_DEPTH = 0.85
SURE_OVERLAP = 0.5
EIGHT = np.ones((3, 3), bool)


@dataclass(frozen=True)
class _Bodies:
    """The two lens bodies, left and right; whether the matte joins them; whether they are solid, not mere rims."""

    left: Mask
    right: Mask
    is_joined: bool
    is_solid: bool

    @property
    def smaller(self) -> int:
        return int(min(self.left.sum(), self.right.sum()))


def find_crop(alpha: Alpha) -> Crop | None:
    """Find the bridge column and the half-glass box of an angled pair of glasses.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1
        The whole matte, at any size.

    Returns
    -------
    Crop or None
        bridge_x is the middle of the gap between the lens bodies, in pixels of `alpha`. The box reaches from
        there to the silhouette's end on the side of the larger (nearer) lens. None when there is no object,
        no second lens, or no valley between the two.
        is_sure asks for two solid bodies of like size, side by side, in one piece, with a deep valley between.
    """
    window = _object_window(alpha)
    if window is None:
        return None
    small = shrink(np.ascontiguousarray(alpha[window.y0 : window.y1, window.x0 : window.x1]), WORKING_SIZE)
    bodies = _lens_bodies(small)
    gap = _gap(bodies) if bodies else None
    if bodies is None or gap is None:
        return None
    scale = (window.x1 - window.x0) / small.shape[1]
    bridge_x = window.x0 + (gap.midpoint + 0.5) * scale - 0.5
    whole = _place(_silhouette(small, bodies), window, scale)
    box = _half(whole, round(bridge_x), is_left=bodies.left.sum() > bodies.right.sum())
    return Crop(bridge_x=bridge_x, box=box, is_sure=_is_sure(bodies, gap))


def _object_window(alpha: Alpha) -> CropBox | None:
    """Bounding box of all but specks, with a margin, found on a small copy."""
    small = shrink(alpha, WORKING_SIZE)
    pieces, _ = ndi.label(small > FAINT, EIGHT)
    areas = np.bincount(pieces.ravel(), weights=(small > SOLID).ravel())
    areas[0] = 0
    if not areas.any():
        return None
    box = bounding_box((areas >= SPECK * areas.max())[pieces])
    return _place(box, CropBox(0, 0, *alpha.shape), alpha.shape[1] / small.shape[1])


def _silhouette(alpha: Alpha, bodies: _Bodies) -> CropBox:
    """Bounding box of the two bodies and all that hangs on them, torn-off temples too; props stay out."""
    is_fg = alpha > FAINT
    reach = 2 * round(TEAR * alpha.shape[1] / 2) + 1
    pieces, _ = ndi.label(ndi.maximum_filter(is_fg.view(np.uint8), reach), EIGHT)
    owners = np.unique(pieces[bodies.left | bodies.right])
    return bounding_box(is_fg & np.isin(pieces, owners))


def _place(box: CropBox, window: CropBox, scale: float) -> CropBox:
    """Bring a box from a window's small copy back to the photograph, a small pixel larger all round."""
    return CropBox(
        max(window.y0, window.y0 + int((box.y0 - 1) * scale)),
        max(window.x0, window.x0 + int((box.x0 - 1) * scale)),
        min(window.y1, window.y0 + int((box.y1 + 1) * scale) + 1),
        min(window.x1, window.x0 + int((box.x1 + 1) * scale) + 1),
    )


def _lens_bodies(alpha: Alpha) -> _Bodies | None:
    """Look with all that is thin worn off first, and without that where thin rims are all there is."""
    is_fg = np.pad(alpha > SOLID, 1)
    whole, _ = ndi.label(ndi.binary_fill_holes(is_fg), EIGHT)
    # A far temple and the bridge enclose backdrop between the lenses: unless they go first, that would be filled too.
    solid = _part(ndi.binary_fill_holes(_without_wires(is_fg)), whole, is_solid=True)
    rims = _part(ndi.binary_fill_holes(is_fg), whole, is_solid=False)
    if solid and (rims is None or solid.smaller >= KEPT_BODY * rims.smaller):
        return solid
    return rims


def _without_wires(is_fg: Mask) -> Mask:
    radius = WIRE * is_fg.shape[1]
    return np.asarray(ndi.distance_transform_edt(~(ndi.distance_transform_edt(is_fg) > radius)) <= radius)


def _part(filled: Mask, whole: NDArray[np.int32], *, is_solid: bool) -> _Bodies | None:
    """Wear the silhouette away until two bodies are left, then give them back what they lost."""
    depth = ndi.distance_transform_edt(filled)
    for wear in WEAR:
        cores, _ = ndi.label(depth > wear * depth.max(), EIGHT)
        pair = _best_pair(cores, whole)
        if pair:
            left, right = _grow(cores, pair, wear * float(depth.max()))
            is_joined = len(np.unique(whole[np.isin(cores, pair)])) == 1
            return _Bodies(left, right, is_joined=is_joined, is_solid=is_solid)
    return None


def _best_pair(cores: NDArray[np.int32], whole: NDArray[np.int32]) -> tuple[int, int] | None:
    """The two largest cores, those of one piece of the matte before those of two."""
    areas = np.bincount(cores.ravel())
    areas[0] = 0
    owner = np.zeros(areas.size, int)
    owner[cores.ravel()] = whole.ravel()
    big = [k for k in np.argsort(-areas)[:4] if areas[k] > 0]
    pairs = [(int(a), int(b)) for a, b in combinations(big, 2) if areas[b] >= LEAST_BODY * areas[a]]
    return max(pairs, key=lambda p: (owner[p[0]] == owner[p[1]], areas[p[1]], areas[p[0]]), default=None)


def _grow(cores: NDArray[np.int32], pair: tuple[int, int], wear: float) -> tuple[Mask, Mask]:
    """Give two cores back what was worn off them, which leaves out what was thin; left one first."""
    pair = min(pair, pair[::-1], key=lambda p: float(np.nonzero(cores == p[0])[1].mean()))
    left, right = ((ndi.distance_transform_edt(cores != k) < wear)[1:-1, 1:-1] for k in pair)
    return left, right


def _gap(bodies: _Bodies) -> Valley | None:
    profile = smooth(vertical_profile((bodies.left | bodies.right).astype(np.float32)), sigma=1.0)
    peaks = [int(np.where(body.any(0), profile, 0).argmax()) for body in (bodies.left, bodies.right)]
    return valley(profile, *peaks) if peaks[0] < peaks[1] else None


def _is_sure(bodies: _Bodies, gap: Valley) -> bool:
    areas = sorted([bodies.left.sum(), bodies.right.sum()])
    rows = bodies.left.any(1), bodies.right.any(1)
    overlap = (rows[0] & rows[1]).sum() / min(rows[0].sum(), rows[1].sum())
    return bool(
        bodies.is_joined
        and bodies.is_solid
        and areas[0] >= SURE_BODY * areas[1]
        and gap.depth >= SURE_DEPTH
        and overlap >= SURE_OVERLAP
    )


def _half(box: CropBox, bridge: int, *, is_left: bool) -> CropBox:
    return CropBox(box.y0, box.x0, box.y1, bridge) if is_left else CropBox(box.y0, bridge, box.y1, box.x1)
