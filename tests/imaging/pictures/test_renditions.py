import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms, JpegImagePlugin

import pipeline.policies
from pipeline.imaging.framing import bounding_box
from pipeline.imaging.pictures import previews
from pipeline.imaging.pictures.renditions import (
    EmptyPictureError,
    compose,
    compose_all,
    compose_half,
    encode,
    encode_all,
    flatten,
)
from pipeline.imaging.pictures.spec import Align, ListingSpec
from pipeline.imaging.types import RGB, Alpha, Crop, CropBox, HalfSide, Side
from pipeline.naming import VARIANT_FORMATS
from tests.imaging.scenes import Scene, angled_glasses

SHIPPED = Path(pipeline.policies.__path__[0]) / "listing.json"
AGREED = ListingSpec.from_mapping(json.loads(SHIPPED.read_text()))
SPEC = replace(AGREED, canvas=400, half_glass=replace(AGREED.half_glass, canvas=400))
HALF = SPEC.half_glass
COLOUR, GREEN = (100, 60, 30), (0, 255, 0)


def rendered(
    rgb: RGB, alpha: Alpha, crop: Crop | None, spec: ListingSpec, formats: Mapping[str, Sequence[str]]
) -> dict[tuple[str, str], bytes]:
    return encode_all(compose_all(rgb, alpha, crop, spec), spec, formats)


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
    box = extent(compose(*scene(400, 600, product), SPEC))
    height, width = box.y1 - box.y0, box.x1 - box.x0
    assert max(height, width) == round(0.85 * 400)
    assert width / height == pytest.approx((product.x1 - product.x0) / (product.y1 - product.y0), rel=0.02)
    assert abs(box.y0 + box.y1 - 400) <= 1 and abs(box.x0 + box.x1 - 400) <= 1


@pytest.mark.parametrize("side", [120, 1500], ids=["up-scaled", "down-scaled"])
def test_no_pixel_of_the_cut_out_carries_another_colour_than_the_product(side: int) -> None:
    rgba = compose(*soft_disc(side), SPEC)
    colours = rgba[rgba[..., 3] > 0][:, :3].astype(int)
    assert np.abs(colours - COLOUR).max() <= 1


def test_a_hard_edge_rings_neither_outside_nor_inside() -> None:
    rgb, alpha = soft_disc(120)
    rgba = compose(rgb, (alpha > 0.5).astype(np.float32), SPEC)
    y, x = np.mgrid[:400, :400] - 199.5
    radius = np.hypot(x, y)
    assert (rgba[radius > 180, 3] == 0).all() and (rgba[radius < 160, 3] == 255).all()


def test_a_transparent_pixel_is_white_underneath() -> None:
    rgba = compose(*soft_disc(), SPEC)
    assert (rgba[rgba[..., 3] == 0][:, :3] == 255).all()


def test_haze_does_not_count_as_product() -> None:
    rgb, alpha = scene(400, 400, CropBox(150, 150, 250, 250))
    hazy = np.maximum(alpha, np.float32(8 / 255))
    assert extent(compose(rgb, hazy, SPEC)) == extent(compose(rgb, alpha, SPEC))


def test_an_empty_alpha_is_refused() -> None:
    with pytest.raises(EmptyPictureError, match="nothing of the product"):
        compose(*scene(100, 100, CropBox(0, 0, 0, 0)), SPEC)


def ink(picture: Image.Image) -> CropBox:
    """What isn't the white ground."""
    return bounding_box(np.all(np.asarray(picture) < 128, axis=2))


def crop_of(glasses: Scene) -> Crop:
    assert glasses.bridge_x is not None
    return Crop(glasses.bridge_x, bounding_box(glasses.alpha > 0), "left")


LOW = angled_glasses()
TALL = angled_glasses(width=500, height=900, near=(0.2, 0.4), far=(0.5, 0.6), lens_height=0.5, bridge=0.03)


@pytest.mark.parametrize("glasses", [LOW, TALL], ids=["low", "tall"])
@pytest.mark.parametrize(("side", "first", "last"), [("left", None, 370), ("right", 30, None)])
def test_the_bridge_stands_at_one_column_of_every_half_glass_file(
    glasses: Scene, side: Side, first: int | None, last: int | None
) -> None:
    spec = replace(SPEC, half_glass=replace(HALF, side=side))
    files = rendered(glasses.rgb, glasses.alpha, crop_of(glasses), spec, {"half-glass": ("png",)})
    box = ink(opened(files["half-glass", "png"]))
    assert first in (None, box.x0) and last in (None, box.x1)


