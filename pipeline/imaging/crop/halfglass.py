"""The half-glass crop: where the bridge is in an angled shot of a pair of glasses, and the box that ends there.

On an angled shot the temples stretch the silhouette far to one side, so neither its middle nor its thinnest column is
the bridge. Three estimates look for it. Where the two lens bodies are found: the valley of the vertical projection
between them, and the gap between them along the line through their centres. Where these agree, the gap is taken, which
turns with the frame. Else the notch of the nose is asked: it decides alone where there are no two bodies, as in wraps
and shields, and speaks for the gap where it is close to that. Otherwise something is wrong with the matte there: the
valley is taken, which bears with broken rims and stubs, and the bridge is not sure.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from pipeline.imaging.crop.bodies import Body, Pair, find_pair
from pipeline.imaging.crop.notch import Notch, find_notch
from pipeline.imaging.crop.projection import Profile, Valley, smooth, valley, vertical_profile
from pipeline.imaging.framing import bounding_box, part_of
from pipeline.imaging.masks import EIGHT, dilate
from pipeline.imaging.scale import shrink
from pipeline.imaging.types import Alpha, BridgeEvidence, Crop, CropBox, HalfSide, Side

MaybeSide = TypeVar("MaybeSide", Side, Side | None)

SEEN_SIZE, WORKING_SIZE = 1536, 384
"""Longer sides: at least, of the copy that the product is looked for in, and of the product's own copy."""
SOLID = 0.5
FAINT = 0.1
SPECK = 0.01
"""Pieces smaller than this part of the largest are left out of account."""
TEAR = 0.02
"""Pieces nearer than this part of the window's width belong together."""
SMOOTHING = 2.0
"""Of the profile, in columns of the working size."""
SHORE = 0.25
"""Height between floor and lower lobe at which a valley's sides are taken: above nose pads, below the lenses' bulge."""
LEAST_LIKENESS, SURE_LIKENESS = 0.2, 0.4
RIM = 2
"""A loose piece is taken away with so many pixels of the faint rim around it."""
MOST_APART, NOTCH_APART = 0.015, 0.025
"""Valley and gap of a sure bridge are no further apart than this part of the product's width; the notch may be."""


def find_crop(alpha: Alpha) -> Crop | None:
    """Find the bridge column of an angled pair of glasses, and what the half-glass crop is taken from.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1
        The whole matte, at any size.

    Returns
    -------
    Crop or None
        Its bridge is in pixels of `alpha`; its nearer side that of the larger lens; its product all that hangs together
        with the lenses. None when there is no object, and neither two lenses with a valley between nor a notch. Where
        no notch decides, its doubt is "lenses-unlike" if the two bodies are no likely pair of lenses,
        "estimates-disagree" if valley and gap are apart.
    """
    view = _look(alpha)
    if view is None:
        return None
    between = _between_lenses(view)
    if between and between.is_sure:
        return between
    notch = find_notch(view.alpha)
    if notch is None or not notch.is_clear:
        return between
    if between and between.evidence:
        return _voted(between, between.evidence, view.column(notch.column))
    return _at_notch(view, notch)


def _between_lenses(view: "_View") -> Crop | None:
    """The bridge by the two lens bodies."""
    pair = find_pair(view.alpha)
    if pair is None or pair.likeness < LEAST_LIKENESS:
        return None
    profile = _profile(np.maximum(view.alpha, pair.filled)[pair.rows])
    dip = _valley(profile, pair)
    if dip is None:
        return None
    bodies = [(body.rows[0], body.columns[0]) for body in (pair.left, pair.right)]
    silhouette = _silhouette(view.alpha, pair.filled, bodies)
    doubt = _doubt(pair, dip, silhouette.x1 - silhouette.x0)
    return Crop(
        bridge_x=view.column(dip.midpoint if doubt else pair.gap_x),
        product=view.box(silhouette),
        near="left" if pair.left.size > pair.right.size else "right",
        doubt=doubt,
        evidence=_evidence(view, profile, (dip.left, dip.right), by_valley=dip.midpoint, by_gap=pair.gap_x),
    )


def _voted(crop: Crop, evidence: BridgeEvidence, by_notch: float) -> Crop:
    """Where the gap is, if the notch speaks for it; what deceives the valley deceives the notch, too."""
    told = replace(evidence, by_notch=by_notch)
    if evidence.by_gap is None or abs(evidence.by_gap - by_notch) > NOTCH_APART * (crop.product.x1 - crop.product.x0):
        return replace(crop, evidence=told)
    return replace(crop, bridge_x=evidence.by_gap, doubt=None, evidence=told)


def _at_notch(view: "_View", notch: Notch) -> Crop:
    """The bridge where no two lens bodies can be told apart."""
    silhouette = _silhouette(view.alpha, notch.filled, [tuple(np.argwhere(notch.filled)[0])])
    profile = _profile(notch.filled)
    return Crop(
        bridge_x=view.column(notch.column),
        product=view.box(silhouette),
        near=notch.near,
        evidence=_evidence(view, profile, notch.floor, by_notch=notch.column),
    )


@dataclass(frozen=True)
class _View:
    """A copy of a window of the matte, `scale` times smaller, and the way back."""

    alpha: Alpha
    window: CropBox
    scale: float

    def column(self, small: float) -> float:
        return self.window.x0 + (small + 0.5) * self.scale - 0.5

    def box(self, small: CropBox) -> CropBox:
        return _enlarged(small, self.window, self.scale)


