"""Looking closer: the part of a photo around its product, and the way back."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.imaging.types import RGB, Alpha, CropBox

Pixel = TypeVar("Pixel", bound=np.generic)


def bounding_box(mask: NDArray[np.bool_]) -> CropBox:
    """The smallest box that holds all that is set.

    Parameters
    ----------
    mask : (H, W) bool

    Returns
    -------
    CropBox

    Raises
    ------
    ValueError
        If nothing is set.
    """
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not rows.size:
        raise ValueError("nothing is set: there is no box around it")
    return CropBox(y0=int(rows[0]), x0=int(columns[0]), y1=int(rows[-1]) + 1, x1=int(columns[-1]) + 1)


def window_around(
    box: CropBox, shape: tuple[int, ...], *, margin: float, least_aspect: float, may_leave: bool = False
) -> CropBox:
    """A box with a margin, not too narrow, inside the photo.

    Parameters
    ----------
    box : CropBox
    shape : (H, W, …)
        The photo's.
    margin : float
        On each side, as a share of the box's longer side.
    least_aspect : float, 0–1
        The window's shorter side is at least this share of its longer one, if the photo has as much.
    may_leave : bool
        Whether the window may reach beyond the photo, where the photo hasn't as much.

    Returns
    -------
    CropBox
    """
    height, width = box.y1 - box.y0, box.x1 - box.x0
    longer = max(height, width) * (1 + 2 * margin)
    high, wide = (max(side + longer - max(height, width), least_aspect * longer) for side in (height, width))
    y0, y1 = _span(box.y0, box.y1, high, shape[0], may_leave)
    x0, x1 = _span(box.x0, box.x1, wide, shape[1], may_leave)
    return CropBox(y0=y0, x0=x0, y1=y1, x1=x1)


def _span(low: int, high: int, length: float, limit: int, may_leave: bool) -> tuple[int, int]:
    """A stretch of that length around the middle, moved inside the photo if it fits."""
    whole = round(length) if may_leave else min(limit, round(length))
    start = round((low + high - whole) / 2)
    if whole <= limit:
        start = min(max(0, start), limit - whole)
    return start, start + whole


def inside(window: CropBox, shape: tuple[int, ...]) -> CropBox:
    """What of a window lies inside a photo of that shape."""
    return CropBox(max(0, window.y0), max(0, window.x0), min(shape[0], window.y1), min(shape[1], window.x1))


def part_of(picture: NDArray[Pixel], window: CropBox) -> NDArray[Pixel]:
    return picture[window.y0 : window.y1, window.x0 : window.x1]


def look(rgb: RGB, window: CropBox, longer_side: int) -> RGB:
    """The photo inside the window, scaled down so that its longer side is at most `longer_side`.

    Parameters
    ----------
    rgb : (H, W, 3) uint8
    window : CropBox
    longer_side : int
        Pixels.

    Returns
    -------
    (H', W', 3) uint8
    """
    part = Image.fromarray(part_of(rgb, window))
    scale = min(1.0, longer_side / max(part.size))
    size = max(1, round(part.width * scale)), max(1, round(part.height * scale))
    return np.asarray(part.resize(size, Image.Resampling.LANCZOS))


def look_at_fit(
    layer: NDArray[np.float32], window: CropBox, shape: tuple[int, ...], size: tuple[int, int]
) -> NDArray[np.float32]:
    """The same window of a layer that was fitted to a smaller copy of the photo, at another size.

    Parameters
    ----------
    layer : (h, w) float32
    window : CropBox
        In the photo's pixels.
    shape : (H, W, …)
        The photo's.
    size : (rows, columns)
        Of the result.

    Returns
    -------
    (rows, columns) float32
    """
    down, across = layer.shape[0] / shape[0], layer.shape[1] / shape[1]
    box = window.x0 * across, window.y0 * down, window.x1 * across, window.y1 * down
    return np.asarray(Image.fromarray(layer).resize(size[::-1], Image.Resampling.BICUBIC, box))


def resized(layer: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """A layer at another size, smoothly.

    Parameters
    ----------
    layer : (h, w) float32
    height, width : int

    Returns
    -------
    (height, width) float32
    """
    picture = Image.fromarray(np.ascontiguousarray(layer))
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR), np.float32)


def put_back(alpha: Alpha, window: CropBox, shape: tuple[int, ...]) -> Alpha:
    """A matte of the window as one of the whole photo, clear around it.

    Parameters
    ----------
    alpha : (h, w) float32, 0–1
        As large as the window.
    window : CropBox
    shape : (H, W, …)
        The photo's.

    Returns
    -------
    (H, W) float32, 0–1
    """
    whole = np.zeros(shape[:2], np.float32)
    whole[window.y0 : window.y1, window.x0 : window.x1] = alpha
    return whole
