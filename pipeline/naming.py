"""File names in, object keys out: the one place that knows either convention."""

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import get_args

from pipeline.imaging.pictures.filenames import LONGEST_CODE
from pipeline.imaging.types import View

VIEWS: dict[int, View] = dict(enumerate(get_args(View), start=1))
EXPECTED = "expected {PRODUCT_CODE}_{VIEW}.ext, such as AURA1000_2.jpg (1 front, 2 angle, 3 side)"
CODE = r"[A-Za-z0-9][A-Za-z0-9._-]*"
CODE_RULE = "a product code starts with a letter or digit and holds only letters, digits, dot, hyphen and underscore"
LONG_CODE = f"the product code is longer than {LONGEST_CODE} characters"
NUMBER = r"[^\x00-/:-\x7f]+"  # also digits of other scripts, such as a small 2
NAME_RULES = (
    (r"[^/]+\.[^.]+", "no file ending"),
    (rf"[^/]*_{NUMBER}\.[^.]+", "no view number after an underscore"),
    (rf"([^/]*[^_])?_{NUMBER}\.[^.]+", "two underscores before the view number"),
    (rf"[^/]*_({'|'.join(map(str, VIEWS))})\.[^.]+", "the view is not 1, 2 or 3"),
    (r"[^/ ]+", "there is a space in the name"),
    (rf"{CODE}_[0-9]\.[^.]+", CODE_RULE),
    (rf"[^/]{{1,{LONGEST_CODE}}}_[0-9]\.[^.]+", LONG_CODE),
)
"""What a whole name must match, one after the other, and what is wrong if not; the upload page reads them too."""
RULES_FOR_SCRIPTS = {"rules": NAME_RULES, "expected": EXPECTED, "views": list(VIEWS.values())}
STAGING = "staging/"
UPLOADS = "uploads/"
"""Photos that come in parts, until they are complete."""
VARIANT_FORMATS: dict[str, tuple[str, ...]] = {
    "transparent": ("png", "webp"),
    "white": ("jpg", "png", "webp"),
    "half-glass": ("jpg", "png", "webp"),
}


OF_SYSTEMS = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"}
NOTES = {".txt", ".md", ".rtf", ".csv", ".tsv", ".xls", ".xlsx", ".ods", ".doc", ".docx", ".odt", ".pages", ".numbers"}
NOTES |= {
    ".xmp",
    ".xml",
    ".json",
    ".pp3",
    ".dop",
    ".cos",
    ".cop",
    ".aae",
    ".thm",
    ".ini",
    ".db",
    ".lnk",
    ".url",
    ".log",
}
"""What cameras, photo editors and people leave beside photos."""


