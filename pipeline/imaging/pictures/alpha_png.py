"""Mattes as they are stored: grey PNG, one level for each 1/255 of opacity."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.imaging.pictures.refusals import DecodeError
from pipeline.imaging.pictures.renditions import save
from pipeline.imaging.types import Alpha


def encode_alpha(alpha: Alpha) -> bytes:
    """An alpha as 8-bit grey PNG."""
    return save(to_bytes(alpha), format="PNG", compress_level=1)


def decode_alpha(data: bytes) -> Alpha:
    """The alpha that `encode_alpha` wrote, to the nearest 1/255.

    Raises
    ------
    DecodeError
        If it is not a grey 8-bit picture, or damaged.
    """
    try:
        with Image.open(BytesIO(data), formats=("PNG",)) as picture:
            if picture.mode != "L":
                raise DecodeError(f"an alpha is an 8-bit grey PNG; this one has mode {picture.mode}")
            return np.asarray(picture).astype(np.float32) / np.float32(255)
    except (OSError, SyntaxError) as error:  # what Pillow says of a PNG that it can't make out
        raise DecodeError("the stored matte is damaged") from error


def to_bytes(alpha: Alpha) -> NDArray[np.uint8]:
    """An alpha in 256 levels."""
    levels = alpha * 255
    return np.rint(levels, out=levels).astype(np.uint8)  # in place: 256 MB less for a 64-megapixel one
