"""Each kind of tampered file is refused, by what is wrong with it."""

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

import pipeline.policies
from pipeline.imaging.framing import bounding_box
from pipeline.imaging.pictures import renditions
from pipeline.imaging.pictures.check import faults_of
from pipeline.imaging.pictures.spec import ListingSpec
from pipeline.imaging.types import Crop
from pipeline.naming import VARIANT_FORMATS
from tests.imaging.scenes import angled_glasses

SHIPPED = ListingSpec.from_mapping(json.loads((Path(pipeline.policies.__path__[0]) / "listing.json").read_text()))
SPEC = replace(SHIPPED, canvas=500, half_glass=replace(SHIPPED.half_glass, canvas=500))
GLASSES = angled_glasses()
CROP = Crop(GLASSES.bridge_x or 0, bounding_box(GLASSES.alpha > 0), "left")
PICTURES = renditions.compose_all(GLASSES.rgb, GLASSES.alpha, CROP, SPEC)
FILES = renditions.encode_all(PICTURES, SPEC, VARIANT_FORMATS)
NAMES = list(FILES)
WHITE = [name for name in NAMES if name[0] != "transparent"]
CLEAR = [name for name in NAMES if name[0] == "transparent"]
NO_SRGB = {"icc_profile": ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()}
Name = tuple[str, str]


def told(name: Name, data: bytes, spec: ListingSpec = SPEC, **more: Any) -> list[str]:
    return faults_of({name: data}, PICTURES, spec, **more)


def saved(name: Name, pixels: Any, **options: Any) -> bytes:
    kinds: dict[str, dict[str, Any]] = {
        "jpg": {"format": "JPEG", "quality": 90, "subsampling": "4:4:4"},
        "png": {"format": "PNG"},
    }
    kind = kinds.get(name[1], {"format": "WEBP", "quality": 80})
    return renditions.save(pixels, **{"icc_profile": renditions.srgb_profile(), **kind, **options})


def pixels(name: Name) -> Any:
    return PICTURES[name[0]].pixels.copy()


def test_what_is_made_is_right() -> None:
    assert faults_of(FILES, PICTURES, SPEC) == []


def test_what_a_model_made_says_so_and_nothing_else_does() -> None:
    said = renditions.encode_all(PICTURES, SPEC, VARIANT_FORMATS, is_generated=True)
    assert faults_of(said, PICTURES, SPEC, is_generated=True) == []
    assert len(faults_of(said, PICTURES, SPEC)) == len(faults_of(FILES, PICTURES, SPEC, is_generated=True)) == 8


@pytest.mark.parametrize("name", WHITE, ids=".".join)
@pytest.mark.parametrize("grey", [254, 240, 0])
def test_a_background_that_is_not_quite_white(name: Name, grey: int) -> None:
    image = pixels(name)
    image[PICTURES[name[0]].canvas[..., 3] == 0] = grey
    (fault, *_) = told(name, saved(name, image))
    assert f"up to {255 - grey} grey levels off 255, 255, 255" in fault


@pytest.mark.parametrize("name", WHITE, ids=".".join)
def test_a_speck_in_a_corner(name: Name) -> None:
    image = pixels(name)
    image[4:12, 4:12] = 200
    assert "background" in told(name, saved(name, image))[0]


@pytest.mark.parametrize("name", NAMES, ids=".".join)
def test_too_small(name: Name) -> None:
    assert "is 499 × 500 pixels" in told(name, saved(name, pixels(name)[:, :499]))[0]


@pytest.mark.parametrize("name", CLEAR, ids=".".join)
def test_an_alpha_with_one_pixel_of_haze(name: Name) -> None:
    image = pixels(name)
    image[3, 3, 3] = 1
    assert "has 1 pixels of another opacity than was composed, 1 of them outside" in told(name, saved(name, image))[0]


@pytest.mark.parametrize("name", CLEAR, ids=".".join)
def test_an_alpha_that_is_lost(name: Name) -> None:
    assert "of RGB; expected 500 × 500 of RGBA" in told(name, saved(name, pixels(name)[..., :3]))[0]


@pytest.mark.parametrize("name", NAMES, ids=".".join)
@pytest.mark.parametrize("profile", [None, NO_SRGB["icc_profile"]], ids=["none", "another"])
def test_a_wrong_profile(name: Name, profile: bytes | None) -> None:
    assert told(name, saved(name, pixels(name), icc_profile=profile))[0].endswith("doesn't carry the sRGB profile")


def exif() -> dict[str, Any]:
    made = Image.Exif()
    made[0x013B] = "who"
    return {"exif": made.tobytes()}


@pytest.mark.parametrize("name", NAMES, ids=".".join)
def test_exif_left_in_it(name: Name) -> None:
    assert told(name, saved(name, pixels(name), **exif())) == [f"{'.'.join(name)} carries what nobody asked for: exif"]


@pytest.mark.parametrize("name", NAMES, ids=".".join)
def test_somebody_elses_xmp(name: Name) -> None:
    chunk = PngImagePlugin.PngInfo()
    chunk.add_itxt("XML:com.adobe.xmp", "<where/>")
    option = {"pnginfo": chunk} if name[1] == "png" else {"xmp": b"<where/>"}
    assert "carries what nobody asked for" in told(name, saved(name, pixels(name), **option))[0]


def test_a_comment_a_chunk_and_a_photoshop_segment() -> None:
    chunk = PngImagePlugin.PngInfo()
    chunk.add_text("Author", "who")
    jpeg, png = ("white", "jpg"), ("white", "png")
    assert "comment" in told(jpeg, saved(jpeg, pixels(jpeg), comment=b"where"))[0]
    assert "Author" in told(png, saved(png, pixels(png), pnginfo=chunk))[0]
    plain = FILES[jpeg]
    assert "APP13" in told(jpeg, plain[:2] + b"\xff\xed\x00\x10Photoshop 3.0\0" + plain[2:])[0]


@pytest.mark.parametrize("name", NAMES, ids=".".join)
def test_more_bytes_than_allowed(name: Name) -> None:
    size = len(FILES[name])
    assert told(name, FILES[name], replace(SPEC, max_bytes=size)) == []
    assert f"at most {size - 1:,}" in told(name, FILES[name], replace(SPEC, max_bytes=size - 1))[0]


@pytest.mark.parametrize("name", NAMES, ids=".".join)
def test_cut_short_or_no_picture(name: Name) -> None:
    assert "can't be decoded" in told(name, FILES[name][: len(FILES[name]) // 2])[0]
    assert "can't be decoded" in told(name, b"")[0]


@pytest.mark.parametrize("name", NAMES, ids=".".join)
def test_other_colours(name: Name) -> None:
    image = pixels(name)
    image[PICTURES[name[0]].canvas[..., 3] == 255, :3] = (20, 200, 60)
    assert "shows a product" in told(name, saved(name, image))[-1]


def test_a_product_that_is_too_small_in_its_picture() -> None:
    small = renditions.compose_all(GLASSES.rgb, GLASSES.alpha, CROP, replace(SPEC, fill=0.5))
    files = renditions.encode_all(small, SPEC, {"white": ("jpg",)})
    assert faults_of(files, small, SPEC) == ["white.jpg shows a product 250 pixels long; expected 425"]


def test_a_file_of_another_kind() -> None:
    buffer = BytesIO()
    Image.fromarray(pixels(("white", "png"))).save(buffer, "BMP")
    assert "can't be decoded" in told(("white", "png"), buffer.getvalue())[0]
    assert np.asarray(Image.open(buffer)).shape == (500, 500, 3)
