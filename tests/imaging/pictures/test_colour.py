"""Files of known colours, told in every way that a file may tell them. The reference is arithmetic of its own."""

import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ExifTags, Image
from skimage.color import deltaE_ciede2000, rgb2lab

from pipeline.imaging.pictures.decode import DecodeError, check_header, decode_photo
from tests.imaging.pictures.test_decode import encoded

PROFILES = Path(__file__).with_name("profiles")  # of the collection Compact ICC Profiles, CC0
SIDE = 32
# Skin, gold, a red, a deep blue, grey, near black, white, a lens' green: all of them inside every space.
COLOURS = [(224, 172, 140), (205, 170, 95), (200, 40, 60), (40, 60, 160), (128, 128, 128), (12, 14, 16)]
COLOURS += [(255, 255, 255), (60, 120, 80)]
# Bruce Lindbloom's: sRGB to XYZ, XYZ to the others; by D65, and by D50 for ProPhoto.
SRGB_D65 = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
SRGB_D50 = [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
ADOBE = [[2.0413690, -0.5649464, -0.3446944], [-0.9692660, 1.8760108, 0.0415560], [0.0134474, -0.1183897, 1.0154096]]
P3 = [[2.4934969, -0.9313836, -0.4027108], [-0.8294890, 1.7626641, 0.0236247], [0.0358458, -0.0761724, 0.9568845]]
PROPHOTO = [[1.3459433, -0.2556075, -0.0511118], [-0.5445989, 1.5081673, 0.0205351], [0.0, 0.0, 1.2118128]]
Numbers = NDArray[np.float64]


def patches() -> NDArray[np.uint8]:
    return np.repeat(np.repeat(np.array([COLOURS], np.uint8), SIDE, 0), SIDE, 1)


def linear(srgb: NDArray[np.uint8]) -> Numbers:
    value = srgb / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def srgb_curve(value: Numbers) -> Numbers:
    return np.where(value <= 0.0031308, value * 12.92, 1.055 * value.clip(0) ** (1 / 2.4) - 0.055)


def prophoto_curve(value: Numbers) -> Numbers:
    return np.where(value < 1 / 512, value * 16, value.clip(0) ** (1 / 1.8))


def in_space(space: str) -> Numbers:
    """The patches in that space's numbers, 0–1."""
    light = linear(patches())
    if space == "P3":
        return srgb_curve(light @ np.array(SRGB_D65).T @ np.array(P3).T)
    if space == "Adobe":
        return (light @ np.array(SRGB_D65).T @ np.array(ADOBE).T).clip(0) ** (256 / 563)
    return prophoto_curve(light @ np.array(SRGB_D50).T @ np.array(PROPHOTO).T)


def eight(numbers: Numbers) -> NDArray[np.uint8]:
    return (numbers.clip(0, 1) * 255).round().astype(np.uint8)


def profile(name: str) -> bytes:
    return (PROFILES / f"{name}.icc").read_bytes()


def error(data: bytes) -> float:
    """How far the worst patch is off: ΔE 2000, of its middle."""
    rgb = decode_photo(data).rgb
    middles = np.s_[SIDE // 2, SIDE // 2 :: SIDE]
    return float(deltaE_ciede2000(rgb2lab(rgb[middles]), rgb2lab(patches()[middles])).max())


def with_chunk(png: bytes, kind: bytes, body: bytes) -> bytes:
    """A chunk more, right after the header."""
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return png[:33] + chunk + png[33:]


def with_nclx(avif: bytes, primaries: int, transfer: int) -> bytes:
    at = avif.index(b"nclx") + 4
    return avif[:at] + struct.pack(">HH", primaries, transfer) + avif[at + 4 :]


FINE = {"quality": 98, "subsampling": "4:4:4"}


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize(("space", "name"), [("Adobe", "AdobeCompat-v4"), ("P3", "DisplayP3-v4")])
def test_an_embedded_profile_is_heard(space: str, name: str, format: str) -> None:
    options = {"PNG": {}, "TIFF": {}, "WEBP": {"lossless": True}}.get(format, FINE)
    limit = 3.6 if format == "AVIF" else 1.6  # its 8 bits of brightness and hue tell little near black
    assert error(encoded(eight(in_space(space)), format, icc_profile=profile(name), **options)) < limit


def test_prophoto_keeps_its_colours() -> None:
    assert error(encoded(eight(in_space("ProPhoto")), "TIFF", icc_profile=profile("ProPhoto-v4"))) < 1.4


def test_white_stays_white_and_grey_neutral_by_every_profile() -> None:
    for name in ("AdobeCompat-v4", "DisplayP3-v4", "ProPhoto-v4"):
        ramp = np.repeat(np.arange(0, 256, 5, dtype=np.uint8)[None, :, None], 16, 0).repeat(3, 2)
        rgb = decode_photo(encoded(ramp, "PNG", icc_profile=profile(name))).rgb.astype(int)
        assert (rgb[:, -1] == 255).all() and (rgb[:, 0] == 0).all() and np.ptp(rgb, axis=2).max() <= 1


def test_a_grey_profile_is_heard() -> None:
    ramp = np.tile(np.arange(0, 256, 5, dtype=np.uint8), (16, 1))
    decoded = decode_photo(encoded(ramp, "PNG", icc_profile=profile("sGrey-v4")))
    assert np.abs(decoded.rgb[..., 0].astype(int) - ramp).max() <= 1


@pytest.mark.parametrize("interop", ["R03", "R98"])
def test_adobe_rgb_is_told_by_exif_alone(interop: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.IFD.Exif] = {ExifTags.Base.ColorSpace: 65535, ExifTags.IFD.Interop: {1: interop}}
    data = encoded(eight(in_space("Adobe")), "JPEG", exif=exif.tobytes(), **FINE)
    assert (error(data) < 1.6) == (interop == "R03")
    assert decode_photo(data).colours == ("Adobe RGB, by EXIF" if interop == "R03" else "sRGB")


def test_display_p3_is_told_by_cicp_and_nclx() -> None:
    pixels = eight(in_space("P3"))
    assert error(with_chunk(encoded(pixels, "PNG"), b"cICP", bytes([12, 13, 0, 1]))) < 0.8
    assert error(with_nclx(encoded(pixels, "AVIF", **FINE), 12, 13)) < 1.6


def test_cicp_overrules_a_profile_and_nclx_does_not() -> None:
    png = encoded(eight(in_space("P3")), "PNG", icc_profile=profile("ProPhoto-v4"))
    assert error(with_chunk(png, b"cICP", bytes([12, 13, 0, 1]))) < 0.8


@pytest.mark.parametrize(("gamma", "chunk"), [(1.0, 100_000), (1.8, 55_556), (2.2, 45_455)])
def test_gamma_is_heard(gamma: float, chunk: int) -> None:
    """What a file of gamma 1/2.2 means is sRGB: programs that write it mean no other."""
    light = linear(patches())
    pixels = eight(light ** (1 / gamma)) if gamma != 2.2 else patches()
    data = with_chunk(encoded(pixels, "PNG"), b"gAMA", struct.pack(">I", chunk))
    assert error(data) < (4.0 if gamma == 1.0 else 1.0)  # near black, 8 linear bits have no finer steps


def test_chromaticities_are_heard() -> None:
    points = (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
    data = with_chunk(encoded(eight(in_space("P3")), "PNG"), b"cHRM", struct.pack(">8I", *points))
    assert error(with_chunk(data, b"gAMA", struct.pack(">I", 45_455))) < 0.8


@pytest.mark.parametrize("points", [(0,) * 8, (31270, 32900) * 4, (4_000_000_000,) * 8], ids=str)
def test_nonsense_for_chromaticities_is_ignored(points: tuple[int, ...]) -> None:
    data = with_chunk(encoded(patches(), "PNG"), b"cHRM", struct.pack(">8I", *points))
    assert error(data) < 0.1


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_hdr_is_refused_in_words_by_its_header(transfer: int, name: str) -> None:
    for data in (
        with_chunk(encoded(patches(), "PNG"), b"cICP", bytes([9, transfer, 0, 1])),
        with_nclx(encoded(patches(), "AVIF"), 9, transfer),
    ):
        with pytest.raises(DecodeError, match=rf"HDR picture \({name}\).*export it as SDR"):
            check_header(BytesIO(data))


# What Adobe's programs show for solid inks in U.S. Web Coated (SWOP) v2, the default of most who don't say.
INKS = {
    (0, 0, 0, 0): (255, 255, 255),
    (255, 0, 0, 0): (0, 174, 239),
    (0, 255, 0, 0): (236, 0, 140),
    (0, 0, 255, 0): (255, 242, 0),
    (0, 255, 255, 0): (237, 28, 36),
    (255, 0, 255, 0): (0, 166, 81),
    (255, 255, 0, 0): (46, 49, 146),
}


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_cmyk_that_names_no_profile_is_read_as_swop_and_says_so(format: str) -> None:
    for ink, expected in INKS.items():
        decoded = decode_photo(encoded(Image.new("CMYK", (SIDE, SIDE), ink), format))
        off = deltaE_ciede2000(rgb2lab(decoded.rgb[8, 8]), rgb2lab(np.array(expected, np.uint8)))
        assert off < 6, (ink, decoded.rgb[8, 8])
        assert decoded.colours == "CMYK that names no profile: read as SWOP (CGATS TR 001)"


def test_an_rgb_profile_in_a_cmyk_file_is_not_heard() -> None:
    data = encoded(Image.new("CMYK", (SIDE, SIDE)), "TIFF", icc_profile=profile("AdobeCompat-v4"))
    assert (decode_photo(data).rgb == 255).all()
