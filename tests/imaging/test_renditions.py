import json
from dataclasses import asdict, replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms, JpegImagePlugin

import pipeline.policies
from pipeline.imaging import renditions
from pipeline.imaging.renditions import ListingSpec, compose, encode, flatten, render_all
from pipeline.imaging.types import RGB, Alpha, Crop, CropBox
from pipeline.naming import VARIANT_FORMATS

SHIPPED = Path(pipeline.policies.__path__[0]) / "listing.json"
SPEC = replace(ListingSpec.from_mapping(json.loads(SHIPPED.read_text())), canvas=400)
COLOUR, GREEN = (100, 60, 30), (0, 255, 0)


def scene(height: int, width: int, product: CropBox) -> tuple[RGB, Alpha]:
    """A hard-edged product of one colour on green."""
    rgb = np.full((height, width, 3), GREEN, np.uint8)
    alpha = np.zeros((height, width), np.float32)
    part = (slice(product.y0, product.y1), slice(product.x0, product.x1))
    rgb[part], alpha[part] = COLOUR, 1
    return rgb, alpha


def soft_disc(side: int = 300) -> tuple[RGB, Alpha]:
    y, x = np.mgrid[:side, :side] - side / 2
    alpha = np.clip((side * 0.4 - np.hypot(x, y)) / 8 + 0.5, 0, 1).astype(np.float32)
    rgb = np.full((side, side, 3), GREEN, np.uint8)
    rgb[alpha > 0] = COLOUR
    return rgb, alpha


def extent(rgba: NDArray[np.uint8]) -> CropBox:
    rows, columns = (np.flatnonzero((rgba[..., 3] >= 128).any(axis=axis)) for axis in (1, 0))
    return CropBox(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


@pytest.mark.parametrize(
    "product",
    [CropBox(100, 50, 200, 550), CropBox(10, 300, 390, 400), CropBox(20, 20, 60, 70), CropBox(0, 0, 400, 600)],
    ids=["wide", "tall", "small", "whole photo"],
)
def test_the_longer_side_fills_its_share_and_the_product_is_centred(product: CropBox) -> None:
    box = extent(compose(*scene(400, 600, product), None, SPEC))
    height, width = box.y1 - box.y0, box.x1 - box.x0
    assert max(height, width) == round(0.85 * 400)
    assert width / height == pytest.approx((product.x1 - product.x0) / (product.y1 - product.y0), rel=0.02)
    assert abs(box.y0 + box.y1 - 400) <= 1 and abs(box.x0 + box.x1 - 400) <= 1


@pytest.mark.parametrize("side", [120, 1500], ids=["up-scaled", "down-scaled"])
def test_no_pixel_of_the_cut_out_carries_another_colour_than_the_product(side: int) -> None:
    rgba = compose(*soft_disc(side), None, SPEC)
    colours = rgba[rgba[..., 3] > 0][:, :3].astype(int)
    assert np.abs(colours - COLOUR).max() <= 1


def test_a_hard_edge_rings_neither_outside_nor_inside() -> None:
    rgb, alpha = soft_disc(120)
    rgba = compose(rgb, (alpha > 0.5).astype(np.float32), None, SPEC)
    y, x = np.mgrid[:400, :400] - 199.5
    radius = np.hypot(x, y)
    assert (rgba[radius > 180, 3] == 0).all() and (rgba[radius < 160, 3] == 255).all()


def test_a_transparent_pixel_is_white_underneath() -> None:
    rgba = compose(*soft_disc(), None, SPEC)
    assert (rgba[rgba[..., 3] == 0][:, :3] == 255).all()


def test_haze_does_not_count_as_product() -> None:
    rgb, alpha = scene(400, 400, CropBox(150, 150, 250, 250))
    hazy = np.maximum(alpha, np.float32(8 / 255))
    assert extent(compose(rgb, hazy, None, SPEC)) == extent(compose(rgb, alpha, None, SPEC))


def test_the_half_glass_ends_sharply_at_the_bridge() -> None:
    rgb, alpha = scene(300, 600, CropBox(100, 50, 200, 550))
    rgb[:, 301:] = (255, 0, 0)
    rgba = compose(rgb, alpha, CropBox(0, 0, 300, 301), SPEC)
    box = extent(rgba)
    middle = rgba[200]
    assert (middle[box.x1 - 1] == (*COLOUR, 255)).all() and middle[box.x1, 3] == 0
    assert box.x1 - box.x0 == 340 and abs(box.x0 + box.x1 - 400) <= 1
    assert np.abs(rgba[rgba[..., 3] > 0][:, :3].astype(int) - COLOUR).max() <= 1


@pytest.mark.parametrize("box", [None, CropBox(0, 0, 20, 20)], ids=["no product", "none in the box"])
def test_an_empty_alpha_is_refused(box: CropBox | None) -> None:
    rgb, alpha = scene(100, 100, CropBox(50, 50, 90, 90))
    with pytest.raises(ValueError, match="alpha is empty"):
        compose(rgb, alpha if box else alpha * 0, box, SPEC)


def test_flattening_leaves_pure_white_around_the_product() -> None:
    rgba = compose(*soft_disc(), None, SPEC)
    white = flatten(rgba, (255, 255, 255))
    assert (white[rgba[..., 3] == 0] == 255).all()
    assert np.array_equal(white[rgba[..., 3] == 255], rgba[rgba[..., 3] == 255][:, :3])


@pytest.mark.parametrize("opacity", [0, 1, 51, 128, 254, 255])
def test_flattening_mixes_by_opacity_to_the_nearest_level(opacity: int) -> None:
    rgba = np.array([[[10, 200, 90, opacity]]], np.uint8)
    share = opacity / 255
    expected = np.rint(share * rgba[0, 0, :3] + (1 - share) * np.array([255, 250, 0]))
    assert np.array_equal(flatten(rgba, (255, 250, 0))[0, 0], expected)


@pytest.mark.parametrize("extension", ["jpg", "png", "webp"])
def test_encoding_is_repeatable_and_carries_srgb_and_nothing_else(extension: str) -> None:
    white = flatten(compose(*soft_disc(), None, SPEC), SPEC.background)
    data = encode(white, extension, SPEC)
    picture = opened(data)
    profile = picture.info["icc_profile"]
    assert data == encode(white.copy(), extension, SPEC)
    assert "sRGB" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(profile)))
    assert profile[24:36] == bytes(12), "the profile's creation time would differ from run to run"
    assert not dict(picture.getexif()) and "xmp" not in picture.info
    assert np.abs(np.asarray(picture.convert("RGB")).astype(int) - white).mean() < 3