@pytest.mark.parametrize("glasses", [LOW, TALL], ids=["low", "tall"])
def test_mirrored_glasses_give_the_mirrored_half(glasses: Scene) -> None:
    crop = replace(crop_of(glasses), bridge_x=round(glasses.bridge_x or 0) - 0.5)
    width, box = glasses.alpha.shape[1], crop.product
    mirrored = Crop(width - 1 - crop.bridge_x, replace(box, x0=width - box.x1, x1=width - box.x0), "right")
    half = compose_half(glasses.rgb, glasses.alpha, crop, HALF)
    other = compose_half(glasses.rgb[:, ::-1], glasses.alpha[:, ::-1], mirrored, HALF)
    assert np.abs(half.astype(int) - other[:, ::-1]).max() <= 1


def test_the_bridge_keeps_its_column_where_the_matte_has_lost_it() -> None:
    rgb, alpha = scene(300, 600, CropBox(100, 100, 200, 240))
    left = extent(compose_half(rgb, alpha, Crop(269.5, CropBox(90, 90, 210, 600), "left"), HALF))
    assert left == CropBox(200 - 100, 30, 200 + 100, 370 - 60), "340 px show 170 columns, of which the last 30 are bare"
    right = extent(compose_half(rgb, alpha, Crop(69.5, CropBox(90, 0, 210, 250), "right"), HALF))
    assert right == CropBox(200 - 100, 30 + 60, 200 + 100, 370)


def test_the_far_temples_tip_is_no_part_of_the_near_half_unless_it_hangs_on_it() -> None:
    """A lens with a torn-off temple right of the cut; over the cut, above the lens, comes the far temple."""
    rgb, alpha = scene(400, 700, CropBox(200, 310, 350, 500))
    for part in (np.s_[270:280, 250:310], np.s_[60:80, 200:420], np.s_[205:215, 505:600]):
        rgb[part], alpha[part] = COLOUR, 1
    crop = Crop(299.5, CropBox(50, 200, 350, 600), "right")
    box = extent(compose_half(rgb, alpha, crop, HALF))
    assert (box.x1 - box.x0) / (box.y1 - box.y0) == pytest.approx(300 / 150, abs=0.03), "the tip is left out"
    rgb[80:200, 400:420], alpha[80:200, 400:420] = COLOUR, 1
    box = extent(compose_half(rgb, alpha, crop, HALF))
    assert (box.x1 - box.x0) / (box.y1 - box.y0) == pytest.approx(300 / 290, abs=0.03), "it hangs on the lens"


@pytest.mark.parametrize(
    ("side", "near", "shown"),
    [("near", "left", "left"), ("near", "right", "right"), ("left", "right", "left"), ("right", "left", "right")],
)
def test_the_spec_says_which_half_is_shown(side: HalfSide, near: Side, shown: Side) -> None:
    rgb, alpha = scene(300, 600, CropBox(100, 50, 200, 550))
    rgb[:, 300:] = (255, 0, 0)
    rgba = compose_half(rgb, alpha, Crop(299.5, CropBox(100, 50, 200, 550), near), replace(HALF, side=side))
    expected = {"left": COLOUR, "right": (255, 0, 0)}[shown]
    assert (rgba[200, 200] == (*expected, 255)).all()


@pytest.mark.parametrize(("align", "rows"), [("top", (30, 166)), ("middle", (132, 268)), ("bottom", (234, 370))])
def test_a_low_half_stands_where_the_spec_aligns_it(align: Align, rows: tuple[int, int]) -> None:
    rgb, alpha = scene(300, 600, CropBox(190, 50, 290, 550))
    box = extent(compose_half(rgb, alpha, Crop(299.5, CropBox(0, 0, 300, 600), "left"), replace(HALF, align=align)))
    assert (box.y0, box.y1) == rows and (box.x0, box.x1) == (30, 370)


@pytest.mark.parametrize(("padding", "margin"), [(0, 0), (0.1, 40), (0.2512, 100)])
@pytest.mark.parametrize("product", [CropBox(20, 50, 280, 200), CropBox(100, 50, 130, 200)], ids=["tall", "low"])
def test_a_half_is_as_large_as_the_padding_allows_in_its_own_aspect(
    product: CropBox, padding: float, margin: int
) -> None:
    crop = Crop(199.5, CropBox(0, 0, 300, 600), "left")
    box = extent(compose_half(*scene(300, 600, product), crop, replace(HALF, padding=padding)))
    height, width = box.y1 - box.y0, box.x1 - box.x0
    assert max(height, width) == 400 - 2 * margin
    assert width / height == pytest.approx((product.x1 - product.x0) / (product.y1 - product.y0), rel=0.02)
    assert box.x1 == 400 - margin and min(box.x0, box.y0) >= margin and box.y1 <= 400 - margin


