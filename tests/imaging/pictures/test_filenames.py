"""Templates for names of files: two files never share one, and what is wrong with a template is said in words."""

from itertools import product

import pytest

from pipeline.imaging.pictures.filenames import DEFAULT, VIEWS, fault_of, file_name, named
from pipeline.naming import VARIANT_FORMATS, rendition_key

WHITE = {"white": ("jpg",)}
CODES = [
    "A",
    "A1",
    "A_1",
    "A-1",
    "A_1_1",
    "1A",
    "A.",
    "A.1",
    "A_WHITE",
    "A-HALF",
    "FRONT-A",
    "A-FRONT",
    "SIDE",
    "A.JPG",
]
GOOD = [
    DEFAULT,
    "{code}_{view}_{variant}.{ext}",
    "{code}-{number}-{variant}.{ext}",
    "{code}.MAIN-{number}{variant}.{ext}",
    "{view}{variant}{code}.{ext}",
    "{number}{code}{variant}.{ext}",
    "{variant}-{code}{view}{ext}.{ext}",
    "{view}{code}{view}{variant}.{ext}",
]


def test_by_default_files_are_called_as_their_keys_end():
    files = product(VIEWS, VARIANT_FORMATS.items())
    for view, variant, extension in ((view, kind, ending) for view, (kind, endings) in files for ending in endings):
        key = rendition_key("A_1", view, variant, extension)
        assert key == "A_1/" + file_name(DEFAULT, "A_1", view, variant, extension)


@pytest.mark.parametrize("template", GOOD)
def test_no_two_files_of_any_products_share_a_name(template):
    assert fault_of(template, VARIANT_FORMATS) is None
    names = [name.lower() for code in CODES for _, name in named(template, VARIANT_FORMATS, code)]
    assert len(names) == len(set(names)) == 18 * len(CODES)


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        ("{code}_{shop}.{ext}", "{shop} stands for nothing; there are {code}, {view}, {number}, {variant}, {ext}"),
        ("{code.__class__}.{ext}", "{code.__class__} stands for nothing"),
        ("{code}{}.{ext}", "{} stands for nothing"),
        ("{code}{{view}}.{ext}", "'{' can't stand in it"),
        ("a/{code}{view}.{ext}", "'/' can't stand in it"),
        ("a\\{code}{view}.{ext}", "'\\\\' can't stand in it"),
        ("{code}\n{view}.{ext}", "'\\n' can't stand in it"),
        ("{code}\u202e{view}.{ext}", "'\\u202e' can't stand in it"),
        ("{code} {view}.{ext}", "' ' can't stand in it: only placeholders, letters from A to Z, digits"),
        ("{view}.{ext}", "{code} has to stand in it, once"),
        ("{code}{view}{code}.{ext}", "{code} has to stand in it, once"),
        ("{code}{view}", "it has to end in .{ext}"),
        ("{code}{ext}{view}", "it has to end in .{ext}"),
        (".{code}{view}.{ext}", "it begins with '.'"),
        ("-{code}{view}.{ext}", "it begins with '-'"),
        ("{code}{view}" + "x" * 127 + ".{ext}", "names would have up to 201 characters, and at most 200 are allowed"),
        (
            "{code}.MAIN.{ext}",
            "two files would be called AURA1000.MAIN.jpg: front, white, JPG, and angle, white, JPG",
        ),
    ],
)
def test_what_is_wrong_with_a_template_is_said_in_words(template, complaint):
    fault = fault_of(template, WHITE)
    assert fault and complaint in fault


def test_the_longest_name_that_is_allowed_is_taken():
    assert fault_of("{code}{view}" + "x" * 126 + ".{ext}", WHITE) is None


def test_only_the_angled_view_has_a_half_glass_picture_so_that_alone_may_be_called_by_code():
    assert fault_of("{code}.{ext}", {"half-glass": ("jpg", "png")}) is None
    fault = fault_of("{code}-{view}.{ext}", {"white": ("jpg", "png"), "half-glass": ("jpg",)})
    assert fault == "two files would be called AURA1000-angle.jpg: angle, white, JPG, and angle, half-glass, JPG"
