"""What finished files are called where they are handed on: a listing spec's template, and what is wrong with one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

from pipeline.imaging.types import View

DEFAULT = "{code}_{number}_{variant}.{ext}"
"""As their keys in the published bucket end."""
PLACEHOLDERS = ("code", "view", "number", "variant", "ext")
LONGEST_CODE = 64
LONGEST = 200
PLACEHOLDER = r"\{([^{}]*)\}"
EXAMPLE = "AURA1000"
VIEWS: tuple[View, ...] = get_args(View)


def file_name(template: str, code: str, view: View, variant: str, extension: str) -> str:
    """What one file is called.

    Parameters
    ----------
    template : str
        One that `fault_of` finds no fault with.
    code, variant, extension : str
        Of the file: "AURA1000", "half-glass", "jpg".
    view : View
        Its word stands for {view}, its number (1 to 3) for {number}.

    Returns
    -------
    str

    Examples
    --------
    >>> file_name("{code}-{view}.{variant}.{ext}", "AURA1000", "angle", "half-glass", "jpg")
    'AURA1000-angle.half-glass.jpg'
    """
    number = str(VIEWS.index(view) + 1)
    values = {"code": code, "view": view, "number": number, "variant": variant, "ext": extension}
    return re.sub(PLACEHOLDER, lambda found: values[found[1]], template)


def named(template: str, formats: Mapping[str, Sequence[str]], code: str = EXAMPLE) -> list[tuple[str, str]]:
    """Every file that a product can have, and what it is called.

    Parameters
    ----------
    template : str
        As for `file_name`.
    formats : mapping of str to sequence of str
        Extensions by variant, as in a listing spec.
    code : str
        The product's.

    Returns
    -------
    list of (str, str)
        The file in words, "front, white, JPG", and its name.
    """
    return [
        (
            f"{view}, {variant}, {extension.upper()}",
            file_name(template, code, view, variant, extension),
        )
        for view, variant, extension in _files(formats)
    ]


def fault_of(template: str, formats: Mapping[str, Sequence[str]]) -> str | None:
    """What is wrong with a template, in words; nothing, if every file of every product gets a name of its own.

    That `{code}` stands in it once keeps products apart: what else varies (view, variant, ending) never begins or ends
    with another value of its kind, so two equal names have equal codes.

    Parameters
    ----------
    template : str
        As somebody wrote it.
    formats : mapping of str to sequence of str
        Extensions by variant, as in a listing spec.

    Returns
    -------
    str or None
        A sentence without its full stop.
    """
    return _fault_of_form(template) or _two_alike(named(template, formats))


def _fault_of_form(template: str) -> str | None:
    used = re.findall(PLACEHOLDER, template)
    literal = re.sub(PLACEHOLDER, "", template)
    if unknown := [name for name in used if name not in PLACEHOLDERS]:
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        return f"{{{unknown[0]}}} stands for nothing; there are {known}"
    if strange := re.search(r"[^A-Za-z0-9._-]", literal):
        return f"{strange[0]!r} can't stand in it: only placeholders, letters from A to Z, digits, . - and _"
    if used.count("code") != 1:
        return "{code} has to stand in it, once: else files of two products could have one name"
    if not template.endswith(".{ext}"):
        return "it has to end in .{ext}: by that programs know what kind of file it is"
    if template[0] in "._-":
        return f"it begins with {template[0]!r}; begin with a placeholder, a letter or a digit"
    return _too_long(template)


def _too_long(template: str) -> str | None:
    length = len(file_name(template, "x" * LONGEST_CODE, "front", "transparent", "webp"))
    if length > LONGEST:
        return f"names would have up to {length} characters, and at most {LONGEST} are allowed"
    return None


def _two_alike(files: Sequence[tuple[str, str]]) -> str | None:
    first: dict[str, str] = {}
    for words, name in files:
        if name in first:
            return f"two files would be called {name}: {first[name]}, and {words}"
        first[name] = words
    return None


def _files(formats: Mapping[str, Sequence[str]]) -> Iterator[tuple[View, str, str]]:
    """Only the angled view has a half-glass picture."""
    for view in VIEWS:
        for variant, extensions in formats.items():
            if variant != "half-glass" or view == "angle":
                yield from ((view, variant, extension) for extension in extensions)
