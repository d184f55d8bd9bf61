import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms, TiffImagePlugin

from pipeline.imaging.pictures.decode import DecodeError, DecodeLimits, decode, decode_photo

WIDTH, HEIGHT = 48, 32
ORIENTATION = 0x0112


def scene() -> NDArray[np.uint8]:
    """Four different quarters, so that any turn or flip shows."""
    rgb = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    rgb[:16, :24], rgb[:16, 24:] = (200, 30, 30), (30, 160, 30)
    rgb[16:, :24], rgb[16:, 24:] = (30, 30, 200), (220, 220, 40)
    return rgb


def encoded(picture: NDArray[np.uint8] | Image.Image, format: str, **options: object) -> bytes:
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    buffer = BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def noise_jpeg() -> bytes:
    noise = np.random.default_rng(1).integers(0, 256, (256, 256, 3), np.uint8)
    return encoded(noise, "JPEG", quality=90)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds no pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def as_stored(upright: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """How a camera stores the upright picture when it writes this orientation (EXIF 2.3, table 6)."""
    return {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: upright.transpose(1, 0, 2)[::-1],
        7: upright.transpose(1, 0, 2)[::-1, ::-1],
        8: upright.transpose(1, 0, 2)[:, ::-1],
    }[orientation]


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright_exactly_once(format: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored = Image.fromarray(np.ascontiguousarray(as_stored(scene(), orientation)))
    options = {"quality": 95, "subsampling": "4:4:4"} if format in ("JPEG", "AVIF") else {}
    options |= {"lossless": True} if format == "WEBP" else {}
    rgb = decode(encoded(stored, format, exif=exif, **options))
    assert rgb.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(rgb.astype(int) - scene())[4:12, 4:20].max() < 12
    assert np.abs(rgb.astype(int) - scene())[20:28, 28:44].max() < 12


def test_a_photo_with_broken_exif_is_decoded_as_it_lies() -> None:
    data = encoded(scene(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff garbage")
    assert decode(data).shape == (HEIGHT, WIDTH, 3)


def test_a_wide_gamut_profile_is_converted_to_srgb() -> None:
    """Linear-light grey 55 is sRGB grey 128; the profile here is sRGB's own with its curve made linear."""
    linear = linear_srgb_profile()
    grey = np.full((HEIGHT, WIDTH, 3), 55, np.uint8)
    rgb = decode(encoded(grey, "PNG", icc_profile=linear))
    assert np.abs(rgb.astype(int) - 128).max() <= 2


def linear_srgb_profile() -> bytes:
    """Replace each curve tag of the built-in sRGB profile by gamma 1 (ICC.1: a parametric curve of type 0)."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for index in range(struct.unpack(">I", profile[128:132])[0]):
        name, offset, _ = struct.unpack(">4sII", profile[132 + 12 * index : 144 + 12 * index])
        if name in (b"rTRC", b"gTRC", b"bTRC"):
            profile[offset : offset + 16] = b"para" + bytes(4) + b"\0\0\0\0" + struct.pack(">i", 1 << 16)
    return bytes(profile)


def test_an_srgb_profile_changes_nothing() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    rgb = decode(encoded(scene(), "PNG", icc_profile=srgb))
    assert np.abs(rgb.astype(int) - scene()).max() <= 1


def test_a_broken_profile_is_ignored() -> None:
    rgb = decode(encoded(scene(), "PNG", icc_profile=b"not a profile"))
    assert np.array_equal(rgb, scene())


def test_a_grey_photo_with_an_rgb_profile_keeps_its_brightness() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    grey = np.full((HEIGHT, WIDTH), 90, np.uint8)
    assert np.abs(decode(encoded(grey, "PNG", icc_profile=srgb)).astype(int) - 90).max() <= 1


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_8_bit_mode_keeps_black_and_white(mode: str) -> None:
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[:, 24:] = 255
    rgb = decode(encoded(Image.fromarray(picture).convert(mode), "PNG"))
    assert np.array_equal(rgb, picture)


@pytest.mark.parametrize(("opacity", "expected"), [(0, 255), (51, 204), (255, 0)])
def test_transparency_is_composited_over_white(opacity: int, expected: int) -> None:
    black = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    black[..., 3] = opacity
    assert np.abs(decode(encoded(black, "PNG")).astype(int) - expected).max() <= 1


def test_a_palette_with_a_transparent_colour_shows_white_there() -> None:
    picture = Image.fromarray(scene()).convert("P", palette=Image.Palette.ADAPTIVE, colors=4)
    hole = picture.getpixel((2, 2))
    rgb = decode(encoded(picture, "PNG", transparency=hole))
    assert (rgb[2, 2] == 255).all() and (rgb[2, 40] == scene()[2, 40]).all()


def test_the_first_picture_of_a_stereo_photo_is_taken() -> None:
    second = Image.new("RGB", (WIDTH, HEIGHT), "white")
    data = encoded(scene(), "MPO", save_all=True, append_images=[second], quality=95, subsampling="4:4:4")
    assert np.abs(decode(data)[4:12, 4:20].astype(int) - scene()[4:12, 4:20]).max() < 12


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF", "AVIF"])
def test_animations_and_pages_are_refused(format: str) -> None:
    other = Image.new("RGB", (WIDTH, HEIGHT), "white")
    with pytest.raises(DecodeError, match="several pictures"):
        decode(encoded(scene(), format, save_all=True, append_images=[other]))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"\n  <html><body>404</body></html>", "web page"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"8BPS\0\1" + bytes(40), "Photoshop"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"GIF89a" + bytes(40), "GIF"),
        (b"DDS " + bytes(124), "DDS"),
        (b"\xff\xd8\xff\xe0 garbage", "damaged"),
        (b"II*\0\x08\0\0\0\0\0", "RAW"),
        (b"no picture at all", "not a picture"),
    ],
)
def test_what_is_no_photo_is_named(data: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        decode(data)


def test_a_raw_file_is_not_replaced_by_its_thumbnail() -> None:
    data = encoded(scene(), "TIFF", tiffinfo={254: 1})
    with pytest.raises(DecodeError, match="RAW is not accepted"):
        decode(data)


@pytest.mark.parametrize("size", [(15, 400), (400, 15), (1, 1)])
def test_a_tiny_picture_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(DecodeError, match="too small to be a product photo"):
        decode(encoded(Image.new("RGB", size), "PNG"))


@pytest.mark.parametrize("share", [0.05, 0.4, 0.95])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_a_cut_off_file_is_refused(format: str, share: float) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (256, 256, 3), np.uint8)
    data = encoded(noise, format)
    with pytest.raises(DecodeError):
        decode(data[: int(len(data) * share)])


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}], ids=str)
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_floor_of_that_very_grey_is_no_missing_data(options: dict[str, bool], share: float) -> None:
    """#808080 is what a decoder puts where data is missing."""
    picture = np.random.default_rng(1).integers(0, 256, (256, 256, 3), np.uint8)
    picture[128:] = 128
    data = encoded(picture, "JPEG", quality=90, **options)
    assert (decode(data)[200:] == 128).all()
    noisy = encoded(np.random.default_rng(1).integers(0, 256, (256, 256, 3), np.uint8), "JPEG", **options)
    if not options.get("progressive"):  # its first scan says a little of everything
        with pytest.raises(DecodeError, match="lower part of the picture is missing"):
            decode(noisy[: int(len(noisy) * share)] + b"\xff\xd9")


def test_a_tiffs_thumbnail_is_no_second_picture() -> None:
    buffer = BytesIO()
    small = Image.fromarray(scene()).resize((24, 16))
    with TiffImagePlugin.AppendingTiffWriter(buffer, True) as file:
        Image.fromarray(scene()).save(file, "TIFF")
        file.newFrame()
        small.save(file, "TIFF", tiffinfo={254: 1})
    assert np.array_equal(decode(buffer.getvalue()), scene())


def test_a_cut_off_jpeg_with_an_end_marker_is_refused_instead_of_half_grey() -> None:
    data = noise_jpeg()
    with pytest.raises(DecodeError, match="lower part of the picture is missing"):
        decode(data[: len(data) // 2] + b"\xff\xd9")


def test_no_flipped_bit_in_a_pngs_last_data_gives_wrong_pixels() -> None:
    """Pillow's own loading lets some of these through; the chunk's checksum does not."""
    picture = np.random.default_rng(0).integers(0, 4, (40, 40, 3), np.uint8) * 64
    clean = encoded(picture, "PNG")
    for position in range(len(clean) - 36, len(clean) - 12):  # IEND is the last 12 bytes
        for bit in range(8):
            damaged = bytearray(clean)
            damaged[position] ^= 1 << bit
            with pytest.raises(DecodeError, match="damaged"):
                decode(bytes(damaged))


@pytest.mark.parametrize("size", [(30_000, 30_000), (12_000, 12_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_from_its_header(size: tuple[int, int]) -> None:
    with pytest.raises(DecodeError, match="megapixels"):
        decode(png_header(*size))


def test_limits_are_the_callers() -> None:
    data = encoded(scene(), "PNG")
    with pytest.raises(DecodeError, match="48 × 32"):
        decode(data, DecodeLimits(max_pixels=WIDTH * HEIGHT - 1))
    with pytest.raises(DecodeError, match="MB; the limit is"):
        decode(data, DecodeLimits(max_bytes=len(data) - 1))
    assert decode(data, DecodeLimits(max_bytes=len(data), max_pixels=WIDTH * HEIGHT)).shape == (HEIGHT, WIDTH, 3)


def test_a_compressed_text_bomb_is_refused() -> None:
    body = b"Comment\0\0" + zlib.compress(bytes(50_000_000), 9)
    text = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    data = encoded(scene(), "PNG")
    with pytest.raises(DecodeError):
        decode(data[:33] + text + data[33:])


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_random_damage_gives_a_photo_or_a_reason_never_another_error(format: str) -> None:
    generator = np.random.default_rng(7)
    clean = np.frombuffer(encoded(scene(), format), np.uint8)
    for _ in range(150):
        damaged = clean.copy()
        damaged[generator.integers(0, len(clean), 6)] = generator.integers(0, 256, 6)
        try:
            assert decode(damaged.tobytes(), DecodeLimits(max_pixels=4_000_000)).dtype == np.uint8
        except DecodeError as error:
            assert str(error)


def with_alpha(alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.dstack([scene(), alpha])


HALF = np.repeat(np.where(np.arange(HEIGHT) < HEIGHT // 2, 255, 0).astype(np.uint8)[:, None], WIDTH, axis=1)


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
def test_a_cut_out_comes_with_its_alpha(format: str) -> None:
    decoded = decode_photo(encoded(with_alpha(HALF), format))
    rgb, alpha = decoded.rgb, decoded.alpha
    assert alpha is not None and alpha.dtype == np.float32
    assert np.array_equal(alpha, HALF / 255)
    assert (rgb[HALF == 0] > 250).all()


def test_an_alpha_turns_with_its_photo() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    decoded = decode_photo(encoded(Image.fromarray(with_alpha(HALF)), "PNG", exif=exif))
    rgb, alpha = decoded.rgb, decoded.alpha
    assert alpha is not None and alpha.shape == rgb.shape[:2] == (WIDTH, HEIGHT)
    assert (alpha[:, -1] == 1).all() and (alpha[:, 0] == 0).all()


@pytest.mark.parametrize("alpha", [HALF * 0 + 255, HALF * 0], ids=["all opaque", "all clear"])
def test_an_alpha_that_cuts_out_nothing_is_none(alpha: NDArray[np.uint8]) -> None:
    assert decode_photo(encoded(with_alpha(alpha), "PNG")).alpha is None
    assert decode_photo(encoded(scene(), "JPEG")).alpha is None
