"""What is known of each pixel of a view before the matte is made: the photo's, the network's and the backdrop's word.

A small network, trained on photographs whose truth is known, mends by it what rules have joined (docs/fusion.md).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from pipeline.imaging.types import RGB, Alpha, ProductClass

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

CHANNELS, PRIOR, JOINED = 10, 3, 4
FRAME = 1024
"""The side of the square that the matting network sees, and the fusion too."""
# In levels: a difference of a few weighs as much as one of many, and no byte is further off than that.
FEW, MOST = 40.0, 255.0
# What both the matting network and the rules are sure is product, and what neither sees.
SURE, UNSEEN = 0.9, 0.1
# Of what the mending network takes away although both are sure, a piece is a part of the product if it is small (a
# share of the matte) and lies along what is kept (a share of what is around the piece), or if what is kept encloses it.
# Else it is a cushion, a box or a mirror image.
SMALL, ALONG = 0.05, 0.2
LARGE, ENCLOSED = 0.2, 0.95
# In levels: less than that, backdrop doesn't differ.
SAME = 4.0
# The share of an enclosed place that a clear lens covers at least.
LENS = 0.6
# The share of a patch's outline beside which something is seen. Lenses without a rim below have 0.45 and more of it,
# what the network has made up of nothing, at temples, at most 0.25.
HELD = 0.3


@dataclass(frozen=True)
class Ground:
    """The studio backdrop within the view: its colour, how far that may be off, and each pixel's distance from it, in
    levels, and where it was reached."""

    colour: Floats
    doubt: Floats
    distance: Floats
    is_reached: NDArray[np.bool_]


def evidence_of(view: RGB, prior: Alpha, joined: Alpha, ground: Ground, product_class: ProductClass) -> Floats:
    """Lay out the evidence, a layer each, for the network that mends the matte.

    Parameters
    ----------
    view : (H, W, 3) uint8
    prior : (H, W) float32, 0–1
        The matting network's word.
    joined : (H, W) float32, 0–1
        That word, joined with the difference from the backdrop by rules.
    ground : Ground
        H × W each.
    product_class : {"eyewear", "watch"}

    Returns
    -------
    (10, H, W) float32
        The colour (−0.5 to 0.5), the prior, the joined matte; brighter or darker than the backdrop (−1 to 1), the
        distance from it and the doubt of it (0–1, logarithmic), whether it was reached; whether it is a watch.
    """
    evidence = np.zeros((CHANNELS, *prior.shape), np.float32)
    evidence[0:3] = np.moveaxis(view, 2, 0) / np.float32(255) - np.float32(0.5)
    evidence[PRIOR], evidence[JOINED] = prior, joined
    evidence[5] = np.tanh((view - ground.colour).mean(-1) / FEW)
    evidence[6:8] = np.log1p(np.stack([ground.distance, ground.doubt]).clip(0, MOST)) / np.log1p(MOST)
    evidence[8] = ground.is_reached
    evidence[9] = product_class == "watch"
    return evidence


def agreed(mended: Alpha, prior: Alpha, joined: Alpha, ground: Ground, product_class: ProductClass) -> Alpha:
    """Keep what the matting network and the rules agree on: the mending network has seen few products.

    Where both are sure of the product it may take away what is no part of it alone: a cushion, a mirror image. Where
    neither sees more of a watch than bare backdrop, it may add nothing; glasses may be as clear as the backdrop, but no
    patch of an opening.

    Parameters
    ----------
    mended, prior, joined : (H, W) float32, 0–1
        The mending network's matte, and the two that it was shown.
    ground : Ground
        H × W each.
    product_class : {"eyewear", "watch"}

    Returns
    -------
    (H, W) float32, 0–1
    """
    is_product = ndi.grey_opening(np.minimum(prior, joined), size=3) > SURE
    is_taken = is_product & (mended < 0.5)
    stays = (is_product & ~is_taken) | _parts(is_taken, mended > 0.5)
    alpha = np.where(stays, np.maximum(mended, joined), mended)
    if product_class == "watch":
        is_open = ground.is_reached & (ground.distance < SAME) & (np.maximum(prior, joined) < UNSEEN)
        return np.where(is_open, np.minimum(alpha, joined), alpha)
    return _without_patches(alpha, joined, ground)


def _parts(is_taken: Mask, is_kept: Mask) -> Mask:
    """What of it is a part of the product of which the rest is kept."""
    pieces, count = ndi.label(is_taken)
    size, along = np.bincount(pieces.ravel()) / max(1, is_kept.sum()), _share_around(pieces, count, is_kept, 7)
    is_part = ((size < SMALL) & (along > ALONG)) | ((size < LARGE) & (along > ENCLOSED))
    is_part[0] = False
    return np.asarray(is_part[pieces])


def _share_around(pieces: NDArray[np.int32], count: int, mask: Mask, size: int) -> NDArray[np.float64]:
    """The share of what is around each piece in which the mask is set, 1 where nothing is; as far as a window of that
    size reaches."""
    is_around = pieces == 0
    rim = ndi.grey_dilation(pieces, size=size)[is_around]
    all_of_it, in_mask = (np.bincount(rim, weights, minlength=count + 1) for weights in (None, mask[is_around]))
    return np.divide(in_mask, all_of_it, out=np.ones(count + 1), where=all_of_it > 0)


def _without_patches(alpha: Alpha, joined: Alpha, ground: Ground) -> Alpha:
    """A clear lens fills its rim: what covers only a patch of an enclosed, bare place is none, and neither is a patch
    in the open that little of what is seen holds."""
    is_bare = (ground.distance < SAME) & (joined < 0.5)
    places, _ = ndi.label(is_bare)
    covered = np.bincount(places.ravel(), (alpha > 0.5).ravel())
    is_patchy = covered < LENS * np.bincount(places.ravel())
    borders = np.concatenate([places[0], places[-1], places[:, 0], places[:, -1]])
    is_open = np.zeros_like(is_patchy)
    is_open[borders] = True  # enclosed by nothing
    is_patchy[0] = is_open[0] = False
    is_none = np.where(is_open[places], _is_adrift(alpha, is_bare), is_patchy[places])
    return np.where(is_none, np.minimum(alpha, joined), alpha)


def _is_adrift(alpha: Alpha, is_bare: Mask) -> Mask:
    """Which pixels belong to patches of bare ground whose outline mostly has more of it on the other side."""
    patches, count = ndi.label(is_bare & (alpha > UNSEEN))
    is_adrift = _share_around(patches, count, ~is_bare, 5) < HELD
    is_adrift[0] = False
    return np.asarray(is_adrift[patches])
