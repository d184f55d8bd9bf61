"""What the contract server makes of a photo: new light and nothing else, so that a person sees that it worked."""

import functools
import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageFilter

LONG_SIDE = 1024
SMALL_SIDE = 64  # where the light is looked at: only its large scale counts
BRIGHT = 190.0
WARM = (1.0, 0.97, 0.92)  # what is left of red, green and blue in the corners
BOMB_SIDE = 30_000


@functools.lru_cache(maxsize=512)
def relit(photo: bytes) -> bytes:
    """Even out and lift the light at large scale, neutralise it as a whole, let it fall off warmly to the corners.

    Raises
    ------
    OSError
        If the photo can't be read.
    """
    image: Image.Image = Image.open(io.BytesIO(photo))
    image.thumbnail((LONG_SIDE, LONG_SIDE))
    image = image.convert("RGB")
    pixels = np.asarray(image, dtype=np.float32) * _gain(image) * _balance(image) * _vignette(*image.size)
    made = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    buffer = io.BytesIO()
    made.save(buffer, "JPEG", quality=95, subsampling=0)
    return buffer.getvalue()


def _gain(image: Image.Image) -> np.ndarray:
    """The same for all three colours, or the product would change its own."""
    small = image.convert("L").resize((SMALL_SIDE, SMALL_SIDE)).filter(ImageFilter.GaussianBlur(SMALL_SIDE / 4))
    light = np.asarray(small.resize(image.size, Image.Resampling.BICUBIC), dtype=np.float32)[..., None]
    return np.clip((BRIGHT / np.maximum(light, 1.0)) ** 0.6, 0.8, 1.8)


def _balance(image: Image.Image) -> np.ndarray:
    """Half way to a grey world."""
    means = np.maximum(np.asarray(image.resize((SMALL_SIDE, SMALL_SIDE)), dtype=np.float32).mean(axis=(0, 1)), 1.0)
    return np.sqrt(means.mean() / means)


def _vignette(width: int, height: int) -> np.ndarray:
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    distance = ((x**2 + y**2) / 2)[..., None].astype(np.float32)
    return 1 - distance * (1 - np.array(WARM, dtype=np.float32))


@functools.cache
def bomb() -> bytes:
    """A PNG of 900 million pixels in some 100 KB."""
    header = struct.pack(">IIBBBBB", BOMB_SIDE, BOMB_SIDE, 1, 0, 0, 0, 0)
    compressor = zlib.compressobj(9)
    row = bytes(1 + BOMB_SIDE // 8)
    rows = b"".join(compressor.compress(row * 1000) for _ in range(BOMB_SIDE // 1000)) + compressor.flush()
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
