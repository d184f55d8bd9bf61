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


def upsample(alpha: Alpha, small: RGB, rgb: RGB) -> Alpha:
    """Enlarge a matte, its unknown band along the edges of the photo.

    In the band, alpha is a local linear function of the photo's colour, fitted on the small copy and evaluated on
    the large one; elsewhere it is enlarged as it is.

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
    K. He and J. Sun, "Fast guided filter", arXiv:1505.00996, 2015 (colour guide).
    """
    enlarged = np.asarray(_enlarged(alpha, rgb.shape, Image.Resampling.BICUBIC)).clip(0, 1)
    if rgb.shape[0] < LEAST_SCALE * alpha.shape[0]:
        return enlarged
    coefficients = _local_linear(small.astype(np.float32) / 255, alpha)
    is_unknown = (ndi.maximum_filter(alpha, 3) > UNKNOWN[0]) & (ndi.minimum_filter(alpha, 3) < UNKNOWN[1])
    for tile, source in _tiles(rgb.shape, alpha.shape):
        _sharpen_tile(enlarged[tile], rgb[tile], is_unknown.astype(np.float32), coefficients, source)
    return enlarged


def _enlarged(layer: Floats, shape: tuple[int, ...], how: Image.Resampling) -> Image.Image:
    return Image.fromarray(layer).resize((shape[1], shape[0]), how)


def _local_linear(guide: Floats, alpha: Alpha) -> list[Floats]:
    """The factors of the guide's three channels, and the constant, that best explain alpha around each pixel."""
    mean_guide, mean_alpha = _box_mean(guide), _box_mean(alpha)
    covariance = _box_mean(guide * alpha[..., None]) - mean_guide * mean_alpha[..., None]
    products = _box_mean(guide[..., :, None] * guide[..., None, :])
    variance = products - mean_guide[..., :, None] * mean_guide[..., None, :] + EPSILON * np.eye(3, dtype=np.float32)
    factors = np.linalg.solve(variance, covariance[..., None])[..., 0]
    constant = mean_alpha - (factors * mean_guide).sum(-1)
    layers = _box_mean(np.dstack([factors, constant]).astype(np.float32))
    return [np.ascontiguousarray(layer) for layer in np.moveaxis(layers, 2, 0)]


def _box_mean(values: Floats) -> Floats:
    return np.asarray(ndi.uniform_filter(values, 2 * RADIUS + 1, axes=(0, 1)), np.float32)


def _tiles(shape: tuple[int, ...], small: tuple[int, ...]) -> Iterator[tuple[Window, tuple[float, ...]]]:
    """Tiles of the photo, each with its box (left, top, right, bottom) in the small copy."""
    down, across = small[0] / shape[0], small[1] / shape[1]
    for y0 in range(0, shape[0], TILE):
        for x0 in range(0, shape[1], TILE):
            y1, x1 = min(y0 + TILE, shape[0]), min(x0 + TILE, shape[1])
            yield (slice(y0, y1), slice(x0, x1)), (x0 * across, y0 * down, x1 * across, y1 * down)


def _sharpen_tile(
    alpha: Alpha, rgb: RGB, is_unknown: Floats, coefficients: list[Floats], source: tuple[float, ...]
) -> None:
    """Write the unknown pixels of one tile, if it has any."""

    def enlarged(layer: Floats) -> Floats:
        return np.asarray(Image.fromarray(layer).resize(alpha.shape[::-1], Image.Resampling.BILINEAR, source))

    band = enlarged(is_unknown) > 0.5
    if band.any():
        *factors, value = (enlarged(layer) for layer in coefficients)
        for channel, factor in zip(np.moveaxis(rgb, 2, 0), factors, strict=True):
            value = value + factor * (channel / np.float32(255))
        alpha[band] = value.clip(0, 1)[band]
