"""Bytes of a photo file to an upright sRGB array, and to its alpha if it has one, or a sentence saying why not."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import SEEK_END, BytesIO
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageCms, TiffImagePlugin, UnidentifiedImageError

from pipeline.imaging.types import RGB, Alpha

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")
SEND = "send JPEG, PNG, WebP, TIFF or AVIF"
DEVELOP = "develop it and send an 8-bit sRGB JPEG, PNG or TIFF"
MIN_SIDE = 16
GREY_MODES = {"1", "L", "LA"}
MODES = GREY_MODES | {"P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "YCbCr"}
# Opaque shares of a picture: with less or more, its alpha is no cut-out of a product.
CUT_OUT = (0.002, 0.98)
DAMAGED = "the file is cut off or damaged; copy it again from the camera or export it again"

# (offset, first bytes, what such a file is); only for naming what was refused.
SIGNATURES = (
    (0, b"GIF8", "a GIF"),
    (0, b"BM", "a BMP"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"DDS ", "a DDS texture"),
    (0, b"\0\0\1\0", "an icon"),
    (4, b"jP  ", "a JPEG 2000 picture"),
    (0, b"\xff\x0a", "a JPEG XL picture"),
    (4, b"JXL ", "a JPEG XL picture"),
    (4, b"ftypcrx", "a Canon raw file"),
    (4, b"ftyphei", "a HEIC picture"),
    (4, b"ftyphev", "a HEIC picture"),
    (4, b"ftypmif1", "a HEIF picture"),
    (4, b"ftypmsf1", "a HEIF picture"),
    (0, b"FUJIFILMCCD-RAW", "a Fujifilm raw file"),
    (0, b"IIR", "an Olympus raw file"),
    (0, b"IIU\0", "a Panasonic raw file"),
    (0, b"%PDF", "a PDF"),
    (0, b"PK\3\4", "a ZIP archive"),
    (0, b"<", "a web page or XML"),
    *((0, f"P{kind}".encode(), "a Netpbm picture") for kind in range(1, 8)),
)
TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
OTHER_SIGNATURES = (b"\xff\xd8", b"\x89PNG", b"RIFF")

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

NEW_SUBFILE_TYPE, DNG_VERSION = 254, 50706


@dataclass(frozen=True)
class DecodeLimits:
    """What one photo may cost. A stereo or burst MPO from a phone counts as its first picture."""

    max_bytes: int = 80_000_000
    max_pixels: int = 64_000_000
    max_frames: int = 1


class DecodeError(ValueError):
    """A file that cannot become a photo; the text says why and what to do."""


def decode(data: bytes, limits: DecodeLimits = DecodeLimits()) -> RGB:
    """Decode a photo file to upright sRGB; parameters and errors as for `decode_cutout`."""
    return decode_cutout(data, limits)[0]


def check_header(file: BinaryIO, limits: DecodeLimits = DecodeLimits()) -> None:
    """Raise what `decode_cutout` would raise of the file's header; no pixel is decoded.

    Parameters
    ----------
    file : binary file
        Open for reading; left at any place.
    limits : DecodeLimits
        As for `decode_cutout`.

    Raises
    ------
    DecodeError
        The file is empty or too large, is no picture that can be read, or its header is outside the limits.
    """
    with _faults_as_decode_error(limits):
        _opened(file, limits)


def decode_cutout(data: bytes, limits: DecodeLimits = DecodeLimits()) -> tuple[RGB, Alpha | None]:
    """Decode a photo file to upright sRGB, and to the cut-out that came with it.

    Parameters
    ----------
    data : bytes
        The file: JPEG, MPO (its first picture), PNG, WebP, TIFF or AVIF.
    limits : DecodeLimits
        Checked against the header, before any pixel is decoded.

    Returns
    -------
    rgb : ndarray of uint8, shape (H, W, 3)
        sRGB, orientation applied, the embedded profile converted by perceptual intent, transparency over white.
    alpha : ndarray of float32, shape (H, W), range 0–1, or None
        The file's own, if that could be a product's: neither nearly all nor nearly none of it is opaque.

    Raises
    ------
    DecodeError
        For anything that is not one whole, undamaged photo within the limits.
    """
    with _faults_as_decode_error(limits):
        image = _opened(BytesIO(data), limits)
        _load(image, data)
    image = _upright(image)
    return np.array(_to_srgb(image), dtype=np.uint8), _own_alpha(image)


def _own_alpha(image: Image.Image) -> Alpha | None:
    if not image.has_transparency_data:
        return None
    alpha = np.asarray(image.convert("RGBA").getchannel("A"), np.float32) / np.float32(255)
    least, most = CUT_OUT
    return alpha if least < (alpha > 0.5).mean() < most else None


@contextmanager
def _faults_as_decode_error(limits: DecodeLimits) -> Iterator[None]:
    try:
        yield
    except (DecodeError, MemoryError):  # a machine short of memory says nothing about the photo
        raise
    except Image.DecompressionBombError as error:
        raise DecodeError(
            f"the picture has more than {limits.max_pixels / 1e6:.0f} megapixels; export it smaller"
        ) from error
    except Exception as error:  # parsers of hostile bytes raise whatever they like
        raise DecodeError(f"{DAMAGED} ({error})") from error


def _opened(file: BinaryIO, limits: DecodeLimits) -> Image.Image:
    _check_size(file.seek(0, SEEK_END), limits)
    image = _open(file)
    _check_header(image, limits)
    return image


def _check_size(size: int, limits: DecodeLimits) -> None:
    if not size:
        raise DecodeError("the file is empty; copy it again from the camera")
    if size > limits.max_bytes:
        raise DecodeError(
            f"the file has {size / 1e6:.0f} MB; the limit is {limits.max_bytes / 1e6:.0f} MB; export it smaller"
        )


def _open(file: BinaryIO) -> Image.Image:
    file.seek(0)
    try:
        return Image.open(file, formats=FORMATS)
    except UnidentifiedImageError as error:
        file.seek(0)
        raise DecodeError(_why_unidentified(file.read(64))) from error


def _why_unidentified(start: bytes) -> str:
    start = start.lstrip() if start.lstrip().startswith(b"<") else start
    for offset, magic, kind in SIGNATURES:
        if start[offset:].startswith(magic):
            return f"this is {kind}, which is not accepted; {SEND}"
    if start.startswith(TIFF_SIGNATURES):
        return f"this is a camera raw file, or a damaged or unusual TIFF; {DEVELOP}"
    if start.startswith(OTHER_SIGNATURES):
        return DAMAGED
    return f"this is not a picture that can be read; {SEND}"


def _check_header(image: Image.Image, limits: DecodeLimits) -> None:
    width, height = image.size
    if width * height > limits.max_pixels:
        raise DecodeError(
            f"the picture is {width} × {height}, {width * height / 1e6:.0f} megapixels; "
            f"the limit is {limits.max_pixels / 1e6:.0f}; export it smaller"
        )
    if min(width, height) < MIN_SIDE:
        raise DecodeError(f"the picture is {width} × {height}, too small to be a product photo; send the original")
    if _is_raw(image):
        raise DecodeError(f"this is a camera raw file, which is not accepted; {DEVELOP}")
    if _has_more_frames(image, limits.max_frames):
        raise DecodeError("the file holds several pictures (an animation or pages); export one flat picture")
    _check_mode(image.mode)


def _check_mode(mode: str) -> None:
    if mode.startswith(("I", "F")):
        raise DecodeError("16- or 32-bit grey is not supported; export as 8-bit sRGB")
    if mode not in MODES:
        raise DecodeError(f"{mode} colour is not supported; export as sRGB")


def _is_raw(image: Image.Image) -> bool:
    """Whether a TIFF is a raw file in disguise: its first picture is only a thumbnail."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return False
    return DNG_VERSION in image.tag_v2 or bool(image.tag_v2.get(NEW_SUBFILE_TYPE, 0) & 1)


