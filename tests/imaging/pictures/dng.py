"""DNGs of known colours: each 2 × 2 pixels of a sensor whose own colours are sRGB's, under any light."""

from io import BytesIO
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

# XYZ (D65) to linear sRGB: Bruce Lindbloom's, D65.
XYZ_TO_SRGB = (3.2404542, -1.5371385, -0.4985314, -0.9692660, 1.8760108, 0.0415560, 0.0556434, -0.2040259, 1.0572252)
WHITE, SIGNED, RATIONAL, SHORT, LONG, BYTE, TEXT = 16383, 10, 5, 3, 4, 1, 2
MILLION = 1_000_000


def dng(srgb: NDArray[np.uint8], *, light: tuple[float, float, float] = (1, 1, 1), orientation: int = 1) -> bytes:
    """A 14-bit DNG that, developed by its camera's white balance, shows these pixels. `light` is how strong each of
    red, green and blue was where grey was photographed."""
    value = srgb / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4) * light
    mosaic = np.empty(linear.shape[:2])
    for row, column, channel in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        mosaic[row::2, column::2] = linear[row::2, column::2, channel]
    buffer = BytesIO()
    tifffile.imwrite(
        buffer,
        (mosaic * WHITE).round().astype(np.uint16),
        photometric=32803,
        metadata=None,
        extratags=_tags(light, orientation),
    )
    return buffer.getvalue()


def _tags(light: tuple[float, float, float], orientation: int) -> list[tuple[int, int, int, Any, bool]]:
    matrix = [part for number in XYZ_TO_SRGB for part in (round(number * MILLION), MILLION)]
    neutral = [part for number in light for part in (round(number * MILLION), MILLION)]
    return [
        (274, SHORT, 1, orientation, True),
        (271, TEXT, 0, "Mattegate", True),
        (272, TEXT, 0, "Test", True),
        (33421, SHORT, 2, (2, 2), True),
        (33422, BYTE, 4, bytes([0, 1, 1, 2]), True),
        (50706, BYTE, 4, bytes([1, 4, 0, 0]), True),
        (50708, TEXT, 0, "Mattegate Test", True),
        (50717, LONG, 1, WHITE, True),
        (50721, SIGNED, 9, matrix, True),
        (50728, RATIONAL, 3, neutral, True),
        (50778, SHORT, 1, 21, True),
    ]
