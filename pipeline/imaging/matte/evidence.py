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
# A larger piece that the mending network takes away is a cushion or a box, however sure they are; shares of the matte.
SMALL = 0.05
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

    Where both are sure of the product it may take away large pieces alone: a cushion, a box. Where neither sees more of
    a watch than bare backdrop, it may add nothing; glasses may be as clear as the backdrop, but no patch of an opening.

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
    pieces, _ = ndi.label(is_product & (mended < 0.5))
    is_small = np.bincount(pieces.ravel()) < SMALL * (mended > 0.5).sum()
    alpha = np.where(is_product & (is_small[pieces] | (pieces == 0)), np.maximum(mended, joined), mended)
    if product_class == "watch":
        is_open = ground.is_reached & (ground.distance < SAME) & (np.maximum(prior, joined) < UNSEEN)
        return np.where(is_open, np.minimum(alpha, joined), alpha)
    return _without_patches(alpha, joined, ground)


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
    is_around = patches == 0
    rim = ndi.grey_dilation(patches, size=5)[is_around]
    seen = np.bincount(rim, ~is_bare[is_around], minlength=count + 1)
    is_adrift = seen < HELD * np.bincount(rim, minlength=count + 1)
    is_adrift[0] = False
    return np.asarray(is_adrift[patches])
