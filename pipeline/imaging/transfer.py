"""Onto a photo, only the light and the colour of a repainted answer: every detail stays the camera's."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage as ndi

from pipeline.imaging.types import RGB, Alpha

Floats = NDArray[np.float32]

COARSE = 256
"""Longer side of the grid the light is fitted on, in pixels: nothing finer can come from it."""
SPREAD = 4.0
"""Of the window it is fitted in, in pixels of that grid: a sixty-fourth of the photo."""
RIDGE = 0.005
"""Weight of the fit over the whole photo, beside that of the window."""
STRIP_ROWS = 256


def transfer(rgb: RGB, answer: RGB, alpha: Alpha) -> RGB:
    """The photo in the answer's light.

    The low band of a Laplacian pyramid comes from the answer, all others from the photo. In a window, the change is
    explained as one of the product's, in proportion to alpha, and one of the backdrop's, so that a backdrop that got
    brighter leaves even the thinnest temple before it as dark as it was.

    Parameters
    ----------
    rgb : (H, W, 3) uint8
        The photo.
    answer : (h, w, 3) uint8
        Registered onto the photo, at any size of its proportions.
    alpha : (h', w') float32, 0–1
        The photo's matte, at any size of its proportions. The larger, the thinner the seam along the outline.

    Returns
    -------
    (H, W, 3) uint8

    References
    ----------
    P. J. Burt and E. H. Adelson, "A multiresolution spline with application to image mosaics", ACM TOG 2(4), 1983.
    H. Knutsson and C.-F. Westin, "Normalized and differential convolution", CVPR 1993.
    """
    height, width = answer.shape[:2]
    small = np.asarray(Image.fromarray(rgb).resize((width, height), Image.Resampling.BOX))
    opacity = np.asarray(Image.fromarray(alpha).resize((width, height), Image.Resampling.BOX))
    of_product, of_backdrop = _changes(answer.astype(np.float32) - small, opacity)
    lit = np.empty_like(rgb)
    for top in range(0, len(rgb), STRIP_ROWS):
        rows = slice(top, min(top + STRIP_ROWS, len(rgb)))
        opaque = _strip(alpha, rows, rgb.shape)
        for channel in range(3):
            change = _strip(of_product[..., channel], rows, rgb.shape) - (
                clear := _strip(of_backdrop[..., channel], rows, rgb.shape)
            )
            change *= opaque
            change += clear
            change += rgb[rows, :, channel]
            lit[rows, :, channel] = np.rint(change, out=change).clip(0, 255, out=change)
    return lit


def _changes(change: Floats, opacity: Alpha) -> tuple[Floats, Floats]:
    """How product and backdrop change their colours, on a coarse grid, by least squares in a window."""
    opaque, clear = opacity[..., None], 1 - opacity[..., None]
    terms = (opaque * opaque, opaque * clear, clear * clear, opaque * change, clear * change)
    moments = [_window(term) for term in terms]
    whole = [moment.mean((0, 1), keepdims=True) for moment in moments]
    nothing = np.zeros((1, 1, 3), np.float32)
    return _solve(moments, *_solve(whole, nothing, nothing))


def _window(term: Floats) -> Floats:
    """Means over a window around each pixel of the coarse grid."""
    grid = _coarse(term.shape)
    layers = [
        np.asarray(Image.fromarray(layer).resize(grid, Image.Resampling.BOX)) for layer in np.moveaxis(term, 2, 0)
    ]
    return np.dstack([ndi.gaussian_filter(layer, SPREAD) for layer in layers])


def _solve(moments: list[Floats], product: Floats, backdrop: Floats) -> tuple[Floats, Floats]:
    """The two changes that explain the moments, drawn to the given ones where there is little to go by."""
    solid, mixed, clear, of_product, of_backdrop = moments
    solid, clear = solid + RIDGE, clear + RIDGE
    of_product, of_backdrop = of_product + RIDGE * product, of_backdrop + RIDGE * backdrop
    determinant = solid * clear - mixed * mixed
    return (
        (clear * of_product - mixed * of_backdrop) / determinant,
        (solid * of_backdrop - mixed * of_product) / determinant,
    )


def _coarse(shape: tuple[int, ...]) -> tuple[int, int]:
    scale = min(1, COARSE / max(shape[:2]))
    return max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale))


def _strip(layer: Floats, rows: slice, shape: tuple[int, ...]) -> Floats:
    """Those rows of a layer enlarged to the photo's size."""
    scale = len(layer) / shape[0]
    box = (0, rows.start * scale, layer.shape[1], rows.stop * scale)
    size = shape[1], rows.stop - rows.start
    return np.asarray(Image.fromarray(layer).resize(size, Image.Resampling.BILINEAR, box))
