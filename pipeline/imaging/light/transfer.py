"""Onto a photo, only the light and the colour of a repainted answer: every detail stays the camera's."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage as ndi

from pipeline.imaging.types import RGB, Alpha

Floats = NDArray[np.float32]

COARSE = 256
"""Longer side of the grid that the light is fitted on, in pixels."""
SPREAD = 4.0
"""Standard deviation of the window it is fitted in, in pixels of that grid: nothing finer is taken from the answer."""
RIDGE = np.float32(0.005)
"""Weight of the change over the whole photo beside the window's: it decides where a window sees too little."""
STRIP_ROWS = 256


def transfer(rgb: RGB, answer: RGB, alpha: Alpha) -> RGB:
    """The photo in the answer's light.

    As when two Laplacian pyramids are joined, the low band comes from the answer and all others from the photo. Within
    a window the change of colour is taken apart, by alpha, into the product's and the backdrop's: a backdrop that got
    brighter leaves the thinnest temple before it as dark as it was.

    Parameters
    ----------
    rgb : (H, W, 3) uint8
        The photo.
    answer : (h, w, 3) uint8
        Registered onto the photo, at any size of its proportions.
    alpha : (h', w') float32, 0–1
        The photo's matte, at any size of its proportions; the larger, the thinner the seam along the outline.

    Returns
    -------
    (H, W, 3) uint8

    References
    ----------
    P. J. Burt and E. H. Adelson, "A multiresolution spline with application to image mosaics", ACM TOG 2(4), 1983.
    H. Knutsson and C.-F. Westin, "Normalized and differential convolution", CVPR 1993.
    """
    size = answer.shape[1], answer.shape[0]
    small = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX))
    opacity = np.asarray(Image.fromarray(alpha).resize(size, Image.Resampling.BOX))
    of_product, of_backdrop = _changes(answer.astype(np.float32) - small, opacity)
    lit = np.empty_like(rgb)
    # In strips: whole layers of floats would take ten times the photo's memory.
    for top in range(0, len(rgb), STRIP_ROWS):
        rows = slice(top, min(top + STRIP_ROWS, len(rgb)))
        opaque = _enlarged(alpha, rows, rgb.shape)
        for channel in range(3):
            change = _enlarged(of_product[..., channel] - of_backdrop[..., channel], rows, rgb.shape) * opaque
            change += _enlarged(of_backdrop[..., channel], rows, rgb.shape)
            change += rgb[rows, :, channel]
            lit[rows, :, channel] = np.rint(change, out=change).clip(0, 255, out=change)
    return lit


def _changes(change: Floats, opacity: Alpha) -> tuple[Floats, Floats]:
    """How product and backdrop change their colours, on the coarse grid, by least squares in a window."""
    opaque, clear = opacity[..., None], 1 - opacity[..., None]
    terms = (opaque * opaque, opaque * clear, clear * clear, opaque * change, clear * change)
    moments = [_mean_around(term) for term in terms]
    nothing = np.zeros((1, 1, 3), np.float32)
    everywhere = _solve([moment.mean((0, 1), keepdims=True) for moment in moments], nothing, nothing)
    return _solve(moments, *everywhere)


def _mean_around(term: Floats) -> Floats:
    """Means over a window around each pixel of the coarse grid."""
    scale = min(1, COARSE / max(term.shape[:2]))
    size = max(1, round(term.shape[1] * scale)), max(1, round(term.shape[0] * scale))
    layers = (
        np.asarray(Image.fromarray(layer).resize(size, Image.Resampling.BOX)) for layer in np.moveaxis(term, 2, 0)
    )
    return np.dstack([ndi.gaussian_filter(layer, SPREAD) for layer in layers])


def _solve(moments: list[Floats], product: Floats, backdrop: Floats) -> tuple[Floats, Floats]:
    """The two changes that explain the moments, drawn towards those given where there is little to go by."""
    solid, mixed, clear, of_product, of_backdrop = moments
    solid, clear = solid + RIDGE, clear + RIDGE
    of_product, of_backdrop = of_product + RIDGE * product, of_backdrop + RIDGE * backdrop
    determinant = solid * clear - mixed * mixed
    product, backdrop = clear * of_product - mixed * of_backdrop, solid * of_backdrop - mixed * of_product
    return np.asarray(product / determinant, np.float32), np.asarray(backdrop / determinant, np.float32)


def _enlarged(layer: Floats, rows: slice, shape: tuple[int, ...]) -> Floats:
    """Those rows of a layer at the photo's size."""
    scale = len(layer) / shape[0]
    box = (0, rows.start * scale, layer.shape[1], rows.stop * scale)
    size = shape[1], rows.stop - rows.start
    return np.asarray(Image.fromarray(layer).resize(size, Image.Resampling.BILINEAR, box))
