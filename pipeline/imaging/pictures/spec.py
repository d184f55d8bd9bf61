"""How finished pictures look: the listing spec, read from a parsed listing.json and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import lru_cache
from typing import Any, Literal, get_args

from pipeline.imaging.matte.lenses import LensRule
from pipeline.imaging.pictures import filenames
from pipeline.imaging.types import HalfSide

Align = Literal["top", "middle", "bottom"]
FORMATS = {"transparent": {"png", "webp"}, "white": {"jpg", "png", "webp"}, "half-glass": {"jpg", "png", "webp"}}
LOOK_RANGES = {
    "lightness": (0, 100),
    "a": (-60, 60),
    "b": (-60, 60),
    "shadow": (0, 100),
    "contrast": (0, 100),
    "tilt": (0, 20),
}
PIXELS = "a whole number of pixels above 0"


@dataclass(frozen=True)
class HalfGlassSpec:
    """How a half-glass picture looks: which half, square canvas (px), the share of it kept free along every edge,
    where the product stands between top and bottom."""

    side: HalfSide
    canvas: int
    padding: float
    align: Align

    @classmethod
    def from_mapping(cls, document: Mapping[str, Any]) -> "HalfGlassSpec":
        """Read the part of a listing.json; ValueError names what is wrong."""
        _expect("half_glass", document, isinstance(document, Mapping), "an object with keys of its own")
        _expect_keys(document, cls, "half_glass.")
        side, canvas, padding, align = (document[entry.name] for entry in fields(cls))
        _expect("half_glass.side", side, side in get_args(HalfSide), " or ".join(get_args(HalfSide)))
        _expect("half_glass.canvas", canvas, _is_size(canvas), PIXELS)
        is_share = isinstance(padding, int | float) and 0 <= padding <= 0.4
        _expect("half_glass.padding", padding, is_share, "a share from 0 to 0.4")
        _expect("half_glass.align", align, align in get_args(Align), " or ".join(get_args(Align)))
        return cls(**document)

    @property
    def margin(self) -> int:
        """The padding in pixels; the bridge is as far from the edge that it faces."""
        return round(self.padding * self.canvas)


@dataclass(frozen=True)
class ListingSpec:
    """How a listing picture looks, under which name and version: clear lenses kept or cut out, square canvas (px), the
    share its product fills, encoder settings, the most bytes a file may have (None: any), and which files there are, by
    variant; the half-glass picture has a canvas of its own. What files are called where they are handed on is a
    template. `look` is what photos are compared with, if anything: the backdrop's L*, a* and b*, how much darker its
    shadow is and the product's contrast, in L*, and the most that it may be off level, in degrees. Documents of before
    have neither."""

    name: str
    version: int
    lens: LensRule
    canvas: int
    fill: float
    half_glass: HalfGlassSpec
    background: tuple[int, int, int]
    jpeg_quality: int
    jpeg_subsampling: str
    webp_quality: int
    webp_method: int
    png_level: int
    max_bytes: int | None
    formats: Mapping[str, Sequence[str]]
    file_name: str = filenames.DEFAULT
    look: Mapping[str, float] | None = None

    @classmethod
    def from_mapping(cls, document: Mapping[str, Any]) -> "ListingSpec":
        """Read a parsed listing.json; ValueError names missing and unknown keys."""
        _expect_keys(document, cls)
        canvas, fill, lens = document["canvas"], document["fill"], document["lens"]
        _expect("canvas", canvas, _is_size(canvas), PIXELS)
        _expect("fill", fill, isinstance(fill, int | float) and 0 < fill <= 1, "a share above 0, at most 1")
        _expect("lens", lens, lens in get_args(LensRule), " or ".join(get_args(LensRule)))
        most = document["max_bytes"]
        _expect("max_bytes", most, most is None or _is_size(most), "a whole number of bytes above 0, or null")
        formats = document["formats"]
        is_known = isinstance(formats, Mapping) and all(
            set(kinds) <= FORMATS.get(name, set()) for name, kinds in formats.items()
        )
        _expect("formats", formats, is_known and any(formats.values()), f"endings by variant, some of {FORMATS}")
        _expect_names(document.get("file_name", filenames.DEFAULT), formats)
        look = document.get("look")
        _expect("look", look, look is None or _is_look(look), f"some of {LOOK_RANGES}, a and b together, or null")
        half_glass = HalfGlassSpec.from_mapping(document["half_glass"])
        return cls(**{**document, "half_glass": half_glass, "background": tuple(document["background"])})


def _expect_keys(document: Mapping[str, Any], spec: type[HalfGlassSpec | ListingSpec], prefix: str = "") -> None:
    known = {prefix + entry.name for entry in fields(spec)}
    required = {prefix + entry.name for entry in fields(spec) if entry.default is MISSING}
    given = {prefix + name for name in document}
    if not required <= given <= known:
        missing, unknown = sorted(required - given), sorted(given - known)
        raise ValueError(f"listing spec: missing {missing}, unknown {unknown}; expected {sorted(known)}")


def _expect_names(template: Any, formats: Mapping[str, Sequence[str]]) -> None:
    _expect("file_name", template, isinstance(template, str) and bool(template), "a text such as " + filenames.DEFAULT)
    if fault := _fault_of_names(template, tuple((variant, tuple(kinds)) for variant, kinds in formats.items())):
        raise ValueError(f"listing spec: file_name is {template!r}; {fault}")


@lru_cache(maxsize=256)
def _fault_of_names(template: str, formats: tuple[tuple[str, tuple[str, ...]], ...]) -> str | None:
    """Feeds read the same few specs once a photo."""
    return filenames.fault_of(template, dict(formats))


def _is_size(value: Any) -> bool:
    return type(value) is int and value > 0


def _is_look(value: Any) -> bool:
    if not isinstance(value, Mapping) or not value or ("a" in value) != ("b" in value):
        return False
    return value.keys() <= LOOK_RANGES.keys() and all(
        isinstance(number, int | float) and LOOK_RANGES[name][0] <= number <= LOOK_RANGES[name][1]
        for name, number in value.items()
    )


def _expect(name: str, value: Any, is_right: bool, expected: str) -> None:
    if not is_right:
        raise ValueError(f"listing spec: {name} is {value!r}; expected {expected}")
