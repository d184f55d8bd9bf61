"""The shipped listing spec: how finished pictures look, and what becomes of lenses."""

import json
from functools import cache
from pathlib import Path

from pipeline.imaging.renditions import ListingSpec


@cache
def listing_spec() -> ListingSpec:
    return ListingSpec.from_mapping(json.loads((Path(__file__).parent / "policies" / "listing.json").read_text()))
