"""Which colours a file means, by whatever it says so, and those in sRGB."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from PIL import ExifTags, Image, ImageCms

from pipeline.imaging.pictures import icc
from pipeline.imaging.pictures.boxes import Cicp, main_item, png_cicp
from pipeline.imaging.pictures.refusals import DecodeError

CMYK_DEFAULT = Path(__file__).with_name("CGATS001Compat-v2-micro.icc")
PLAIN = "sRGB"
CMYK_WORDS = "CMYK that names no profile: read as SWOP (CGATS TR 001)"
GREY_MODES = {"1", "L", "LA"}
ADOBE_RGB_INTEROP, ADOBE_RGB_SPACE = "R03", 2
# ITU-T H.273, table 2; white of 2 (unspecified) is nobody's.
PRIMARIES: Mapping[int, tuple[str, icc.Primaries]] = {
    1: ("sRGB", icc.BT709),
    2: ("sRGB", icc.BT709),
    4: ("BT.470 M", (icc.ILLUMINANT_C, (0.67, 0.33), (0.21, 0.71), (0.14, 0.08))),
    5: ("BT.601 (625 lines)", (icc.D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06))),
    6: ("BT.601 (525 lines)", (icc.D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070))),
    7: ("SMPTE 240M", (icc.D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070))),
    9: ("BT.2020", (icc.D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046))),
    11: ("DCI-P3", (icc.DCI_WHITE, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))),
    12: ("Display P3", icc.DISPLAY_P3),
}
# Table 3. What cameras film by BT.709 is looked at on displays as sRGB is.
CURVES: Mapping[int, icc.Curve] = {
    **dict.fromkeys((1, 2, 6, 7, 11, 12, 13, 14, 15), icc.SRGB_CURVE),
    4: (2.2,),
    5: (2.8,),
    8: (1.0,),
}
HDR = {16: "PQ", 18: "HLG"}
GAMMAS = (0.2, 1.5)
"""What a PNG's gAMA may say; the rest is nonsense."""


@dataclass(frozen=True)
class Colours:
    """How a picture's numbers are to be read: by an ICC profile (None: as sRGB), and that in words."""

    profile: bytes | None
    words: str


SRGB = Colours(None, PLAIN)


def colours_of(image: Image.Image, file: BinaryIO) -> Colours:
    """How the numbers of an opened picture are to be read. Nothing is decoded.

    Parameters
    ----------
    image : PIL image
    file : binary file
        The file that it was opened from; left at any place.

    Returns
    -------
    colours : Colours
        By cICP, an ICC profile, nclx, gAMA and cHRM, or EXIF, the first that speaks; else sRGB, or the default CMYK.

    Raises
    ------
    DecodeError
        They are of an HDR display, or told by numbers that nobody here knows.
    """
    place = file.tell()
    try:
        told = _by_numbers(image, file)
    finally:
        file.seek(place)
    profile = image.info.get("icc_profile")
    if told and (image.format == "PNG" or not profile):
        return told
    if profile:
        return of_profile(profile)
    return _by_gamma(image.info) or _by_exif(image) or SRGB


def of_cicp(numbers: Cicp, source: str) -> Colours:
    """How numbers are read that are told by H.273's; errors as for `colours_of`."""
    primaries, transfer = numbers
    if transfer in HDR:
        raise DecodeError(
            f"this is an HDR picture ({HDR[transfer]}), which no listing shows rightly; export it as SDR, in sRGB"
        )
    if primaries not in PRIMARIES or transfer not in CURVES:
        raise DecodeError(f"its colours ({source} {primaries}, {transfer}) are of an unknown kind; export it as sRGB")
    name, points = PRIMARIES[primaries]
    if points == icc.BT709 and CURVES[transfer] == icc.SRGB_CURVE:
        return SRGB
    return Colours(icc.matrix_profile(points, CURVES[transfer]), f"{name}, by {source}")


def of_profile(profile: bytes) -> Colours:
    """How numbers are read that an ICC profile is embedded with."""
    return Colours(profile, _name(profile))


