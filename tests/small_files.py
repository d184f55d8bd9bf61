"""Most tests ask when finished files are there, and whose, few how they look: small ones take a tenth of the time."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pipeline.imaging.pictures.spec import ListingSpec
from pipeline.models import Frame
from pipeline.shop import publish

SIDE = 500
"""Pixels along each side of a canvas, at most."""
Render = Callable[..., list[publish.File]]


def small(spec: ListingSpec) -> ListingSpec:
    half_glass = replace(spec.half_glass, canvas=min(spec.half_glass.canvas, SIDE))
    return replace(spec, canvas=min(spec.canvas, SIDE), half_glass=half_glass)


def drawn_small(render: Render) -> Render:
    """The same as publish.render, by the same specs, but for the size of their canvases."""

    def drawn(frame: Frame, *about: Any, spec: ListingSpec | None = None, **more: Any) -> list[publish.File]:
        return render(frame, *about, spec=small(spec or frame.listing_spec), **more)

    return drawn
