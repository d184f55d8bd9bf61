"""The shipped listing spec: how finished pictures look, and what becomes of lenses."""

import json
from functools import cache
from pathlib import Path

from pipeline.imaging.pictures.renditions import HALF_GLASS
from pipeline.imaging.pictures.spec import ListingSpec
from pipeline.imaging.types import ProductClass, View

HOUSE = "House"
"""The spec of whoever chooses none."""


@cache
def listing_spec() -> ListingSpec:
    return ListingSpec.from_mapping(json.loads((Path(__file__).parent / "policies" / "listing.json").read_text()))


def has_half_glass(product_class: ProductClass, view: View | None, spec: ListingSpec | None = None) -> bool:
    """Whether a half-glass picture is made of such a photo by that spec, or by the House's.

    >>> has_half_glass("eyewear", "angle"), has_half_glass("watch", "angle")
    (True, False)
    """
    formats = (spec or listing_spec()).formats
    return product_class == "eyewear" and view == "angle" and bool(formats.get(HALF_GLASS))


def files_of(spec: ListingSpec, product_class: ProductClass, view: View) -> int:
    """How many files such a photo is published as.

    >>> files_of(listing_spec(), "eyewear", "angle"), files_of(listing_spec(), "watch", "angle")
    (8, 5)
    """
    has_all = has_half_glass(product_class, view, spec)
    return sum(len(kinds) for variant, kinds in spec.formats.items() if has_all or variant != HALF_GLASS)
