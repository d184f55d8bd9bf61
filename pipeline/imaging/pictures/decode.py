"""Bytes of a photo file to an upright sRGB array, and to its alpha if it has one, or a sentence saying why not."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import SEEK_END, BytesIO
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, TiffImagePlugin, UnidentifiedImageError

from pipeline.imaging.pictures import colour, deep, jpeg
from pipeline.imaging.pictures.boxes import main_item
from pipeline.imaging.pictures.refusals import DAMAGED, TIFF_SIGNATURES, Kind, kind_of, why_unidentified
from pipeline.imaging.pictures.refusals import DecodeError as DecodeError
from pipeline.imaging.types import RGB, Alpha, PhotoDecoder

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")
MIN_SIDE = 16
MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "YCbCr", "CMYK", *deep.GREY}
# Opaque shares of a picture: with less or more, its alpha is no cut-out of a product.
CUT_OUT = (0.002, 0.98)
START_BYTES = 64
DEVELOPED = "camera RAW, developed here"

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
# Of a TIFF's page: a smaller copy of another one (1), or its transparency (4).
BESIDE_THE_PICTURE = 1 | 4
MOST_PAGES = 8

Decoders = Mapping[Kind, PhotoDecoder]
NONE: Decoders = {}


@dataclass(frozen=True)
class DecodeLimits:
    """What one photo may cost. A stereo or burst MPO from a phone counts as its first picture."""

    max_bytes: int = 80_000_000
    max_pixels: int = 64_000_000
    max_frames: int = 1


@dataclass(frozen=True)
class Decoded:
    """A photo as it is worked on; the alpha that came with it, if any; and how its colours were read, in words."""

    rgb: RGB
    alpha: Alpha | None
    colours: str


def decode(data: bytes, limits: DecodeLimits = DecodeLimits(), decoders: Decoders = NONE) -> RGB:
    """Decode a photo file to upright sRGB; parameters and errors as for `decode_photo`."""
    return decode_photo(data, limits, decoders).rgb


def check_header(file: BinaryIO, limits: DecodeLimits = DecodeLimits(), decoders: Decoders = NONE) -> None:
    """Raise what `decode_photo` would raise of the file's header; no pixel is decoded.

    Parameters
    ----------
    file : binary file
        Open for reading; left at any place.
    limits : DecodeLimits
        As for `decode_photo`.
    decoders : mapping of Kind to PhotoDecoder
        As for `decode_photo`.

    Raises
    ------
    DecodeError
        The file is empty or too large, is no picture that can be read, or its header is outside the limits.
    """
    with _faults_as_decode_error(limits):
        _opened(file, limits, decoders)


def decode_photo(data: bytes, limits: DecodeLimits = DecodeLimits(), decoders: Decoders = NONE) -> Decoded:
    """Decode a photo file to upright sRGB, and to the cut-out that came with it.

    Parameters
    ----------
    data : bytes
        The file: JPEG, MPO (its first picture), PNG, WebP, TIFF or AVIF; HEIC and RAW with their decoders.
    limits : DecodeLimits
        Checked against the header, before any pixel is decoded.
    decoders : mapping of Kind to PhotoDecoder
        What reads kinds of files that Pillow doesn't.

    Returns
    -------
    decoded : Decoded
        `rgb` is uint8, shape (H, W, 3): sRGB, orientation applied, transparency over white, 16 bits rounded to 8.
        `alpha` is float32, shape (H, W), range 0–1, the file's own, if that could be a product's: neither nearly all
        nor nearly none of it is opaque; else None.

    Raises
    ------
    DecodeError
        For anything that is not one whole, undamaged photo within the limits.
    """
    with _faults_as_decode_error(limits):
        file = BytesIO(data)
        opened = _opened(file, limits, decoders)
        if not isinstance(opened, Image.Image):
            return _by_decoder(opened, file, decoders[opened], limits)
        colours = colour.colours_of(opened, file)
        image = _load(opened, data)
    return _finished(_upright(image), colours)


def _by_decoder(kind: Kind, file: BinaryIO, decoder: PhotoDecoder, limits: DecodeLimits) -> Decoded:
    image = Image.fromarray(decoder.pixels(file))
    _check_dimensions(image.size, limits)  # the header may have said otherwise
    colours = _heic_colours(file) if kind == "HEIC" else colour.Colours(None, DEVELOPED)
    return _finished(image, colours)


def _heic_colours(file: BinaryIO) -> colour.Colours:
    item = main_item(file)
    told = colour.of_cicp(item.cicp, "nclx") if item.cicp else colour.SRGB
    return colour.of_profile(item.profile) if item.profile else told


def _finished(image: Image.Image, colours: colour.Colours) -> Decoded:
    srgb, words = colour.to_srgb(image, colours)
    return Decoded(np.array(srgb, dtype=np.uint8), _own_alpha(image), words)


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


def _opened(file: BinaryIO, limits: DecodeLimits, decoders: Decoders) -> Image.Image | Kind:
    """The file opened by Pillow, or who else reads it; its header is within the limits."""
    _check_size(file.seek(0, SEEK_END), limits)
    opened = _open(file)
    if isinstance(opened, Image.Image):
        _check_header(opened, limits)
        colour.colours_of(opened, file)
    else:
        _check_kind(opened, file, limits, decoders)
    return opened


def _check_kind(kind: Kind, file: BinaryIO, limits: DecodeLimits, decoders: Decoders) -> None:
    if kind not in decoders:
        raise DecodeError(f"{kind} is not accepted here; export it as an sRGB JPEG, PNG or TIFF")
    _check_dimensions(decoders[kind].size(file), limits)
    if kind == "HEIC":
        _heic_colours(file)


def _check_size(size: int, limits: DecodeLimits) -> None:
    if not size:
        raise DecodeError("the file is empty; copy it again from the camera")
    if size > limits.max_bytes:
        raise DecodeError(
            f"the file has {size / 1e6:.0f} MB; the limit is {limits.max_bytes / 1e6:.0f} MB; export it smaller"
        )


def _open(file: BinaryIO) -> Image.Image | Kind:
    file.seek(0)
    start = file.read(START_BYTES)
    if kind := kind_of(start):
        return kind
    try:
        image = Image.open(file, formats=FORMATS)
    except UnidentifiedImageError as error:
        if start.startswith(TIFF_SIGNATURES):  # Pillow knows no pixels of a sensor
            return "RAW"
        raise DecodeError(why_unidentified(start)) from error
    return "RAW" if _is_raw(image) else image


def _check_header(image: Image.Image, limits: DecodeLimits) -> None:
    _check_dimensions(image.size, limits)
    if _has_more_frames(image, limits.max_frames):
        raise DecodeError("the file holds several pictures (an animation or pages); export one flat picture")
    if image.mode.startswith(("I", "F")) and image.mode not in MODES:
        raise DecodeError("32-bit grey is not supported; export it with 8 or 16 bits")
    if image.mode not in MODES:
        raise DecodeError(f"{image.mode} colour is not supported; export as sRGB")


def _check_dimensions(size: tuple[int, int], limits: DecodeLimits) -> None:
    width, height = size
    if width * height > limits.max_pixels:
        raise DecodeError(
            f"the picture is {width} × {height}, {width * height / 1e6:.0f} megapixels; "
            f"the limit is {limits.max_pixels / 1e6:.0f}; export it smaller"
        )
    if min(width, height) < MIN_SIDE:
        raise DecodeError(f"the picture is {width} × {height}, too small to be a product photo; send the original")


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
    try:
        return _has_more_pages(image)
    finally:
        image.seek(0)


def _has_more_pages(image: TiffImagePlugin.TiffImageFile) -> bool:
    for page in range(1, MOST_PAGES):  # n_frames would walk every page of a hostile TIFF
        try:
            image.seek(page)
        except EOFError:
            return False
        if not image.tag_v2.get(NEW_SUBFILE_TYPE, 0) & BESIDE_THE_PICTURE:
            return True
    return True


def _load(image: Image.Image, data: bytes) -> Image.Image:
    if image.format == "PNG":  # loading a PNG skips its checksums
        Image.open(BytesIO(data), formats=("PNG",)).verify()
    loaded = deep.load(image, lambda: Image.open(BytesIO(data), formats=FORMATS))
    if image.format in ("JPEG", "MPO") and jpeg.lacks_data(image, data):
        raise DecodeError(f"the lower part of the picture is missing (plain grey): {DAMAGED}, or send it as PNG")
    return loaded


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
