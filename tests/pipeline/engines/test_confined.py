"""RAW and HEIC of known colours through the process that decodes them; and files that it doesn't survive."""

import os
import signal
import struct
from collections.abc import Callable, Iterator
from io import BytesIO

import numpy as np
import pillow_heif
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab

from pipeline.engines.confined import Child, ConfinedDecoder, ConfinedHeicDecoder
from pipeline.imaging.pictures.decode import DecodeError, DecodeLimits, Decoders, check_header, decode, decode_photo
from tests.imaging.pictures.dng import dng
from tests.imaging.pictures.test_colour import SIDE, eight, in_space, patches, profile
from tests.imaging.pictures.test_decode import as_stored

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def decoders() -> Iterator[Decoders]:
    child = Child()
    yield {"RAW": ConfinedDecoder("RAW", child), "HEIC": ConfinedHeicDecoder("HEIC", child)}
    child.end()


def heic(pixels: Pixels, **options: object) -> bytes:
    buffer = BytesIO()
    pillow_heif.from_pillow(Image.fromarray(pixels)).save(buffer, quality=-1, chroma=444, **options)
    return buffer.getvalue()


def with_nclx(data: bytes, primaries: int, transfer: int) -> bytes:
    at = data.index(b"nclx") + 4
    return data[:at] + struct.pack(">HH", primaries, transfer) + data[at + 4 :]


def error(rgb: Pixels) -> float:
    """ΔE 2000 of the patch that is the farthest off, in its middle."""
    middles = np.s_[SIDE // 2, SIDE // 2 :: SIDE]
    return float(deltaE_ciede2000(rgb2lab(rgb[middles]), rgb2lab(patches()[middles])).max())


@pytest.mark.parametrize("light", [(1, 1, 1), (0.5, 1, 0.7), (1, 0.6, 0.4)], ids=str)
def test_a_dng_is_developed_by_its_cameras_white_balance(decoders: Decoders, light: tuple[float, float, float]) -> None:
    decoded = decode_photo(dng(patches(), light=light), decoders=decoders)
    assert error(decoded.rgb) < 1
    assert decoded.rgb.shape == patches().shape and decoded.colours == "camera RAW, developed here"


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_dng_comes_out_upright(decoders: Decoders, orientation: int) -> None:
    stored = np.ascontiguousarray(as_stored(patches(), orientation))
    assert error(decode(dng(stored, orientation=orientation), decoders=decoders)) < 1


def test_heic_is_read_by_its_profile_or_nclx(decoders: Decoders) -> None:
    by = {
        "sRGB": heic(patches()),
        "Display P3": heic(eight(in_space("P3")), icc_profile=profile("DisplayP3-v4")),
        "Display P3, by nclx": with_nclx(heic(eight(in_space("P3"))), 12, 13),
    }
    for name, data in by.items():
        assert error(decode(data, decoders=decoders)) < 1.6, name


@pytest.mark.parametrize("orientation", range(1, 9))
def test_heic_comes_out_upright_exactly_once(decoders: Decoders, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(as_stored(patches(), orientation)))
    buffer = BytesIO()
    picture = pillow_heif.from_pillow(stored)
    picture.save(buffer, quality=-1, chroma=444, exif=exif.tobytes())
    assert error(decode(buffer.getvalue(), decoders=decoders)) < 1.6


def test_heic_keeps_its_alpha(decoders: Decoders) -> None:
    alpha = np.where(np.arange(SIDE) < SIDE // 2, 255, 0).astype(np.uint8)
    pixels = np.dstack([patches(), np.repeat(alpha[:, None], patches().shape[1], 1)])
    decoded = decode_photo(heic(pixels), decoders=decoders)
    assert decoded.alpha is not None and np.abs(decoded.alpha * 255 - pixels[..., 3]).max() <= 1


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_hdr_is_refused_by_the_header(decoders: Decoders, transfer: int, name: str) -> None:
    with pytest.raises(DecodeError, match=name):
        check_header(BytesIO(with_nclx(heic(patches()), 9, transfer)), decoders=decoders)


def test_too_many_pixels_are_refused_by_the_header(decoders: Decoders) -> None:
    many = heic(patches()).replace(struct.pack(">II", 256, 64), struct.pack(">II", 20_000, 20_000))
    with pytest.raises(DecodeError, match="400 megapixels"):
        check_header(BytesIO(many), decoders=decoders)
    with pytest.raises(DecodeError, match="256 × 32"):
        check_header(BytesIO(dng(patches())), DecodeLimits(max_pixels=5000), decoders)


@pytest.mark.parametrize("share", [0.05, 0.4, 0.8, 0.98])
def test_a_cut_off_file_is_refused(decoders: Decoders, share: float) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (256, 256, 3), np.uint8)
    for data in (dng(noise), heic(noise)):
        with pytest.raises(DecodeError):
            decode(data[: int(len(data) * share)], decoders=decoders)


def test_random_damage_gives_a_photo_or_a_reason(decoders: Decoders) -> None:
    generator = np.random.default_rng(7)
    for clean in (dng(patches()), heic(patches())):
        for _ in range(40):
            damaged = np.frombuffer(clean, np.uint8).copy()
            damaged[generator.integers(0, min(len(clean), 1500), 6)] = generator.integers(0, 256, 6)
            try:
                assert decode(damaged.tobytes(), decoders=decoders).dtype == np.uint8
            except DecodeError as why:
                assert str(why)


@pytest.fixture
def confined() -> Iterator[Callable[..., Child]]:
    children: list[Child] = []

    def made(**limits: int) -> Child:
        children.append(Child(**limits))
        return children[-1]

    yield made
    for child in children:
        child.end()


def large(side: int = 4000) -> bytes:
    return dng(np.full((side, side, 3), 128, np.uint8))


def test_what_takes_too_long_is_given_up_and_the_next_photo_is_read(confined) -> None:
    decoder = ConfinedDecoder("RAW", confined(cpu_seconds=1))
    with pytest.raises(DecodeError, match="it took too long"):
        decoder.pixels(BytesIO(large(8000)))  # a fast CPU reads 16 megapixels within that second
    assert error(decoder.pixels(BytesIO(dng(patches())))) < 1


def test_what_takes_too_much_memory_is_given_up_and_the_next_photo_is_read(confined) -> None:
    decoder = ConfinedDecoder("RAW", confined(address_bytes=256 << 20))
    with pytest.raises(DecodeError, match="can't be read"):
        decoder.pixels(BytesIO(large()))
    assert error(decoder.pixels(BytesIO(dng(patches())))) < 1


def test_a_decoder_that_dies_takes_nobody_with_it(confined) -> None:
    child = confined()
    decoder = ConfinedDecoder("RAW", child)
    decoder.size(BytesIO(dng(patches())))
    first = child.pid
    os.kill(first, signal.SIGSEGV)
    assert error(decoder.pixels(BytesIO(dng(patches())))) < 1
    assert child.pid != first


def test_it_is_kept_for_the_next_photo_and_ends_with_its_parent(confined) -> None:
    child = confined()
    decoder = ConfinedDecoder("RAW", child)
    decoder.size(BytesIO(dng(patches())))
    first = child.pid
    decoder.pixels(BytesIO(dng(patches())))
    assert child.pid == first
    assert child.end() == "its decoder ended with 0"  # the line is closed, as when its parent is gone