def _by_numbers(image: Image.Image, file: BinaryIO) -> Colours | None:
    if image.format == "PNG":
        numbers, source = png_cicp(file), "cICP"
    elif image.format == "AVIF":
        numbers, source = main_item(file).cicp, "nclx"
    else:
        return None
    return of_cicp(numbers, source) if numbers else None


def _by_gamma(info: Mapping[Any, Any]) -> Colours | None:
    """A PNG's gAMA and cHRM, unless it says that it is sRGB."""
    if "srgb" in info or not ("gamma" in info or "chromaticity" in info):
        return None
    gamma, points = info.get("gamma", 1 / 2.2), info.get("chromaticity")
    is_plain = abs(gamma - 1 / 2.2) < 0.005
    primaries = _points(points) if points else icc.BT709
    if not GAMMAS[0] <= gamma <= GAMMAS[1] or (is_plain and _are_close(primaries, icc.BT709)):
        return None
    try:
        profile = icc.matrix_profile(primaries, icc.SRGB_CURVE if is_plain else (1 / gamma,))
    except ValueError:
        return None
    return Colours(profile, f"gamma {1 / gamma:.2f} and its own primaries" if points else f"gamma {1 / gamma:.2f}")


def _points(numbers: Sequence[float]) -> icc.Primaries:
    white, red, green, blue = zip(numbers[::2], numbers[1::2], strict=True)
    return white, red, green, blue


def _are_close(some: icc.Primaries, others: icc.Primaries) -> bool:
    pairs = zip(sum(some, ()), sum(others, ()), strict=True)
    return all(abs(one - other) < 0.002 for one, other in pairs)


def _by_exif(image: Image.Image) -> Colours | None:
    """What cameras write instead of a profile (DCF 2.0, EXIF 2.3)."""
    if image.format not in ("JPEG", "MPO"):  # of a PNG, Pillow would load the pixels to know
        return None
    with suppress(Exception):  # a broken EXIF block must not cost the photo
        exif = image.getexif()
        interop = str(exif.get_ifd(ExifTags.IFD.Interop).get(1, ""))
        space = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.ColorSpace)
        if interop.startswith(ADOBE_RGB_INTEROP) or space == ADOBE_RGB_SPACE:
            return Colours(icc.matrix_profile(icc.ADOBE_RGB, icc.ADOBE_GAMMA), "Adobe RGB, by EXIF")
    return None


def _name(profile: bytes) -> str:
    with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(profile)))
        return "".join(filter(str.isprintable, name.strip()))[:60] or "its own profile"
    return "its own profile"


def to_srgb(image: Image.Image, colours: Colours) -> tuple[Image.Image, str]:
    """The picture in sRGB, and in words how it was read.

    By relative colorimetric intent with black point compensation: neutral stays neutral, black stays black.

    Parameters
    ----------
    image : PIL image
        Of 8 bits a channel.
    colours : Colours

    Returns
    -------
    image : PIL image of mode RGB
        Transparency lies over white.
    words : str
        As `colours` has it; of a profile that can't be used, what was taken instead.
    """
    flat = _over_white(image)
    if colours.profile:
        with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            return _convert(flat, colours.profile, is_grey=image.mode in GREY_MODES), colours.words
    if flat.mode == "CMYK":
        return _convert(flat, _default_cmyk(), is_grey=False), CMYK_WORDS
    return flat, colours.words if colours.profile is None else "a profile that can't be used: read as sRGB"


@cache
def _default_cmyk() -> bytes:
    return CMYK_DEFAULT.read_bytes()


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _convert(flat: Image.Image, profile: bytes, *, is_grey: bool) -> Image.Image:
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    if source.profile.xcolor_space.strip() == "GRAY" and is_grey:
        flat = flat.convert("L")
    converted = ImageCms.profileToProfile(
        flat,
        source,
        _srgb(),
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    assert converted is not None  # None only for inPlace
    return converted


def _over_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image if image.mode in ("RGB", "CMYK") else image.convert("RGB")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
