"""From where a pair of glasses was photographed, as far as its matte shows it, and whether it is one."""

import numpy as np
from scipy import ndimage as ndi

from pipeline.imaging.crop.halfglass import find_crop
from pipeline.imaging.crop.projection import smooth, vertical_profile
from pipeline.imaging.masks import EIGHT, dilate
from pipeline.imaging.scale import shrink
from pipeline.imaging.types import Alpha, Crop, View

WORKING_SIZE, SOLID, FAINT, SMOOTHING = 512, 0.4, 0.1, 2.0
# On labelled renders the bridge of a front stands up to 0.024 off the middle, of an angled shot 0.044 and more.
OFF_CENTRE = 0.035
# From the side the lenses are seen edge-on: the only high place is a narrow one, near an end. So it is on 290 of 294
# mattes of labelled renders, and on none of angled or folded glasses.
HIGH, NARROW, NEAR_AN_END = 0.7, 0.25, 0.15
# Pieces nearer than so many pixels of the working size are one; a product is no smaller than this part of another.
TEAR, LEAST_PRODUCT = 5, 0.25


def seen_view(alpha: Alpha, crop: Crop | None) -> View | None:
    """Say which view a photo shows, or nothing where the matte is not clear about it.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1
        The matte of a pair of glasses.
    crop : Crop or None
        What `halfglass.find_crop` found on it.

    Returns
    -------
    {"front", "angle", "side"} or None
        With a sure bridge, front or angle by how far it is off the middle; side if there is no bridge and all height is
        at one end.
    """
    if crop and crop.is_sure:
        middle, width = (crop.product.x0 + crop.product.x1) / 2, crop.product.x1 - crop.product.x0
        return "front" if abs(crop.bridge_x - middle) < OFF_CENTRE * width else "angle"
    return "side" if crop is None and _is_high_at_one_end(alpha) else None


def has_several(alpha: Alpha) -> bool:
    """Say whether a matte holds more than one pair of glasses: pieces apart, each with a sure bridge of its own.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1

    Returns
    -------
    bool
    """
    small = shrink(alpha, WORKING_SIZE)
    pieces, _ = ndi.label(dilate(small > FAINT, TEAR), EIGHT)
    areas = np.bincount(pieces.ravel(), weights=(small > SOLID).ravel())
    areas[0] = 0
    large = np.flatnonzero(areas > LEAST_PRODUCT * areas.max())
    if len(large) < 2:
        return False
    crops = [find_crop(np.where(pieces == piece, small, np.float32(0))) for piece in large]
    return sum(crop is not None and crop.is_sure for crop in crops) > 1


def _is_high_at_one_end(alpha: Alpha) -> bool:
    filled = ndi.binary_fill_holes(shrink(alpha, WORKING_SIZE) > SOLID)
    profile = smooth(vertical_profile(filled[:, filled.any(0)].astype(np.float32)), SMOOTHING)
    if not profile.size:
        return False
    is_high = profile > HIGH * profile.max()
    place = np.flatnonzero(is_high).mean() / len(profile)
    return bool(is_high.mean() < NARROW and min(place, 1 - place) < NEAR_AN_END)
