"""Camera RAW by LibRaw: the only file that knows rawpy."""

from typing import BinaryIO

import numpy as np
import rawpy
from numpy.typing import NDArray

SRGB_GAMMA = (2.4, 12.92)


class RawDecoder:
    """Develops as the camera was set: its white balance, sRGB, full size, turned upright; not brightened, so that the
    photos of one drop are alike."""

    def size(self, file: BinaryIO) -> tuple[int, int]:
        with rawpy.imread(_named(file)) as raw:
            return raw.sizes.width, raw.sizes.height

    def pixels(self, file: BinaryIO) -> NDArray[np.uint8]:
        with rawpy.imread(_named(file)) as raw:
            return raw.postprocess(
                use_camera_wb=True,
                output_color=rawpy.ColorSpace.sRGB,
                output_bps=8,
                gamma=SRGB_GAMMA,
                no_auto_bright=True,
            )


def _named(file: BinaryIO) -> str | BinaryIO:
    """Of a file with a name, LibRaw reads what it needs; of another one, all."""
    name = getattr(file, "name", None)
    return name if isinstance(name, str) else file
