"""The difference matte: what stands out of a studio backdrop, joined with what the network says the product is.

The network knows what a product is, but loses thin temples and pale frames; the backdrop knows where something is, but
not what: a shadow differs from it too. So the network's matte is kept, made decisive where the backdrop agrees, cut
where the backdrop lies open, and given the pieces of difference that are likelier product than shadow.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from pipeline.imaging.types import RGB, Alpha, ProductClass

# In levels (0–255): a difference that shows, one that shows even on reached backdrop, the mean of a piece to trust,
# and more than a clear lens or a soft shadow makes.
VISIBLE, STRIKING, TRUSTED, GLARING = 4.0, 6.4, 6.0, 40.0
# Where the difference shows, the network's hesitation between these becomes a no or a yes.
DOUBT = (0.2, 0.6)
# Bare backdrop wider than twice that, in pixels, is open where the network is nowhere certain and sees hardly anything:
# white parts on white are bare, too.
NARROW, CERTAIN, HARDLY = 3, 0.8, 0.35
# Reached backdrop this deep, as a share of the longer side, is cleared, unless the network is surer than that.
DEEP, SURE = 0.02, 0.97
# A piece is product when √(the network's mean) + its height above the foot exceeds this: shadows lie at the foot.
LIKELY, BOLDLY, HEIGHT = 0.42, 0.2, (-0.1, 0.4)
THIN, THIN_RADIUS = 0.55, 0.009
LEAST_PIECE, LEAST_PIXELS = 0.005, 12
HANGS, LEAST_SHARE = 0.006, 0.03
SEAM = 0.008
# JPEG leaves a faint echo of strong edges, up to a block away.
ECHO, ECHO_SIZE = 0.05, 17
# A watch's opening: the bare backdrop, which the network doesn't see as product.
BARE, UNSEEN = 2.0, 0.3
EIGHT = np.ones((3, 3), np.bool_)

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


def distance_from(rgb: RGB, colour: Floats, is_reached: Mask) -> Floats:
    """How far each pixel is from the backdrop's colour, smoothed the more the noisier the photo is.

    Parameters
    ----------
    rgb : (H, W, 3) uint8
        The photograph, cut to the product's surroundings.
    colour : (H, W, 3) float32
        The backdrop's colour, in levels.
    is_reached : (H, W) bool
        Backdrop for sure: reached from the photo's border without crossing an edge.

    Returns
    -------
    (H, W) float32
        Euclidean, in levels.
    """
    difference = rgb - colour
    backdrop = np.abs(difference[is_reached])
    noise = 1.4826 * float(np.median(backdrop)) if backdrop.size else 0.0
    sigma = float(np.clip(noise / 2, 0.6, 1.5))
    distance = np.linalg.norm(ndi.gaussian_filter(difference, (sigma, sigma, 0)), axis=-1)
    is_echo = distance < ECHO * ndi.maximum_filter(distance, ECHO_SIZE)
    return np.asarray(np.where(is_echo, 0, distance), np.float32)


def fuse(
    prior: Alpha,
    distance: Floats,
    doubt: Floats,
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
    distance : (H, W) float32
        From the backdrop, as `distance_from` gives it.
    doubt : (H, W) float32
        How far the backdrop's colour may be off, in levels.
    is_reached : (H, W) bool
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
    said, prior = prior, _cleared(prior, is_reached, (doubt < BARE) & (distance < BARE))
    alpha = _decided(prior, distance, is_reached)
    if product_class == "watch":
        alpha = _filled(alpha, said, distance)
    pieces = _missed_pieces(prior, distance, is_reached, likely)
    alpha = np.maximum(alpha, _alpha_of(pieces, distance, prior))
    return _what_hangs_on(alpha, prior)


def overruled(alpha: Alpha, prior: Alpha) -> float:
    """How much of the network's word was not followed.

    Parameters
    ----------
    alpha, prior : (H, W) float32, 0–1
        The matte, and what the network said.

    Returns
    -------
    float, ≥ 0
        Where the two would decide otherwise, relative to the matte's own area; 0 for an empty matte.
    """
    area = (alpha > 0.5).sum()
    return float((np.abs(alpha - prior) > 0.5).sum() / area) if area else 0.0


def left_out(alpha: Alpha, distance: Floats, is_reached: Mask) -> float:
    """What stands out of the backdrop, above the foot or within the silhouette, and isn't in the matte.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1
    distance : (H, W) float32
        As `distance_from` gives it.
    is_reached : (H, W) bool

    Returns
    -------
    float, ≥ 0
        Relative to the matte's own area; 0 for an empty matte.
    """
    is_fg = alpha > 0.5
    if not is_fg.any():
        return 0.0
    is_hole = ndi.binary_fill_holes(is_fg) & ~ndi.binary_dilation(is_fg, iterations=2)
    is_left = _missed_pieces(alpha, distance, is_reached, BOLDLY) | (is_hole & (distance > GLARING))
    return float(is_left.sum() / is_fg.sum())


def _cleared(prior: Alpha, is_reached: Mask, is_bare: Mask) -> Alpha:
    """Without what lies open, or shows the bare backdrop where the network isn't sure of the product."""
    depth = max(3, round(DEEP * max(prior.shape)))
    is_open = ndi.binary_erosion(is_reached, iterations=depth, border_value=1) & (prior < SURE)
    pieces, count = ndi.label(ndi.binary_opening(is_bare & (prior < CERTAIN), iterations=NARROW))
    seen = ndi.mean(prior, pieces, np.arange(1, count + 1))
    is_open |= np.isin(pieces, np.flatnonzero(np.asarray(seen) < HARDLY) + 1)
    return np.asarray(prior * ndi.gaussian_filter((~is_open).astype(np.float32), 1.0), np.float32)


