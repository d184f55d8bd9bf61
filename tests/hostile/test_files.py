"""Files and names that nobody meant: whatever stands in them, they are read or refused in words.

Within the suite each has half a minute, and the same at each run; `make fuzz` gives them ten, and something else.
"""

import time
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline import naming
from pipeline.imaging.pictures.decode import DecodeError, DecodeLimits, check_header, decode_photo
from pipeline.imaging.pictures.filenames import LONGEST_CODE
from pipeline.intake import MAX_FILENAME, RejectedError, check_name
from tests.hostile.test_fuzz import FIRST_SEED, GIVEN

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

SECONDS = int(GIVEN or 30)
LIMITS = DecodeLimits(max_bytes=100_000, max_pixels=1_000_000)
SAVED: list[tuple[str, dict[str, object]]] = [
    ("JPEG", {}),
    ("JPEG", {"progressive": True, "exif": Image.Exif()}),
    ("MPO", {"save_all": True}),
    ("PNG", {}),
    ("PNG", {"bits": 4, "optimize": True}),
    ("WEBP", {}),
    ("WEBP", {"lossless": True}),
    ("TIFF", {}),
    ("AVIF", {}),
]
SAVED += [("TIFF", {"compression": name}) for name in ("tiff_lzw", "tiff_deflate", "jpeg", "packbits", "group4")]


def saved(format: str, options: dict[str, object]) -> bytes:
    pixels = np.random.default_rng(27).integers(0, 256, (24, 32, 4), np.uint8)
    image = Image.fromarray(pixels if format in ("PNG", "WEBP") else pixels[..., :3])
    image = image.convert("1") if options.get("compression") == "group4" else image
    buffer = BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


FILES = [saved(*how) for how in SAVED]
spots = st.floats(0, 1, exclude_max=True)
ODD = [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\x80", b"\xff\xd9", b"IEND", b""]
pieces = st.one_of(st.binary(min_size=1, max_size=8), st.sampled_from(ODD))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A photo with bytes overwritten, put in, taken out or cut off, and sometimes with another one's tail."""
    data = draw(st.sampled_from(FILES))
    for _ in range(draw(st.integers(1, 6))):
        at, piece = int(draw(spots) * len(data)), draw(pieces)
        kind = draw(st.sampled_from(["overwrite", "overwrite", "overwrite", "insert", "remove", "cut", "graft"]))
        data = {
            "overwrite": data[:at] + piece + data[at + len(piece) :],
            "insert": data[:at] + piece + data[at:],
            "remove": data[:at] + data[at + len(piece) + 1 :],
            "cut": data[: max(at, len(data) // 2)],
            "graft": data[:at] + draw(st.sampled_from(FILES))[at:],
        }[kind]
    return data


def for_a_while(check: Callable[[], None]) -> None:
    """Again and again, each time with other examples."""
    until = time.monotonic() + SECONDS
    number = 0
    while number == 0 or time.monotonic() < until:
        seed(FIRST_SEED + number)(check)()
        number += 1


def quietly(most: int) -> settings:
    return settings(
        max_examples=most,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def test_no_file_is_more_than_a_decode_error():
    @quietly(300)
    @given(data=damaged())
    def is_read_or_refused(data: bytes) -> None:
        try:
            check_header(BytesIO(data), LIMITS)
            photo = decode_photo(data, LIMITS)
        except DecodeError as error:
            assert str(error)
            return
        rgb, alpha = photo.rgb, photo.alpha
        assert rgb.dtype == np.uint8 and rgb.ndim == 3 and rgb.shape[2] == 3 and rgb[..., 0].size <= LIMITS.max_pixels
        assert alpha is None or (alpha.shape == rgb.shape[:2] and alpha.min() >= 0 and alpha.max() <= 1)

    for_a_while(is_read_or_refused)


names = st.one_of(
    st.text(max_size=300),
    st.from_regex(r"[A-Za-z0-9._\- ]{0,70}_[0-9²٣]{0,3}(\.[a-zA-Z]{0,4})?", fullmatch=True),
    st.builds("{}_1{}".format, st.text(max_size=70), st.sampled_from([".jpg", ".JPG", "", ".", "/x.png", "\0.png"])),
)


def test_no_name_is_more_than_a_refusal():
    @quietly(300)
    @given(name=names)
    def is_read_or_refused(name: str) -> None:
        naming.is_no_photo(name)
        try:
            photo = check_name(name)
        except RejectedError as error:
            assert error.why and error.is_misnamed
            return
        assert len(name) <= MAX_FILENAME and len(photo.code) <= LONGEST_CODE
        for key in {naming.manifest_key(photo.code, photo.view), *naming.rendition_keys(photo.code, photo.view)}:
            assert naming.names_of(key) == photo and key.isascii() and ".." not in key.split("/")

    for_a_while(is_read_or_refused)
