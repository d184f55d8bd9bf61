"""What an alpha's edge tells of the matte's quality: one function a metric, each on one alpha at one scale.

Lengths are relative to the object's longer side, so that a figure means the same at every resolution;
`measure.measure` calls these on a copy of at most 1024 px, which is the size that the network saw.
An alpha without an object gives each metric's worst value, never NaN.
"""

import numpy as np
from scipy import ndimage as ndi

from pipeline.imaging.masks import EIGHT, SOLID, UNKNOWN, Gradient, Mask, dilate, erode, longer_side, outline_of
from pipeline.imaging.metrics.layer import Layer
from pipeline.imaging.types import Alpha

LEAST_GRADIENT = 0.02
HAZE, HALF_GONE = 0.02, 0.3
"""Alpha from which on there is haze outside the object, and a part of it inside."""


def coverage(alpha: Alpha) -> float:
    """Share of the photograph that the object covers.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1

    Returns
    -------
    float, 0–1
    """
    return float((alpha > SOLID).mean())


def softness(alpha: Alpha) -> float:
    """Half-transparent mass of the matte, per unit of its area: mean of 4α(1 − α) weighted to the object.

    A binary matte gives 0, one that is 0.5 all over gives 2; an undecided network leaves greys.
    4α(1 − α) is the quadratic fuzziness index of a fuzzy set, see Pal & Rosenfeld,
    "Image enhancement and thresholding by optimization of fuzzy compactness", 1988.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1

    Returns
    -------
    float, 0 (crisp) – 4; 4 for an empty alpha
    """
    area = float(alpha.sum())
    return float(undecided(alpha).sum()) / area if area > 0 else 4.0


def undecided(alpha: Alpha) -> Alpha:
    """4α(1 − α): 1 where alpha is 0.5, 0 where it is 0 or 1."""
    return np.asarray(4 * alpha * (1 - alpha), np.float32)


def band_width(alpha: Alpha) -> float:
    """Width of the unknown band: its area over the length of the object's outline, relative to the object's size.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1

    Returns
    -------
    float, ≥ 0
        Fraction of the object's longer side. A crisp edge is one to two pixels wide; 1 for an empty alpha.
    """
    outline = int(outline_of(alpha > SOLID).sum())
    if not outline:
        return 1.0
    return float(unknown_band(alpha).sum()) / outline / longer_side(alpha > SOLID)


def unknown_band(alpha: Alpha) -> Mask:
    """Where alpha is neither product nor backdrop."""
    return (alpha > UNKNOWN[0]) & (alpha < UNKNOWN[1])


def edge_alignment(alpha: Alpha, is_edge: Mask) -> float:
    """Share of the matte's outline that runs along an edge in the photograph.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1
    is_edge : (H, W) bool
        As `photo_edges` returns it.

    Returns
    -------
    float, 0 (no edge under the outline) – 1
    """
    outline = outline_of(alpha > SOLID)
    return float(is_edge[outline].mean()) if outline.any() else 0.0


def photo_edges(alpha: Alpha, gradient: Gradient, *, reach: float = 0.004) -> Mask:
    """Where an edge of the photograph is within reach.

    An edge is there where the gradient stands out of the gradients of the backdrop (three times their median).

    Parameters
    ----------
    alpha : (H, W) float32, 0–1
    gradient : (H, W) float32
        As `gradient_of` returns it.
    reach : float
        Tolerance, as a fraction of the object's longer side; at least one pixel.

    Returns
    -------
    (H, W) bool
    """
    pixels = max(1, round(reach * longer_side(alpha > SOLID)))
    is_bg = ~dilate(alpha > UNKNOWN[0], 2 * pixels)
    backdrop = gradient[::4, ::4][is_bg[::4, ::4]]  # a sixteenth is plenty for a median
    noise = float(np.median(backdrop)) if backdrop.size else 0.0
    return dilate(gradient > max(3 * noise, LEAST_GRADIENT), pixels)


def unsupported(alpha: Alpha, is_edge: Mask) -> Mask:
    """The outline's pixels along which no edge of the photograph runs; `is_edge` as `photo_edges` returns it."""
    return outline_of(alpha > SOLID) & ~is_edge


