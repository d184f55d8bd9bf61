"""Pictures for whoever reviews a frame: small ones at once, large ones when they are zoomed."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.imaging.pictures.alpha_png import to_bytes
from pipeline.imaging.pictures.renditions import save
from pipeline.imaging.types import RGB, Alpha

QUALITY, METHOD = 80, 2
FULL_QUALITY = 90
COOL, HOT = np.array((255, 196, 0), np.float32), np.array((255, 0, 48), np.float32)
"""Of little and of most doubt: neither is a colour that products or backdrops have."""
MOST_OPAQUE = 0.75


def preview(rgb: RGB, side: int) -> bytes:
    """WebP of the photo within side × side, never up-scaled."""
    return _webp(_within(rgb, side))


def cutout_preview(rgb: RGB, alpha: Alpha, side: int) -> bytes:
    """WebP of the product on transparent ground within side × side, never up-scaled."""
    return _webp(np.dstack([_within(rgb, side), _within(to_bytes(alpha), side)]))


def heat_preview(heat: NDArray[np.float32]) -> bytes:
    """WebP that is laid over the photo: clear where nothing is doubted, yellow and then red where something is.

    Parameters
    ----------
    heat : (h, w) float32, 0–1
    """
    colours = COOL + (HOT - COOL) * heat[..., None]
    return _webp(np.rint(np.dstack([colours, 255 * MOST_OPAQUE * np.sqrt(heat)])).astype(np.uint8))


def full_photo(rgb: RGB) -> bytes:
    """JPEG of the photo at its own size."""
    return save(rgb, format="JPEG", quality=FULL_QUALITY)


def full_mask(alpha: Alpha) -> bytes:
    """PNG at the photo's own size, white, with alpha as its opacity: what a browser can mask the photo with."""
    opacity = to_bytes(alpha)
    return save(np.dstack([np.full_like(opacity, 255), opacity]), format="PNG", compress_level=1)


def _within(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    picture = Image.fromarray(image)
    # Area averages down to the last factor below 2: a third of the time at 24 megapixels, and no eye can tell.
    picture.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=1.0)
    return np.asarray(picture)


def _webp(image: NDArray[np.uint8]) -> bytes:
    return save(image, format="WEBP", quality=QUALITY, method=METHOD)