def _look(alpha: Alpha) -> _View | None:
    """Cut all but specks out of the matte, with a margin."""
    step = max(1, max(alpha.shape) // SEEN_SIZE)
    large = alpha[step // 2 :: step, step // 2 :: step]  # of 24 megapixels, averages cost five times as much
    small = shrink(large, WORKING_SIZE)
    pieces, _ = ndi.label(small > FAINT, EIGHT)
    areas = np.bincount(pieces.ravel(), weights=(small > SOLID).ravel())
    areas[0] = 0
    if not areas.any():
        return None
    box = bounding_box((areas >= SPECK * areas.max())[pieces])
    within = _enlarged(box, CropBox(0, 0, *large.shape), large.shape[1] / small.shape[1])
    part = shrink(np.ascontiguousarray(part_of(large, within)), WORKING_SIZE)
    window = CropBox(*(min(alpha.shape[axis % 2], round(edge * step)) for axis, edge in enumerate(astuple(within))))
    return _View(part, window, (window.x1 - window.x0) / part.shape[1])


def _enlarged(box: CropBox, within: CropBox, scale: float) -> CropBox:
    """Bring a box from a small copy back to where that was made of, a small pixel larger all round."""
    return CropBox(
        max(within.y0, within.y0 + int((box.y0 - 1) * scale)),
        max(within.x0, within.x0 + int((box.x0 - 1) * scale)),
        min(within.y1, within.y0 + int((box.y1 + 1) * scale) + 1),
        min(within.x1, within.x0 + int((box.x1 + 1) * scale) + 1),
    )


def _profile(filled: NDArray[Any]) -> Profile:
    """Of the rows that the lenses lie in, with the lenses filled."""
    return smooth(vertical_profile(filled), SMOOTHING)


def _valley(profile: Profile, pair: Pair) -> Valley | None:
    left, right = (_lobe(profile, body) for body in (pair.left, pair.right))
    return valley(profile, left, right, level=SHORE) if left < right else None


def _lobe(profile: Profile, body: Body) -> int:
    first, last = body.columns.min(), body.columns.max()
    return int(first + profile[first : last + 1].argmax())


def _silhouette(alpha: Alpha, filled: NDArray[np.bool_], within: Sequence[tuple[int, ...]]) -> CropBox:
    """Bounding box of the pieces at some places and all that hangs on them, torn-off temples too; props stay out."""
    is_fg = (alpha > FAINT) | filled
    reach = 2 * round(TEAR * alpha.shape[1] / 2) + 1
    pieces, _ = ndi.label(ndi.maximum_filter(is_fg.view(np.uint8), reach), EIGHT)
    return bounding_box(is_fg & np.isin(pieces, [pieces[place] for place in within]))


def _doubt(pair: Pair, dip: Valley, width: int) -> str | None:
    if pair.likeness < SURE_LIKENESS:
        return "lenses-unlike"
    return "estimates-disagree" if abs(dip.midpoint - pair.gap_x) > MOST_APART * width else None


def _evidence(view: _View, profile: Profile, valley: tuple[float, float], **estimates: float) -> BridgeEvidence:
    shares = profile / profile.max()
    return BridgeEvidence(
        profile=tuple(round(float(share), 3) for share in shares),
        first=view.column(0),
        last=view.column(len(shares) - 1),
        valley=(view.column(valley[0]), view.column(valley[1])),
        **{name: view.column(column) for name, column in estimates.items()},
    )


def crop_at(bridge_x: float, product: CropBox, near: Side | None) -> Crop:
    """The crop whose bridge a person has placed.

    Parameters
    ----------
    bridge_x : float
        Pixels.
    product : CropBox
        What is parted.
    near : {"left", "right"} or None
        The nearer side, if it is known; else the one that the product reaches further to, as its temple does.
    """
    reach = bridge_x - product.x0, product.x1 - 1 - bridge_x
    return Crop(bridge_x, product, near or ("left" if reach[0] > reach[1] else "right"))


def kept_side(wanted: HalfSide, near: MaybeSide) -> MaybeSide:
    """Left or right of the bridge, where the nearer side may be wanted."""
    return near if wanted == "near" else wanted


def half_box(crop: Crop, side: HalfSide) -> CropBox:
    """The part of the product on one side of the bridge, a whole number of pixels; empty if the bridge is beyond it."""
    edge = int(np.clip(np.floor(crop.bridge_x + 1), crop.product.x0, crop.product.x1))  # column 3 ends where 4 begins
    is_left = kept_side(side, crop.near) == "left"
    return replace(crop.product, x1=edge) if is_left else replace(crop.product, x0=edge)


def half_alpha(alpha: Alpha, half: CropBox, side: Side) -> Alpha:
    """One half's matte, without what hung on the other half alone: the far temple's tip, a nose pad.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1
        The whole matte.
    half : CropBox
        As `half_box` gives it.
    side : {"left", "right"}
        On which side of the bridge that half is.

    Returns
    -------
    (half's height, half's width) float32, 0–1
        Without the pieces that reach the cut, but for the largest piece of all.
    """
    part = part_of(alpha, half)
    pieces, _ = ndi.label(part > FAINT, EIGHT)
    cut = pieces[:, -1:] if side == "left" else pieces[:, :1]
    loose = np.setdiff1d(cut, [0, np.bincount(pieces.ravel(), minlength=2)[1:].argmax() + 1])
    if not loose.size:
        return part
    is_loose = np.isin(pieces, loose)
    return np.where(dilate(is_loose, RIM) & (is_loose | (pieces == 0)), np.float32(0), part)
