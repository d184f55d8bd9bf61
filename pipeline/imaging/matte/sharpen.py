"""From a matte of a small copy to a matte at the photo's own resolution."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage as ndi

from pipeline.imaging.types import RGB, Alpha

RADIUS, EPSILON = 4, 1e-4
UNKNOWN = (0.03, 0.97)
TILE = 256
# Below this there is nothing to sharpen: the copy is as good as the photo.
LEAST_SCALE = 1.25

Floats = NDArray[np.float32]
Window = tuple[slice, slice]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels."""


def upsample(alpha: Alpha, small: RGB, rgb: RGB) -> Alpha:
    """Enlarge a matte, its unknown band along the edges of the photo.

    In the band, alpha is a local linear function of the photo's brightness, fitted on the small copy and evaluated
    on the large one, as far as brightness explains it; elsewhere it is enlarged as it is.

    Parameters
    ----------
    alpha : (h, w) float32, 0–1
    small : (h, w, 3) uint8
        The copy of the photo that was matted.
    rgb : (H, W, 3) uint8
        The photo.

    Returns
    -------
    (H, W) float32, 0–1

    References
    ----------
    K. He and J. Sun, "Fast guided filter", arXiv:1505.00996, 2015.
    """
    size = rgb.shape[1], rgb.shape[0]
    enlarged = np.array(Image.fromarray(alpha).resize(size, Image.Resampling.BICUBIC))
    np.clip(enlarged, 0, 1, out=enlarged)
    if rgb.shape[0] < LEAST_SCALE * alpha.shape[0]:
        return enlarged
    is_unknown = (ndi.maximum_filter(alpha, 3) > UNKNOWN[0]) & (ndi.minimum_filter(alpha, 3) < UNKNOWN[1])
    layers = (is_unknown.astype(np.float32), *_local_linear(_brightness(small), alpha))
    pictures = [Image.fromarray(layer) for layer in layers]  # once: each copies its layer
    for tile, source in _tiles(rgb.shape, alpha.shape):
        _sharpen_tile(enlarged[tile], rgb[tile], pictures, source)
    return enlarged


def _brightness(rgb: RGB) -> Floats:
    # Channel by channel: thrice as fast as a mean over the last axis.
    total = rgb[..., 0].astype(np.float32) + rgb[..., 1] + rgb[..., 2]
    return np.asarray(total / np.float32(3) / np.float32(255), np.float32)


def _local_linear(guide: Floats, alpha: Alpha) -> tuple[Floats, Floats, Floats]:
    """The factor and the constant that best explain alpha around each pixel, and the share that they explain."""
    mean_guide, mean_alpha = _box_mean(guide), _box_mean(alpha)
    variance = _box_mean(guide**2) - mean_guide**2 + EPSILON
    covariance = _box_mean(guide * alpha) - mean_guide * mean_alpha
    factor = covariance / variance
    explained = factor * covariance / (_box_mean(alpha**2) - mean_alpha**2 + EPSILON)
    return _box_mean(factor), _box_mean(mean_alpha - factor * mean_guide), _box_mean(explained.clip(0, 1))


def _box_mean(values: Floats) -> Floats:
    return np.asarray(ndi.uniform_filter(values, 2 * RADIUS + 1), np.float32)


def _tiles(shape: tuple[int, ...], small: tuple[int, ...]) -> Iterator[tuple[Window, Box]]:
    """Tiles of the photo, each with its box in the small copy."""
    down, across = small[0] / shape[0], small[1] / shape[1]
    for y0 in range(0, shape[0], TILE):
        for x0 in range(0, shape[1], TILE):
            y1, x1 = min(y0 + TILE, shape[0]), min(x0 + TILE, shape[1])
            yield (slice(y0, y1), slice(x0, x1)), (x0 * across, y0 * down, x1 * across, y1 * down)


def _sharpen_tile(alpha: Alpha, rgb: RGB, layers: list[Image.Image], source: Box) -> None:
    """Write the unknown pixels of one tile, if it has any."""

    def enlarged(layer: Image.Image) -> Floats:
        return np.asarray(layer.resize(alpha.shape[::-1], Image.Resampling.BILINEAR, source))

    is_unknown, factor, constant, explained = layers
    band = enlarged(is_unknown) > 0.5
    if band.any():
        sharp = (enlarged(factor) * _brightness(rgb) + enlarged(constant)).clip(0, 1)
        alpha[band] += (enlarged(explained) * (sharp - alpha))[band]
