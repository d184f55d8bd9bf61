"""The difference matte: what stands out of a studio backdrop, joined with what the network says the product is.

The network knows what a product is, but loses thin temples and pale frames; the backdrop knows where something is, but
not what: a shadow differs from it too. So the network's matte is kept, made decisive where the backdrop agrees, cut
where the backdrop lies open, and given the pieces of difference that are likelier product than shadow.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from pipeline.imaging.types import RGB, Alpha, ProductClass

# In levels (0–255): a difference that shows, one that shows even on reached backdrop, and the mean of a piece to trust.
VISIBLE, STRIKING, TRUSTED = 4.0, 6.4, 6.0
# Where the difference shows, the network's hesitation between these becomes a no or a yes.
DOUBT = (0.2, 0.6)
# Reached backdrop this deep, as a share of the longer side, is cleared, unless the network is surer than that.
DEEP, SURE = 0.02, 0.97
# A piece is product when √(the network's mean) + its height above the foot exceeds this: shadows lie at the foot.
LIKELY, BOLDLY, HEIGHT = 0.42, 0.2, (-0.1, 0.4)
THIN, THIN_RADIUS = 0.55, 0.009
LEAST_PIECE, LEAST_PIXELS = 0.005, 12
HANGS, LEAST_SHARE = 0.006, 0.03
SEAM = 0.008
EIGHT = np.ones((3, 3), np.bool_)

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


def fuse(
    prior: Alpha,
    rgb: RGB,
    colour: Floats,
    is_reached: Mask,
    product_class: ProductClass,
    *,
    likely: float = LIKELY,
) -> Alpha:
    """Join the network's matte with the difference from the backdrop.

    Parameters
    ----------
    prior : (H, W) float32, 0–1
        The network's matte.
    rgb : (H, W, 3) uint8
        The photograph, cut to the product's surroundings.
    colour : (H, W, 3) float32
        The backdrop's colour, in levels.
    is_reached : (H, W) bool
        Backdrop for sure: reached from the photo's border without crossing an edge.
    product_class : {"eyewear", "watch"}
        A watch is solid: what it encloses belongs to it.
    likely : float
        How likely a piece that the network missed must be product to be taken; lower takes more, shadows too.

    Returns
    -------
    (H, W) float32, 0–1

    References
    ----------
    R. J. Qian and M. I. Sezan, "Video background replacement without a blue screen", ICIP 1999 (difference matting).
    """
    distance = np.linalg.norm(_difference(rgb, colour, is_reached), axis=-1)
    prior = _cleared(prior, is_reached)
    alpha = _decided(prior, distance, is_reached)
    if product_class == "watch":
        alpha = _filled(alpha)
    pieces = _missed_pieces(prior, distance, is_reached, likely)
    alpha = np.maximum(alpha, _alpha_of(pieces, distance, prior))
    return _what_hangs_on(alpha, prior)


def _difference(rgb: RGB, colour: Floats, is_reached: Mask) -> Floats:
    """From the backdrop, in levels, smoothed the more the noisier the photo is."""
    difference = rgb - colour
    backdrop = np.abs(difference[is_reached])
    noise = 1.4826 * float(np.median(backdrop)) if backdrop.size else 0.0
    sigma = float(np.clip(noise / 2, 0.6, 1.5))
    return np.asarray(ndi.gaussian_filter(difference, (sigma, sigma, 0)), np.float32)


def _cleared(prior: Alpha, is_reached: Mask) -> Alpha:
    depth = max(3, round(DEEP * max(prior.shape)))
    is_open = ndi.binary_erosion(is_reached, iterations=depth) & (prior < SURE)
    return np.asarray(prior * ndi.gaussian_filter((~is_open).astype(np.float32), 1.0), np.float32)


def _decided(prior: Alpha, distance: Floats, is_reached: Mask) -> Alpha:
    low, high = DOUBT
    decided = np.clip((prior - low) / (high - low), 0, 1)
    weight = np.where(is_reached, 0, np.clip(distance / VISIBLE - 1, 0, 1)).astype(np.float32)
    return np.asarray(np.maximum(prior, weight * decided + (1 - weight) * prior), np.float32)


def _filled(alpha: Alpha) -> Alpha:
    """A watch's solid silhouette, with the seams between its links closed; its outline stays as it was."""
    seam = max(2, round(SEAM * max(alpha.shape)))
    is_fg = np.pad(alpha > 0.5, seam + 1)
    is_solid = ndi.binary_fill_holes(ndi.binary_closing(is_fg, iterations=seam))[
        seam + 1 : -seam - 1, seam + 1 : -seam - 1
    ]
    return np.where(ndi.binary_erosion(is_solid, iterations=2), np.float32(1), alpha)