@pytest.mark.parametrize("side", [120, 1500], ids=["up-scaled", "down-scaled"])
@pytest.mark.parametrize("near", ["left", "right"])
def test_the_cut_is_sharp_and_nothing_from_beyond_shines_through(side: int, near: Side) -> None:
    rgb, alpha = soft_disc(side)
    bridge = side // 2 + 3
    beyond = slice(bridge, None) if near == "left" else slice(None, bridge)
    rgb[:, beyond] = (255, 0, 0)
    rgba = compose_half(rgb, alpha, Crop(bridge - 0.5, CropBox(0, 0, side, side), near), HALF)
    last, outside = (369, 370) if near == "left" else (30, 29)
    assert (rgba[80:320, last] == (*COLOUR, 255)).all() and (rgba[:, outside, 3] == 0).all()
    assert np.abs(rgba[rgba[..., 3] > 0][:, :3].astype(int) - COLOUR).max() <= 1


@pytest.mark.parametrize(("side", "bridge_x"), [("left", 40.0), ("right", 95.0), ("left", -10.0)])
def test_an_empty_half_is_refused_by_its_name(side: Side, bridge_x: float) -> None:
    crop = Crop(bridge_x, CropBox(30, 30, 95, 95), side)
    with pytest.raises(EmptyPictureError, match=f"nothing of the product {side} of the bridge"):
        compose_half(*scene(100, 100, CropBox(50, 50, 90, 90)), crop, HALF)


def test_flattening_leaves_pure_white_around_the_product() -> None:
    rgba = compose(*soft_disc(), SPEC)
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
    white = flatten(compose(*soft_disc(), SPEC), SPEC.background)
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
    rgba = compose(*soft_disc(), SPEC)
    assert np.array_equal(np.asarray(opened(encode(rgba, extension, SPEC)))[..., 3], rgba[..., 3])


def test_an_unknown_extension_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of jpg, png, webp"):
        encode(np.zeros((8, 8, 3), np.uint8), "gif", SPEC)


def test_all_eight_renditions_are_made_with_a_crop() -> None:
    crop = Crop(149.5, CropBox(0, 0, 300, 300), "left")
    files = rendered(*soft_disc(), crop, SPEC, VARIANT_FORMATS)
    assert set(files) == {(variant, ext) for variant, extensions in VARIANT_FORMATS.items() for ext in extensions}
    for (variant, extension), data in files.items():
        picture = opened(data)
        assert picture.size == (400, 400)
        assert picture.format == {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}[extension]
        assert picture.mode == ("RGBA" if variant == "transparent" else "RGB")


def test_the_white_variants_have_a_pure_white_ground_in_lossless_files() -> None:
    crop = Crop(149.5, CropBox(0, 0, 300, 300), "left")
    files = rendered(*soft_disc(), crop, SPEC, VARIANT_FORMATS)
    for variant in ("white", "half-glass"):
        assert (np.asarray(opened(files[variant, "png"]))[:20] == 255).all()
        assert (np.asarray(opened(files[variant, "jpg"]))[:20] == 255).all()


def test_without_a_crop_there_is_no_half_glass() -> None:
    files = rendered(*soft_disc(), None, SPEC, VARIANT_FORMATS)
    assert {variant for variant, _ in files} == {"transparent", "white"}


def test_a_misspelt_variant_is_an_error_not_a_missing_file() -> None:
    with pytest.raises(KeyError, match="whiet"):
        rendered(*soft_disc(), None, SPEC, {"whiet": ("jpg",)})


@pytest.mark.parametrize(("side", "size"), [(320, (320, 160)), (1600, (600, 300))], ids=["smaller", "never up-scaled"])
def test_previews_stay_within_their_side(side: int, size: tuple[int, int]) -> None:
    rgb, alpha = scene(300, 600, CropBox(100, 50, 200, 550))
    photo, cutout = opened(previews.preview(rgb, side)), opened(previews.cutout_preview(rgb, alpha, side))
    assert photo.size == cutout.size == size
    assert photo.format == cutout.format == "WEBP"
    assert (photo.mode, cutout.mode) == ("RGB", "RGBA")
