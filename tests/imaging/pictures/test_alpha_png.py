from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from pipeline.imaging.pictures.alpha_png import decode_alpha, encode_alpha


def test_an_alpha_survives_storage_to_the_nearest_level() -> None:
    alpha = np.linspace(0, 1, 10_000, dtype=np.float32).reshape(100, 100)
    restored = decode_alpha(encode_alpha(alpha))
    assert restored.dtype == np.float32
    assert np.abs(restored - alpha).max() <= 0.5 / 255 + 1e-6
    assert restored[0, 0] == 0 and restored[-1, -1] == 1


def test_a_colour_picture_is_no_alpha() -> None:
    buffer = BytesIO()
    Image.new("RGB", (20, 20)).save(buffer, "PNG")
    with pytest.raises(ValueError, match="8-bit grey PNG"):
        decode_alpha(buffer.getvalue())
