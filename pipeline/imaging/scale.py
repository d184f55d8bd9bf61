"""Smaller copies to measure on: what a 1024-px model saw needs no 24-MP ruler."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def shrink(image: NDArray[Any], longer_side: int) -> NDArray[Any]:
    """Scale an image down so that its longer side is at most `longer_side` pixels, by area averages.

    Parameters
    ----------
    image : (H, W) float32 or (H, W, 3) uint8
    longer_side : int
        Pixels. An image no larger is returned as it is.

    Returns
    -------
    (H', W') float32 or (H', W', 3) uint8
    """
    height, width = shrunk(image.shape, longer_side)
    if (height, width) == image.shape[:2]:
        return image
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BOX))


def shrunk(shape: tuple[int, ...], longer_side: int) -> tuple[int, int]:
    """The height and width that `shrink` gives an image of that shape.

    Parameters
    ----------
    shape : (H, W, …)
    longer_side : int
        Pixels.

    Returns
    -------
    (rows, columns)
    """
    height, width = shape[:2]
    factor = min(1.0, longer_side / max(height, width))
    return max(1, round(height * factor)), max(1, round(width * factor))
