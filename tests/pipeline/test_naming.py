import pytest

from pipeline.naming import NamingError, PhotoName, parse_photo_name, rendition_key, rendition_keys


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("AURA1000_1.jpg", PhotoName("AURA1000", "front")),
        ("aura-10.00_3.JPEG", PhotoName("AURA-10.00", "side")),
        ("RAY_BAN_2140_2.png", PhotoName("RAY_BAN_2140", "angle")),
    ],
)
def test_code_and_view_are_read(filename, expected):
    assert parse_photo_name(filename) == expected


@pytest.mark.parametrize(
    ("filename", "what_is_wrong"),
    [
        ("IMG2034.jpg", "no view number"),
        ("AURA1000_4.jpg", "the view is not 1, 2 or 3"),
        ("AURA1000_01.jpg", "the view is not"),
        ("AURA1000_²", "no file ending"),
        ("AURA1000_².jpg", "the view is not"),
        ("AURA 1000_1.jpg", "there is a space in the name"),
        ("AURA+1000_1.jpg", "letters, digits"),
        ("X__2.jpg", "two underscores before the view number"),
        ("_1.jpg", "a product code starts with"),
        (".._1.jpg", "a product code starts with"),
        ("Ä1000_1.jpg", "a product code starts with"),
        ("straße_1.jpg", "holds only letters"),
        ("A" * 65 + "_1.jpg", "longer than 64"),
        ("", "no file ending"),
    ],
)
def test_a_wrong_name_is_told_what_is_wrong_and_what_was_expected(filename, what_is_wrong):
    with pytest.raises(NamingError, match=what_is_wrong) as refusal:
        parse_photo_name(filename)
    assert "{PRODUCT_CODE}_{VIEW}.ext" in str(refusal.value)


def test_no_two_frames_share_a_key():
    views = ("front", "angle", "side")
    keys = [key for code in ("A", "A_1", "A_1_2") for view in views for key in rendition_keys(code, view)]
    assert len(keys) == len(set(keys))
    assert rendition_key("A", "front", "white", "jpg") in keys
