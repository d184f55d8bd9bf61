"""16 bits a channel: the ramp below has every value that rounding could get wrong."""

import struct
import zlib
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from pipeline.imaging.pictures.decode import DecodeError, decode, decode_photo
from tests.imaging.pictures.test_decode import encoded

RAMP = np.arange(0, 65536, 16, dtype=np.uint16).reshape(64, 64) + np.arange(64, dtype=np.uint16) % 16
ROUNDED = np.round(RAMP / 257).astype(np.uint8)


def png_16(pixels: NDArray[np.uint16], colour_type: int, *, interlaced: bool = False) -> bytes:
    """Written here, for Pillow writes no 16-bit colour."""
    height, width = pixels.shape[:2]
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in pixels)
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, interlaced)
    data = b"\x89PNG\r\n\x1a\n"
    for kind, body in [(b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]:
        data += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return data


def colour(ramp: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Three channels that are not alike."""
    return np.dstack([ramp, ramp[::-1], ramp.T])


def tiff(pixels: NDArray[np.uint16], tmp_path, **options: Any) -> bytes:
    tifffile.imwrite(tmp_path / "deep.tif", pixels, **options)
    return (tmp_path / "deep.tif").read_bytes()


def test_grey_is_rounded() -> None:
    grey = Image.fromarray(RAMP)
    for data in (encoded(grey, "PNG"), encoded(grey, "TIFF"), encoded(grey, "TIFF", compression="tiff_lzw")):
        assert (decode(data) == ROUNDED[..., None]).all()


def test_colour_in_png_is_rounded() -> None:
    expected = np.round(colour(RAMP) / 257)
    assert (decode(png_16(colour(RAMP), 2)) == expected).all()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_colour_in_tiff_is_rounded(tmp_path, order, planar, compression) -> None:
    pixels = colour(RAMP) if planar == "contig" else colour(RAMP).transpose(2, 0, 1)
    options = {"byteorder": order, "planarconfig": planar, "photometric": "rgb"}
    data = tiff(pixels, tmp_path, compression=compression, predictor=bool(compression), **options)
    off = np.abs(decode(data) - np.round(colour(RAMP) / 257)).max()
    assert off <= (planar == "separate" and compression is not None)  # there Pillow has the high bytes only


def test_an_alpha_of_16_bits_is_kept() -> None:
    alpha = np.where(np.arange(64) < 32, 65535, 0).astype(np.uint16)
    decoded = decode_photo(png_16(np.dstack([colour(RAMP), np.tile(alpha, (64, 1))]), 6))
    assert decoded.alpha is not None and (decoded.alpha == alpha / 65535).all()
    assert (decoded.rgb[:, :32] == np.round(colour(RAMP) / 257)[:, :32]).all()


def test_grey_with_alpha_comes_within_one_level() -> None:
    decoded = decode_photo(png_16(np.dstack([RAMP, np.full_like(RAMP, 65535)]), 4))
    assert np.abs(decoded.rgb[..., 0].astype(int) - ROUNDED).max() <= 1


def test_twelve_bits_in_sixteen_are_told_by_their_brightest(tmp_path) -> None:
    twelve = (RAMP >> 4).astype(np.uint16)
    expected = np.round(twelve / 4095 * 255)
    assert (decode(encoded(Image.fromarray(twelve), "PNG"))[..., 0] == expected).all()
    assert (decode(png_16(colour(twelve), 2)) == np.round(colour(twelve) / 4095 * 255)).all()
    assert (decode(tiff(colour(twelve), tmp_path, photometric="rgb"))[..., 0] == expected).all()


def test_white_is_zero_is_turned_round(tmp_path) -> None:
    assert (decode(tiff(RAMP, tmp_path, photometric="miniswhite"))[..., 0] == 255 - ROUNDED).all()


@pytest.mark.parametrize("dtype", ["<i4", "<f4"])
def test_32_bits_are_refused_with_what_to_do(dtype: str) -> None:
    with pytest.raises(DecodeError, match="export it with 8 or 16 bits"):
        decode(encoded(Image.fromarray(RAMP.astype(dtype)), "TIFF"))
