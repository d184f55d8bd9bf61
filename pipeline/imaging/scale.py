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
    height, width = image.shape[:2]
    factor = longer_side / max(height, width)
    if factor >= 1:
        return image
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))
