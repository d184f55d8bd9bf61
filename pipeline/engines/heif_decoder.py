"""HEIC by libheif: the only file that knows pi-heif, which brings no encoder."""

from typing import BinaryIO

import numpy as np
import pi_heif
from numpy.typing import NDArray


class HeifDecoder:
    """The main picture, turned as the file says, its numbers as they are."""

    def size(self, file: BinaryIO) -> tuple[int, int]:
        width, height = pi_heif.open_heif(file).size
        return width, height

    def pixels(self, file: BinaryIO) -> NDArray[np.uint8]:
        image = pi_heif.open_heif(file).to_pillow()
        return np.asarray(image if image.mode in ("RGB", "RGBA") else image.convert("RGB"))