NOT_OF_BROWSERS = (".heic", ".heif", ".hif", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2")
"""Endings of photos that a browser doesn't count among its images."""


class NamingError(ValueError):
    """A file name that does not follow the convention; `why` says what is wrong, the same for all that are alike."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.why = why


@dataclass(frozen=True)
class PhotoName:
    code: str
    view: View


def parse_photo_name(filename: str) -> PhotoName:
    """Read product code and view from a file name.

    >>> parse_photo_name("aura1000_2.JPG")
    PhotoName(code='AURA1000', view='angle')
    >>> parse_photo_name("AURA1000.jpg")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    pipeline.naming.NamingError: AURA1000.jpg: no view number after an underscore; expected {PRODUCT_CODE}_{VIEW}...
    """
    name = PurePath(filename).name
    for pattern, why in NAME_RULES:
        if not re.fullmatch(pattern, name):
            raise NamingError(name, f"{why}; {EXPECTED}")
    code, _, number = PurePath(name).stem.rpartition("_")
    return PhotoName(product_code(code), VIEWS[int(number)])


def product_code(text: str) -> str:
    """A product code as we write it.

    >>> product_code("aura1000")
    'AURA1000'
    """
    if not re.fullmatch(CODE, text):
        raise NamingError(text, CODE_RULE)
    if len(text) > LONGEST_CODE:
        raise NamingError(text, LONG_CODE)
    return text.upper()


def is_no_photo(filename: str) -> bool:
    """Whether it lies beside photos as a matter of course, so that nobody needs to be told much about it.

    >>> [is_no_photo(name) for name in ("Thumbs.db", ".DS_Store", "notes.TXT", "AURA1_1.xmp", "AURA1_1.cr3", "AURA1")]
    [True, True, True, True, False, False]
    """
    path = PurePath(filename)
    return path.name.startswith(".") or path.name.lower() in OF_SYSTEMS or path.suffix.lower() in NOTES


def view_number(view: View) -> int:
    """
    >>> view_number("side")
    3
    """
    return next(number for number, name in VIEWS.items() if name == view)


def rendition_key(code: str, view: View, variant: str, extension: str) -> str:
    """
    >>> rendition_key("AURA1000", "angle", "half-glass", "jpg")
    'AURA1000/AURA1000_2_half-glass.jpg'
    """
    return f"{code}/{code}_{view_number(view)}_{variant}.{extension}"


def rendition_keys(code: str, view: View) -> set[str]:
    """Every key that a rendition of this code and view can have.

    >>> len(rendition_keys("AURA1000", "angle"))
    8
    """
    return {
        rendition_key(code, view, variant, extension)
        for variant, extensions in VARIANT_FORMATS.items()
        for extension in extensions
    }


def manifest_key(code: str, view: View) -> str:
    """
    >>> manifest_key("AURA1000", "front")
    'AURA1000/AURA1000_1.json'
    """
    return f"{code}/{code}_{view_number(view)}.json"


def listing_prefix(code: str, view: View) -> str:
    """With which the keys of all files of this code and view begin, and no others.

    >>> listing_prefix("AURA1000", "front")
    'AURA1000/AURA1000_1'
    """
    return f"{code}/{code}_{view_number(view)}"


def staging_key(frame_id: int, key: str) -> str:
    """Where a file lies until all of its frame's are there.

    >>> staging_key(7, "AURA1000/AURA1000_1_white.jpg")
    'staging/7/AURA1000/AURA1000_1_white.jpg'
    """
    return f"{STAGING}{frame_id}/{key}"


def names_of(key: str) -> PhotoName | None:
    """The code and view under whose names a key of the published bucket lies, if it is one that we give.

    >>> names_of("A_1/A_1_2_half-glass.jpg")
    PhotoName(code='A_1', view='angle')
    >>> names_of("logo.png"), names_of("AURA1000/AURA1000_2_blue.jpg")
    (None, None)
    """
    code, _, name = key.partition("/")
    found = re.match(r"_(\d)[_.]", name.removeprefix(code))
    view = VIEWS.get(int(found[1])) if found and name.startswith(code) else None
    is_ours = view and (key == manifest_key(code, view) or key in rendition_keys(code, view))
    return PhotoName(code, view) if view and is_ours else None


def original_key(frame_id: int) -> str:
    """
    >>> original_key(7)
    '7/original'
    """
    return f"{frame_id}/original"


def answer_key(frame_id: int) -> str:
    """Where Gemini's picture is kept: it was paid for, and a reprocess uses it again.

    >>> answer_key(7)
    '7/gemini'
    """
    return f"{frame_id}/gemini"


def work_key(frame_id: int, attempt: int, name: str) -> str:
    """
    >>> work_key(7, 1, "alpha.png")
    '7/1/alpha.png'
    """
    return f"{frame_id}/{attempt}/{name}"


def frame_prefix(frame_id: int) -> str:
    """Where all of a frame's files in the private bucket are.

    >>> frame_prefix(7)
    '7/'
    """
    return f"{frame_id}/"


def made_prefix(frame_id: int) -> str:
    """Where a frame's large pictures are kept: each was made when it was asked for, and can be made again.

    >>> made_prefix(7)
    '7/made/'
    """
    return f"{frame_id}/made/"


def made_key(frame_id: int, attempt: int, name: str) -> str:
    """
    >>> made_key(7, 1, "photo.jpg")
    '7/made/1/photo.jpg'
    """
    return f"{made_prefix(frame_id)}{attempt}/{name}"


def mask_name(rung: str = "") -> str:
    """
    >>> mask_name(), mask_name("relit")
    ('mask.png', 'mask-relit.png')
    """
    return f"mask-{rung}.png" if rung else "mask.png"


def shop_name(variant: str, extension: str, bridge_x: float | None) -> str:
    """
    >>> shop_name("white", "jpg", None), shop_name("half-glass", "png", 716.25)
    ('shop-white.jpg', 'shop-half-glass-716.25.png')
    """
    place = "" if bridge_x is None else f"-{bridge_x:.2f}"
    return f"shop-{variant}{place}.{extension}"


def alternative_name(rung: str, extension: str) -> str:
    """
    >>> alternative_name("relit", "png")
    'alternative-relit.png'
    """
    return f"alternative-{rung}.{extension}"
