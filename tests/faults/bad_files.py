"""Files of the kinds that broke other programs, small and made here; more may come from a folder (BAD_INPUT)."""

import os
import struct
import zlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from tests.faults.plant import photo


def all_files() -> dict[str, bytes]:
    """By a name that a photo may have; the ending is the file's own."""
    found = {**made()}
    if folder := os.environ.get("BAD_INPUT"):
        paths = sorted(path for path in Path(folder).rglob("*") if path.is_file() and path.suffix not in NO_PHOTOS)
        found |= {path.name: path.read_bytes() for path in paths}
    return {f"BAD{number}_1{Path(name).suffix}": data for number, (name, data) in enumerate(found.items())}


NO_PHOTOS = {".md", ".tsv", ".py", ".txt"}


def made() -> dict[str, bytes]:
    return {**_no_pictures(), **_damaged(), **_hostile(), **_unusual()}


def _no_pictures() -> dict[str, bytes]:
    return {
        "empty.jpg": b"",
        "one-byte.png": b"\x89",
        "page.jpg": b"<!doctype html><title>404</title>",
        "archive.png": b"PK\3\4" + bytes(60),
        "document.tif": b"%PDF-1.7\n" + bytes(60),
        "document.jpg": b"8BPS\0\1" + bytes(60),
        "icon.png": b"\0\0\1\0\1\0" + bytes(60),
        "texture.jpg": b"DDS \x7c\0\0\0" + bytes(124),
        "phone.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40),
        "camera.cr3": b"\0\0\0\x18ftypcrx " + bytes(40),
        "raw.dng": b"II*\0\x08\0\0\0\0\0" + bytes(40),
        "noise.webp": np.random.default_rng(27).bytes(4000),
        "numbers.pgm": b"P5 -1 -1 255\n" + bytes(40),
    }


def _damaged() -> dict[str, bytes]:
    jpeg, png = saved("JPEG", shade=31), photo(32)
    flipped = bytearray(jpeg)
    flipped[len(flipped) // 2] ^= 0xFF
    return {
        "half.jpg": jpeg[: len(jpeg) // 2],
        "flipped.jpg": bytes(flipped),
        "half.png": png[: len(png) // 2],
        "half.webp": saved("WEBP", shade=33)[:200],
        "half.tif": saved("TIFF", shade=34)[:5000],
        "half.avif": saved("AVIF", shade=35)[:400],
        "checksum.png": png[:40] + b"\0\0\0\0" + png[44:],
        "exif.jpg": saved("JPEG", shade=36, exif=b"Exif\0\0II*\0\xff\xff\xff\xff garbage"),
        "profile.jpg": saved("JPEG", shade=37, icc_profile=b"not a profile"),
    }


def _hostile() -> dict[str, bytes]:
    return {
        "bomb.png": png(30_000, 30_000, depth=1, colour=0, body=bytes(3751) * 30_000),
        "claims.png": png(2**31 - 1, 2**31 - 1),
        "thin.png": png(1, 60_000_000),
        "text.png": png(64, 64, more=[(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80_000_000), 9))]),
        "offset.tif": b"II*\0" + struct.pack("<I", 2**32 - 8),
        "loop.tif": b"II*\0\x08\0\0\0" + b"\0\0" + struct.pack("<I", 8),
    }


def _unusual() -> dict[str, bytes]:
    """Photos all the same, or nearly: some are right to be taken."""
    exif = Image.Exif()
    exif[0x0112] = 6
    image = scene(38)
    return {
        "turned.jpg": saved("JPEG", shade=39, exif=exif),
        "png-inside.jpg": photo(41),
        "tiny.png": saved("PNG", image.resize((1, 1))),
        "wide.png": saved("PNG", image.resize((4000, 17))),
        "grey.jpg": saved("JPEG", image.convert("L")),
        "two-colours.png": saved("PNG", image.convert("1")),
        "cmyk.jpg": saved("JPEG", image.convert("CMYK")),
        "palette.png": saved("PNG", image.convert("P"), transparency=0),
        "deep.png": saved("PNG", Image.fromarray(np.full((240, 320), 40_000, np.uint16))),
        "float.tif": saved("TIFF", Image.fromarray(np.zeros((240, 320), np.float32))),
        "pages.tif": saved("TIFF", image, save_all=True, append_images=[scene(42)]),
        "moving.webp": saved("WEBP", image, save_all=True, append_images=[scene(43)]),
        "moving.gif": saved("GIF", image, save_all=True, append_images=[scene(44)]),
        "windows.bmp": saved("BMP", image),
        "all-white.png": saved("PNG", Image.new("RGB", (320, 240), "white")),
        "all-clear.png": saved("PNG", Image.new("RGBA", (320, 240), (0, 0, 0, 0))),
        "cut-out.png": saved("PNG", cut_out()),
        "small.avif": saved("AVIF", shade=46),
    }


def scene(shade: int) -> Image.Image:
    return Image.open(BytesIO(photo(shade))).convert("RGB")


def cut_out() -> Image.Image:
    image = scene(47).convert("RGBA")
    mask = Image.new("L", image.size)
    ImageDraw.Draw(mask).ellipse((60, 70, 260, 170), fill=255)
    image.putalpha(mask)
    return image


def saved(format: str, image: Image.Image | None = None, shade: int = 0, **options: Any) -> bytes:
    buffer = BytesIO()
    (image or scene(shade)).save(buffer, format, **options)
    return buffer.getvalue()


def png(
    width: int,
    height: int,
    *,
    depth: int = 8,
    colour: int = 2,
    body: bytes = b"",
    more: Sequence[tuple[bytes, bytes]] = (),
) -> bytes:
    """One that says of itself what it is told to, and holds that body."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [(b"IHDR", header), *more, (b"IDAT", zlib.compress(body, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
