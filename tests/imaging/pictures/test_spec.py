import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import pipeline.policies
from pipeline.imaging.pictures.spec import HalfGlassSpec, ListingSpec

SHIPPED = json.loads((Path(pipeline.policies.__path__[0]) / "listing.json").read_text())


def test_the_shipped_spec_is_the_agreed_one() -> None:
    spec = ListingSpec.from_mapping(SHIPPED)
    assert (spec.canvas, spec.fill, spec.background) == (2000, 0.85, (255, 255, 255))
    assert spec.half_glass == HalfGlassSpec("near", 2000, 0.075, "middle")


def test_a_spec_survives_being_written_and_read() -> None:
    spec = ListingSpec.from_mapping(SHIPPED)
    assert ListingSpec.from_mapping(json.loads(json.dumps(asdict(spec)))) == spec


def test_a_spec_that_says_nothing_of_names_has_those_of_before() -> None:
    assert "file_name" not in SHIPPED
    assert ListingSpec.from_mapping(SHIPPED).file_name == "{code}_{number}_{variant}.{ext}"


def test_a_house_look_may_name_some_measures_or_none() -> None:
    assert ListingSpec.from_mapping(SHIPPED).look is None
    look = {"lightness": 92.5, "a": 0, "b": 0, "tilt": 5}
    spec = ListingSpec.from_mapping({**SHIPPED, "look": look})
    assert spec.look == look and ListingSpec.from_mapping(json.loads(json.dumps(asdict(spec)))) == spec


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"fil": 1}, r"unknown \['fil'\]"),
        ({"fill": 1.2}, "fill is 1.2; expected a share"),
        ({"fill": 0}, "fill is 0; expected a share"),
        ({"max_bytes": 0}, "max_bytes is 0; expected a whole number of bytes above 0, or null"),
        ({"formats": {"white": ["gif"]}}, "formats is .*; expected endings by variant"),
        ({"formats": {"white": []}}, "formats is .*; expected endings by variant"),
        ({"lens": "melt"}, "lens is 'melt'; expected keep or cut"),
        ({"file_name": 3}, "file_name is 3; expected a text such as"),
        ({"file_name": ""}, "file_name is ''; expected a text such as"),
        ({"file_name": "{code}.{ext}"}, "file_name is '{code}.{ext}'; two files would be called AURA1000.png"),
        ({"look": {}}, "look is {}; expected some of .*lightness.*, or null"),
        ({"look": {"lightness": 101}}, "look is .*; expected some of"),
        ({"look": {"a": 0}}, "look is .*; expected .* a and b together"),
        ({"look": {"brightness": 90}}, "look is .*; expected some of"),
        ({"half_glass": "near"}, "half_glass is 'near'; expected an object"),
    ],
)
def test_a_wrong_spec_is_refused_by_name(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        ListingSpec.from_mapping({**SHIPPED, **change})


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"sid": "left"}, r"unknown \['half_glass.sid'\]"),
        ({"side": "far"}, "half_glass.side is 'far'; expected near or left or right"),
        ({"canvas": 0}, "half_glass.canvas is 0; expected a whole number of pixels"),
        ({"canvas": 1999.5}, "half_glass.canvas is 1999.5; expected a whole number of pixels"),
        ({"padding": 0.5}, "half_glass.padding is 0.5; expected a share"),
        ({"padding": -0.1}, "half_glass.padding is -0.1; expected a share"),
        ({"padding": "150px"}, "half_glass.padding is '150px'; expected a share"),
        ({"align": "centre"}, "half_glass.align is 'centre'; expected top or middle or bottom"),
    ],
)
def test_a_wrong_half_glass_spec_is_refused_by_name(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        ListingSpec.from_mapping({**SHIPPED, "half_glass": {**SHIPPED["half_glass"], **change}})


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({name: value for name, value in SHIPPED.items() if name != "png_level"}, r"missing \['png_level'\]"),
        ({**SHIPPED, "half_glass": {"side": "near", "canvas": 2000, "align": "top"}}, r"\['half_glass.padding'\]"),
    ],
    ids=["whole", "half-glass"],
)
def test_an_incomplete_spec_is_refused_by_name(document: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        ListingSpec.from_mapping(document)
