"""How well the matte parts the product's colours from the backdrop's: metrics on one alpha and its photo.

The colours on both sides of the edge are local weighted means, as in colour-sampling matting (Gastal & Oliveira,
"Shared sampling for real-time alpha matting", 2010). An alpha without an object gives each metric's worst value.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from pipeline.imaging.masks import SOLID, dilate, longer_side
from pipeline.imaging.metrics.layer import Layer
from pipeline.imaging.types import RGB, Alpha

Floats = NDArray[np.float32]

SURE = 0.9
"""Alpha from which on a pixel's colour is the product's; below 1 minus this it is the backdrop's."""
NOISE = 0.03
"""Colour distance, of 1, that grain and compression make up."""
STRAY = 2 * NOISE
"""Colour distance from the backdrop at which something else lies there."""


@dataclass(frozen=True)
class Sides:
    """An alpha with the colours, 0–1, of the product and of the backdrop beside every pixel near its edge.

    `side` is the product's longer side and `reach` 0.5 % of it, at least two pixels; `band` holds the pixels within
    reach of the edge.
    """

    alpha: Alpha
    colour: Floats
    product: Floats
    backdrop: Floats
    band: NDArray[np.bool_]
    outside: NDArray[np.bool_]
    reach: int
    side: int

    @property
    def is_empty(self) -> bool:
        return not bool((self.alpha > SOLID).any())


def sides_of(alpha: Alpha, rgb: RGB) -> Sides:
    """Estimate both colours around the edge of a matte.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1
    rgb : (H, W, 3) uint8

    Returns
    -------
    Sides
    """
    is_fg = alpha > SOLID
    side = longer_side(is_fg)
    reach = max(2, round(0.005 * side))
    near, far = dilate(is_fg, reach), dilate(is_fg, 2 * reach)
    colour = np.asarray(rgb / np.float32(255), np.float32)
    inside = np.asarray(np.where(alpha > SURE, alpha, 0), np.float32)
    outside = np.asarray(~near & (alpha < 1 - SURE), np.float32)
    return Sides(
        alpha=alpha,
        colour=colour,
        product=_local_mean(colour, inside, 4 * reach + 1),
        backdrop=_local_mean(colour, outside, 12 * reach + 1),
        band=near & dilate(~is_fg, reach),
        outside=~far,
        reach=reach,
        side=side,
    )


def halo(sides: Sides) -> float:
    """How far alpha in the band is from what the pixels' own colours say, on the line from backdrop to product.

    Where the two colours are alike the photo says nothing, so a pixel counts by their distance.

    Parameters
    ----------
    sides : Sides

    Returns
    -------
    float, 0–1; 1 for an empty alpha
    """
    if sides.is_empty:
        return 1.0
    weight, error = _off_line(sides)
    return float((weight * error).sum() / (weight.sum() + 1e-6))


def halo_layer(sides: Sides) -> Layer:
    """By how much each pixel of the band is off, as far as it counts: what `halo` sums up."""
    weight, error = _off_line(sides)
    return Layer(sides.band, weight * error)


def _off_line(sides: Sides) -> tuple[Floats, Floats]:
    """At each pixel of the band, how much it counts and how far alpha is from what the colours say."""
    at = sides.band
    backdrop, along = sides.backdrop[at], sides.product[at] - sides.backdrop[at]
    length = np.einsum("ij,ij->i", along, along)
    seen = np.einsum("ij,ij->i", sides.colour[at] - backdrop, along) / (length + 1e-6)
    weight = length / (length + 4 * NOISE**2)
    return weight, np.abs(sides.alpha[at] - np.clip(seen, 0, 1))


def separability(sides: Sides) -> float:
    """Colour distance across the edge that nine tenths of the band exceed: none, and the outline is a guess.

    Parameters
    ----------
    sides : Sides

    Returns
    -------
    float, 0 (alike) – √3; 0 for an empty alpha
    """
    if sides.is_empty:
        return 0.0
    return float(np.quantile(contrast(sides).amount, 0.1))


def contrast(sides: Sides) -> Layer:
    """Distance of the product's colour from the backdrop's at each pixel of the band, 0–√3."""
    return Layer(sides.band, _apart(sides.product, sides.backdrop, sides.band))


def trapped_backdrop(sides: Sides) -> float:
    """Share of the matte that has just the colour of the backdrop beside it: an opening that was filled, a kept rim.

    Parameters
    ----------
    sides : Sides

    Returns
    -------
    float, 0–1; 1 for an empty alpha
    """
    if sides.is_empty:
        return 1.0
    return float((kept_colours(sides).amount < NOISE).mean())


def kept_colours(sides: Sides) -> Layer:
    """How far each pixel of the matte is from the backdrop's colour beside it, 0–√3; below `NOISE` it is alike."""
    kept = sides.alpha > SOLID
    return Layer(kept, _apart(sides.colour, sides.backdrop, kept))


def stray_structure(sides: Sides, *, ring: float = 0.05) -> float:
    """What stands out around the product and isn't in the matte: lost parts, shadows, other things, texture.

    Parameters
    ----------
    sides : Sides
    ring : float
        Width of the ring looked at, as a fraction of the product's longer side.

    Returns
    -------
    float, 0–1
        Share of the ring's pixels away from the backdrop's local colour; 1 for an empty alpha.
    """
    if sides.is_empty:
        return 1.0
    apart = surroundings(sides, ring=ring).amount
    return float((apart > STRAY).mean()) if apart.size else 0.0


def surroundings(sides: Sides, *, ring: float = 0.05) -> Layer:
    """How far each pixel around the product is from the backdrop's local colour, 0–√3; above `STRAY` it stands out."""
    around = dilate(sides.alpha > SOLID, round(ring * sides.side)) & sides.outside
    return Layer(around, _apart(sides.colour, sides.backdrop, around))


def _apart(colour: Floats, other: Floats, where: NDArray[np.bool_]) -> Floats:
    return np.asarray(np.linalg.norm(colour[where] - other[where], axis=1), np.float32)


def _local_mean(colour: Floats, weight: Floats, size: int) -> Floats:
    """Weighted mean of the colours in a square; over all of the photo where none counts."""
    total = float(weight.sum())
    fallback = np.einsum("ijk,ij->k", colour, weight) / total if total else colour.mean(axis=(0, 1))
    mass = ndi.uniform_filter(weight, size, mode="constant")[..., None]
    mean = np.dstack(
        [ndi.uniform_filter(channel * weight, size, mode="constant") for channel in np.moveaxis(colour, 2, 0)]
    )
    thin = 1e-4
    return np.asarray((mean + thin * fallback) / (mass + thin), np.float32)