def _has_more_frames(image: Image.Image, limit: int) -> bool:
    if image.format == "MPO":
        return False
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return getattr(image, "n_frames", 1) > limit
    try:  # n_frames would walk every page of a hostile TIFF
        image.seek(limit)
    except EOFError:
        image.seek(0)
        return False
    return True


def _load(image: Image.Image, data: bytes) -> None:
    if image.format == "PNG":  # loading a PNG skips its checksums
        Image.open(BytesIO(data), formats=("PNG",)).verify()
    image.load()
    if image.format in ("JPEG", "MPO") and _has_grey_tail(image):
        raise DecodeError(f"the lower part of the picture is missing (plain grey): {DAMAGED}, or send it as PNG")


def _has_grey_tail(image: Image.Image) -> bool:
    """Whether the last rows are what the JPEG decoder, without a word, puts where data is missing."""
    width, height = image.size
    tail = image.crop((0, height - MIN_SIDE, width, height)).convert("RGB")
    return tail.getextrema() == ((128, 128),) * 3


def _upright(image: Image.Image) -> Image.Image:
    """Apply the orientation once. TIFFs turn themselves while loading, and then no longer carry it."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # a broken EXIF block must not cost the photo
        return image
    if orientation not in UPRIGHT:
        return image
    turned = image.transpose(UPRIGHT[orientation])
    turned.info = image.info
    return turned


def _to_srgb(image: Image.Image) -> Image.Image:
    flat = _over_white(image)
    profile = image.info.get("icc_profile")
    if not profile:
        return flat
    try:
        return _convert(flat, profile, is_grey=image.mode in GREY_MODES)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):  # a broken profile: sRGB is the best guess
        return flat


def _convert(flat: Image.Image, profile: bytes, *, is_grey: bool) -> Image.Image:
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    if source.profile.xcolor_space.strip() == "GRAY" and is_grey:
        flat = flat.convert("L")
    converted = ImageCms.profileToProfile(
        flat, source, ImageCms.createProfile("sRGB"), ImageCms.Intent.PERCEPTUAL, outputMode="RGB"
    )
    assert converted is not None  # None only for inPlace
    return converted


def _over_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