def _missed_pieces(prior: Alpha, distance: Floats, is_reached: Mask, likely: float) -> Mask:
    """What differs from the backdrop, isn't in the network's matte, and is likelier product than shadow."""
    is_near = ndi.binary_dilation(prior > 0.5, iterations=2)
    differs = (distance > VISIBLE) & ~is_near & (~is_reached | (distance > STRIKING))
    is_thin = differs & (_top_hat(distance) > THIN * distance)
    is_thin = ndi.binary_closing(is_thin, EIGHT) & ~is_near
    is_wide = ndi.binary_opening(differs & ~is_thin, iterations=2)
    return _likely_product(is_thin, prior, distance, likely) | _likely_product(is_wide, prior, distance, likely)


def _top_hat(distance: Floats) -> Floats:
    """How far a pixel stands out of its close surroundings: thin things do, broad shadows don't."""
    size = 2 * max(3, round(THIN_RADIUS * max(distance.shape))) + 1
    return np.asarray(distance - ndi.maximum_filter(ndi.minimum_filter(distance, size), size), np.float32)


def _likely_product(mask: Mask, prior: Alpha, distance: Floats, likely: float) -> Mask:
    pieces, count = ndi.label(mask, EIGHT)
    rows = np.flatnonzero((prior > 0.5).any(1))
    if not count or not rows.size:
        return np.zeros_like(mask)
    longer, index = max(mask.shape), np.arange(1, count + 1)
    height = (rows[-1] - np.array(ndi.center_of_mass(mask, pieces, index))[:, 0]) / longer
    is_likely = np.sqrt(ndi.mean(prior, pieces, index)) + np.clip(height, *HEIGHT) > likely
    is_large = ndi.sum(mask, pieces, index) > max(LEAST_PIXELS, (LEAST_PIECE * longer) ** 2)
    is_clear = ndi.mean(distance, pieces, index) > TRUSTED
    return np.isin(pieces, index[is_likely & is_large & is_clear])


def _alpha_of(pieces: Mask, distance: Floats, prior: Alpha) -> Alpha:
    """Opacity of the pieces: their difference, relative to its peak close by."""
    is_inside = ndi.binary_erosion(prior > 0.5)
    grown = pieces | (ndi.binary_dilation(pieces, iterations=3) & (distance > 0.6 * VISIBLE) & ~is_inside)
    peak = ndi.maximum_filter(np.where(grown, distance, 0), 5)
    alpha = np.clip(distance / np.maximum(0.9 * peak, 1e-3), 0, 1)
    return np.asarray(alpha * ndi.gaussian_filter(grown.astype(np.float32), 0.6), np.float32)


def _what_hangs_on(alpha: Alpha, prior: Alpha) -> Alpha:
    """Alpha without the pieces that neither hold nor touch a part of what the network is sure of."""
    reach = max(2, round(HANGS * max(alpha.shape)))
    groups, count = ndi.label(ndi.binary_dilation(alpha > 0.3, iterations=reach), EIGHT)
    weights = np.bincount(groups.ravel(), np.where(prior > 0.5, prior, 0).ravel(), minlength=count + 1)
    weights[0] = weights.max()
    return np.where((weights >= LEAST_SHARE * weights.max())[groups], alpha, np.float32(0))
