"""Pictures of 16 bits a channel to 8, rounded; those that hold only 12 bits in them are told by their brightest."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, TiffImagePlugin

GREY = ("I;16", "I;16L", "I;16B")
# Pillow keeps the high bytes of these. Told the other order of bytes, it gives the low ones.
PAIRS = ("RGB", "RGBA", "RGBX", "CMYK", "R", "G", "B", "A", "C", "M", "Y", "K", "X")
NATIVE = "L" if sys.byteorder == "little" else "B"
OTHER = {"L": "B", "B": "L"}
TIFF_BITS, TIFF_PHOTOMETRIC, WHITE_IS_ZERO = 258, 262, 0
BAND_ROWS = 256


def load(image: Image.Image, reopened: Callable[[], Image.Image]) -> Image.Image:
    """Load an opened picture's pixels, in a mode of 8 bits a channel.

    Parameters
    ----------
    image : PIL image
        Opened, not loaded.
    reopened : callable
        Opens the same file once more.

    Returns
    -------
    image : PIL image
        The same, unless it has 16 bits a channel.

    Raises
    ------
    Exception
        Whatever Pillow raises of damaged files.
    """
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        image.tile = [_of_16_bits(tile, image) for tile in image.tile]
    lows = [_low(tile) for tile in getattr(image, "tile", [])]
    image.load()
    if image.mode in GREY:
        return _with_info(image, _grey(image))
    if not lows or None in lows:
        return image
    low = reopened()
    assert isinstance(low, ImageFile.ImageFile)
    low.tile = [tile for tile in lows if tile]
    low.load()
    return _with_info(image, _joined(image, low))


def _of_16_bits(tile: Any, image: TiffImagePlugin.TiffImageFile) -> Any:
    """Pillow takes channels that lie apart, uncompressed, for 8 bits whatever they have."""
    is_apart = isinstance(tile.args, tuple) and len(str(tile.args[0])) == 1
    if tile.codec_name != "raw" or not is_apart or image.tag_v2.get(TIFF_BITS, (8,))[0] != 16:
        return tile
    order = "L" if image.tag_v2.prefix == b"II" else "B"
    return tile._replace(args=(f"{tile.args[0]};16{order}", *tile.args[1:]))


def _low(tile: Any) -> Any:
    """What to decode for the low bytes; None where that isn't known."""
    arguments = tile.args if isinstance(tile.args, tuple) else (tile.args,)
    name, semicolon, bits = str(arguments[0]).partition(";")
    if name not in PAIRS or bits not in ("16L", "16B", "16N"):
        return None
    order = NATIVE if bits[-1] == "N" else bits[-1]
    swapped = f"{name}{semicolon}16{OTHER[order]}"
    return tile._replace(args=(swapped, *arguments[1:]) if isinstance(tile.args, tuple) else swapped)


def _with_info(image: Image.Image, made: Image.Image) -> Image.Image:
    made.info = {name: value for name, value in image.info.items() if name != "transparency"}
    return made


def _table(brightest: int) -> NDArray[np.uint8]:
    """8 bits for each value of 16; or of 12, if none is brighter."""
    most = 4095 if brightest < 4096 else 65535
    return np.round(np.arange(65536).clip(0, most) * (255 / most)).astype(np.uint8)


def _grey(image: Image.Image) -> Image.Image:
    deep = np.asarray(image)
    eight = _table(int(deep.max()))[deep]
    is_inverted = getattr(image, "tag_v2", {}).get(TIFF_PHOTOMETRIC) == WHITE_IS_ZERO
    return Image.fromarray(255 - eight if is_inverted else eight)


def _joined(high: Image.Image, low: Image.Image) -> Image.Image:
    extrema = high.getextrema()[:3]
    table = _table(256 * max(most for _, most in extrema) + 255)  # type: ignore[misc]
    width, height = high.size
    eight = np.empty((height, width, len(high.getbands())), np.uint8)
    for top in range(0, height, BAND_ROWS):  # all at once would take the memory of four pictures
        box = (0, top, width, min(top + BAND_ROWS, height))
        deep = np.asarray(high.crop(box)).astype(np.uint16) << 8 | np.asarray(low.crop(box))
        eight[box[1] : box[3]] = table[deep]
    return Image.frombytes(high.mode, high.size, eight.tobytes())