def outline_strength(alpha: Alpha, gradient: Gradient, *, reach: float = 0.004) -> Layer:
    """Steepest gradient of the photograph within reach of each pixel of the outline.

    Parameters
    ----------
    alpha, gradient, reach
        As for `photo_edges`.

    Returns
    -------
    Layer
        Amounts of 0–1.
    """
    is_fg = alpha > SOLID
    outline = outline_of(is_fg)
    pixels = max(1, round(reach * longer_side(is_fg)))
    return Layer(outline, np.asarray(ndi.maximum_filter(gradient, 2 * pixels + 1)[outline], np.float32))


def second_component(alpha: Alpha) -> float:
    """Area of the second largest piece of the object over that of the largest: a torn matte, or a second product.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1

    Returns
    -------
    float, 0 (one piece) – 1; 1 for an empty alpha
    """
    pieces, count = ndi.label(alpha > SOLID, EIGHT)
    if not count:
        return 1.0
    areas = np.sort(np.bincount(pieces.ravel())[1:])
    return float(areas[-2] / areas[-1]) if count > 1 else 0.0


def haze(alpha: Alpha, *, reach: float = 0.008) -> float:
    """Alpha left over away from the solid object, per unit of the object's area.

    Mist, a shadow, or what is left of a part that the network half saw and let go.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1
    reach : float
        How far the edge's own softness may go, as a fraction of the object's longer side; at least two pixels.

    Returns
    -------
    float, ≥ 0; 1 for an empty alpha
    """
    is_fg = alpha > SOLID
    if not is_fg.any():
        return 1.0
    return float(hazy(alpha, reach=reach).amount.sum()) / float(is_fg.sum())


def hazy(alpha: Alpha, *, reach: float = 0.008) -> Layer:
    """Alpha that `haze` sums up."""
    is_fg = alpha > SOLID
    pixels = max(2, round(reach * longer_side(is_fg)))
    where = ~dilate(is_fg, pixels) & (alpha > HAZE)
    return Layer(where, alpha[where])


def see_through(alpha: Alpha, *, depth: float = 0.01) -> float:
    """How undecided the matte is inside the object: 4ᾱ(1 − ᾱ) averaged over the core of the filled silhouette.

    A lens that is wholly kept or a rim that is empty inside costs nothing; a half-eaten one does.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1
    depth : float
        How far inside the outline the core begins, as a fraction of the object's longer side; at least two pixels.

    Returns
    -------
    float, 0–1; 1 for an empty alpha, 0 for an object too thin to have a core
    """
    is_fg = alpha > SOLID
    if not is_fg.any():
        return 1.0
    inside = undecided_inside(alpha, depth=depth).amount
    return float(inside.mean()) if inside.size else 0.0


def undecided_inside(alpha: Alpha, *, depth: float = 0.01) -> Layer:
    """How undecided the matte is at each pixel of the core: what `see_through` averages."""
    core = _core(alpha, depth)
    return Layer(core, undecided(alpha[core]))


def core_deficit(alpha: Alpha, *, depth: float = 0.005) -> float:
    """Opacity that the inside of the object lacks, per unit of its area: a part that is half let go.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1
    depth : float
        As for `see_through`.

    Returns
    -------
    float, ≥ 0; 1 for an empty alpha
    """
    is_fg = alpha > SOLID
    if not is_fg.any():
        return 1.0
    return float(half_gone(alpha, depth=depth).amount.sum()) / float(is_fg.sum())


def half_gone(alpha: Alpha, *, depth: float = 0.005) -> Layer:
    """Opacity that each pixel of the core lacks, but for openings: what `core_deficit` sums up."""
    where = _core(alpha, depth) & (alpha > HALF_GONE)
    return Layer(where, 1 - alpha[where])


def _core(alpha: Alpha, depth: float) -> Mask:
    """The pixels well inside the filled silhouette."""
    pixels = max(2, round(depth * longer_side(alpha > SOLID)))
    return erode(ndi.binary_fill_holes(alpha > UNKNOWN[0]), pixels)