def test_the_jpeg_keeps_full_colour_resolution() -> None:
    picture = opened(encode(np.zeros((64, 64, 3), np.uint8), "jpg", SPEC))
    assert isinstance(picture, JpegImagePlugin.JpegImageFile)
    assert JpegImagePlugin.get_sampling(picture) == 0


@pytest.mark.parametrize("extension", ["png", "webp"])
def test_transparency_survives_encoding(extension: str) -> None:
    rgba = compose(*soft_disc(), None, SPEC)
    assert np.array_equal(np.asarray(opened(encode(rgba, extension, SPEC)))[..., 3], rgba[..., 3])


def test_an_unknown_extension_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of jpg, png, webp"):
        encode(np.zeros((8, 8, 3), np.uint8), "gif", SPEC)


def test_all_eight_renditions_are_made_with_a_crop() -> None:
    crop = Crop(150.0, CropBox(0, 0, 300, 150), True)
    files = render_all(*soft_disc(), crop, SPEC, VARIANT_FORMATS)
    assert set(files) == {(variant, ext) for variant, extensions in VARIANT_FORMATS.items() for ext in extensions}
    for (variant, extension), data in files.items():
        picture = opened(data)
        assert picture.size == (400, 400)
        assert picture.format == {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}[extension]
        assert picture.mode == ("RGBA" if variant == "transparent" else "RGB")


def test_the_white_variants_have_a_pure_white_ground_in_lossless_files() -> None:
    crop = Crop(150.0, CropBox(0, 0, 300, 150), True)
    files = render_all(*soft_disc(), crop, SPEC, VARIANT_FORMATS)
    for variant in ("white", "half-glass"):
        assert (np.asarray(opened(files[variant, "png"]))[:20] == 255).all()
        assert (np.asarray(opened(files[variant, "jpg"]))[:20] == 255).all()


def test_without_a_crop_there_is_no_half_glass() -> None:
    files = render_all(*soft_disc(), None, SPEC, VARIANT_FORMATS)
    assert {variant for variant, _ in files} == {"transparent", "white"}


def test_a_misspelt_variant_is_an_error_not_a_missing_file() -> None:
    with pytest.raises(KeyError, match="whiet"):
        render_all(*soft_disc(), None, SPEC, {"whiet": ("jpg",)})


def test_the_shipped_spec_is_the_agreed_one() -> None:
    spec = ListingSpec.from_mapping(json.loads(SHIPPED.read_text()))
    assert (spec.canvas, spec.fill, spec.background) == (2000, 0.85, (255, 255, 255))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [({"fil": 1}, r"unknown \['fil'\]"), ({"fill": 1.2}, "fill is 1.2"), ({"fill": 0}, "fill is 0")],
)
def test_a_wrong_spec_is_refused_by_name(change: dict[str, float], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        ListingSpec.from_mapping({**asdict(SPEC), **change})


def test_an_incomplete_spec_is_refused_by_name() -> None:
    document = asdict(SPEC)
    del document["png_level"]
    with pytest.raises(ValueError, match=r"missing \['png_level'\]"):
        ListingSpec.from_mapping(document)


@pytest.mark.parametrize(("side", "size"), [(320, (320, 160)), (1600, (600, 300))], ids=["smaller", "never up-scaled"])
def test_previews_stay_within_their_side(side: int, size: tuple[int, int]) -> None:
    rgb, alpha = scene(300, 600, CropBox(100, 50, 200, 550))
    photo, cutout = opened(renditions.preview(rgb, side)), opened(renditions.cutout_preview(rgb, alpha, side))
    assert photo.size == cutout.size == size
    assert photo.format == cutout.format == "WEBP"
    assert (photo.mode, cutout.mode) == ("RGB", "RGBA")


def test_an_alpha_survives_storage_to_the_nearest_level() -> None:
    alpha = np.linspace(0, 1, 10_000, dtype=np.float32).reshape(100, 100)
    restored = renditions.decode_alpha(renditions.encode_alpha(alpha))
    assert restored.dtype == np.float32
    assert np.abs(restored - alpha).max() <= 0.5 / 255 + 1e-6
    assert restored[0, 0] == 0 and restored[-1, -1] == 1


def test_a_colour_picture_is_no_alpha() -> None:
    buffer = BytesIO()
    Image.new("RGB", (20, 20)).save(buffer, "PNG")
    with pytest.raises(ValueError, match="8-bit grey PNG"):
        renditions.decode_alpha(buffer.getvalue())
