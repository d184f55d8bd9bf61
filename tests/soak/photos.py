"""As many different photos as are wanted, at the cost of a few."""

import os
from functools import cache
from io import BytesIO
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

SIZES = ((1200, 800), (1500, 1000)) if os.environ.get("SOAK") == "small" else ((2448, 1632), (6000, 4000))
"""4 and 24 megapixels, in turn."""
DOUBTFUL_EVERY = 9
GRAIN = 2.0


class Photo(NamedTuple):
    name: str
    data: bytes


def photo(number: int, drop: str) -> Photo:
    """Each of other bytes, by a comment in the file; one in nine is of something cut off by the frame's edge."""
    data = _scene(SIZES[number % len(SIZES)], number % DOUBTFUL_EVERY == 0)
    name = f"{drop}{number:05}_1.jpg"
    comment = name.encode()
    marker = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
    return Photo(name, data[:2] + marker + data[2:])


@cache
def _scene(size: tuple[int, int], is_doubtful: bool) -> bytes:
    """A dark watch, or what passes for one, on white, with the grain of a camera."""
    width, height = size
    image = Image.new("L", size, 250)
    left = -width // 8 if is_doubtful else width // 5
    ImageDraw.Draw(image).ellipse((left, height // 3, width * 4 // 5, height * 2 // 3), fill=40)
    grain = np.random.default_rng(0).normal(0, GRAIN, (height, width)).astype(np.float32)
    grey = np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8)
    buffer = BytesIO()
    Image.fromarray(grey).convert("RGB").save(buffer, "JPEG", quality=92)
    return buffer.getvalue()