def _decided(prior: Alpha, distance: Floats, is_reached: Mask) -> Alpha:
    low, high = DOUBT
    decided = np.clip((prior - low) / (high - low), 0, 1)
    weight = np.where(is_reached, 0, np.clip(distance / VISIBLE - 1, 0, 1)).astype(np.float32)
    return np.asarray(np.maximum(prior, weight * decided + (1 - weight) * prior), np.float32)


def _filled(alpha: Alpha, prior: Alpha, distance: Floats) -> Alpha:
    """A watch's solid silhouette, with the seams between its links closed, and its outline as it was.

    Openings stay, such as between the strap's ends: there the backdrop is bare, and the network sees none of the watch.
    """
    is_closed = close_seams(alpha > 0.5, SEAM)
    is_solid = ndi.binary_fill_holes(is_closed)
    holes, count = ndi.label(is_solid & ~is_closed)
    if count:
        index = np.arange(1, count + 1)
        is_open = (ndi.median(distance, holes, index) < BARE) & (ndi.mean(prior, holes, index) < UNSEEN)
        is_solid &= ~np.isin(holes, index[is_open])
    return np.where(ndi.binary_erosion(is_solid, iterations=2), np.float32(1), alpha)


def close_seams(mask: Mask, width: float) -> Mask:
    """A mask with its gaps closed, up to a share of its longer side wide.

    Parameters
    ----------
    mask : (H, W) bool
    width : float

    Returns
    -------
    (H, W) bool
    """
    seam = max(2, round(width * max(mask.shape)))
    padded = np.pad(mask, seam + 1)  # else closing would stop at the border
    closed = ndi.binary_closing(padded, iterations=seam)[seam + 1 : -seam - 1, seam + 1 : -seam - 1]
    return np.asarray(closed, np.bool_)


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
    longer, of = max(mask.shape), pieces[mask]  # the pieces' own pixels: few, so bincount beats ndimage's statistics
    area = np.maximum(np.bincount(of, minlength=count + 1), 1)
    weight = np.maximum(np.bincount(of, distance[mask], minlength=count + 1), 1e-6)
    middle = np.bincount(of, np.nonzero(mask)[0], minlength=count + 1) / area
    # Weighted by the difference: a wire's blurred fringe, which no network sees, must not speak against it.
    seen = np.bincount(of, (prior * distance)[mask], minlength=count + 1) / weight
    is_likely = np.sqrt(seen) + np.clip((rows[-1] - middle) / longer, *HEIGHT) > likely
    is_large = area > max(LEAST_PIXELS, (LEAST_PIECE * longer) ** 2)
    is_taken = is_likely & is_large & (weight / area > TRUSTED)
    is_taken[0] = False
    return np.asarray(is_taken[pieces], np.bool_)


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
