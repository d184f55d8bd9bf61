"""Everything that the score is made of, measured on one matte and its photo."""

import numpy as np

from pipeline.imaging import masks
from pipeline.imaging.framing import bounding_box, part_of, window_around
from pipeline.imaging.metrics import border, edges, exposure, separation, shape, topology
from pipeline.imaging.scale import shrink
from pipeline.imaging.types import RGB, Alpha, Crop, CropBox, Matte, ProductClass, View

MEASURED_SIZE = 1024
TOLD = ("raw_min", "raw_max", "left_out", "overruled", "unevenness")
"""The metrics that whoever made the matte tells, and no ruler."""
FAINTEST, MARGIN = 0.1, 0.12
LOOKS: dict[str, View] = {"looks_front": "front", "looks_angle": "angle", "looks_side": "side"}
"""The metrics that the vetoes of a wrong view read, and the view that each speaks of."""


def measure(
    rgb: RGB, matte: Matte, crop: Crop | None, *, crop_expected: bool, product_class: ProductClass, view: View | None
) -> dict[str, float]:
    """Measure a matte.

    Parameters
    ----------
    rgb : (H, W, 3) uint8
        The photograph that was matted.
    matte : Matte
        Its alpha, H × W.
    crop : Crop or None
        What `halfglass.find_crop` found.
    crop_expected : bool
        Whether a half-glass crop is asked for; bridge metrics are measured only then.
    product_class : {"eyewear", "watch"}
    view : {"front", "angle", "side"} or None

    Returns
    -------
    dict of str to float
        Metrics by name; ranges as the functions that measure them say.
    """
    alpha, photo = shrink(matte.alpha, MEASURED_SIZE), shrink(rgb, MEASURED_SIZE)
    near = _neighbourhood(alpha)
    metrics = _of_edge(alpha, photo) | _of_sides(part_of(alpha, near), part_of(photo, near))
    metrics |= _of_topology(part_of(alpha, near))
    metrics |= {name: float(getattr(matte, name)) for name in TOLD}
    metrics |= {f"likely_{kind}": likely for kind, likely in matte.likely_errors.items()}
    metrics["unusual_shape"] = shape.unusual_shape(alpha, product_class, view)
    if product_class == "eyewear" and view == "front":
        metrics["asymmetry"] = shape.asymmetry(alpha)
    if crop_expected:
        metrics["bridge_found"] = float(crop is not None)
        metrics["bridge_sure"] = float(crop is not None and crop.is_sure)
    return metrics


def _neighbourhood(alpha: Alpha) -> CropBox:
    """All that metrics which look at the product and what is right beside it need to see."""
    is_seen = alpha > FAINTEST
    if not is_seen.any():
        return CropBox(0, 0, *alpha.shape)
    return window_around(bounding_box(is_seen), alpha.shape, margin=MARGIN, least_aspect=0)


def _of_edge(alpha: Alpha, photo: RGB) -> dict[str, float]:
    gradient = masks.gradient_of(photo)
    is_edge = edges.photo_edges(alpha, gradient)
    strength = edges.outline_strength(alpha, gradient).amount
    return {
        "coverage": edges.coverage(alpha),
        "softness": edges.softness(alpha),
        "band_width": edges.band_width(alpha),
        "edge_alignment": edges.edge_alignment(alpha, is_edge),
        "unsupported_gap": topology.unsupported_gap(alpha, is_edge),
        "faint_outline": exposure.faint_outline(strength),
        "focus": exposure.focus(strength),
        "clipped_highlights": exposure.clipped_highlights(photo, alpha),
        "border_touch": border.border_touch(alpha),
        "haze": edges.haze(alpha),
        "see_through": edges.see_through(alpha),
        "core_deficit": edges.core_deficit(alpha),
    }


def _of_sides(alpha: Alpha, photo: RGB) -> dict[str, float]:
    sides = separation.sides_of(alpha, photo)
    return {
        "halo": separation.halo(sides),
        "separability": separation.separability(sides),
        "trapped_backdrop": separation.trapped_backdrop(sides),
        "stray_structure": separation.stray_structure(sides),
    }


def _of_topology(alpha: Alpha) -> dict[str, float]:
    weak_lines, weak_stretch = topology.weak_lines(alpha)
    return {
        "second_component": edges.second_component(alpha),
        "pieces": topology.pieces(alpha),
        "small_openings": topology.small_openings(alpha),
        "frailty": topology.frailty(alpha),
        "weak_lines": weak_lines,
        "weak_stretch": weak_stretch,
    }


def measure_second_look(matte: Matte, mirrored: Matte) -> tuple[dict[str, float], Alpha]:
    """How far a second look, in the mirror, saw something else.

    Parameters
    ----------
    matte, mirrored : Matte
        Of one photo, both upright.

    Returns
    -------
    metrics : dict of str to float
    apart : (h, w) float32, 0–1
        How far the two are from each other, at the measured size.
    """
    first, second = (shrink(look.alpha, MEASURED_SIZE) for look in (matte, mirrored))
    mass, largest = topology.disagreement(first, second)
    return {"second_look": mass, "second_look_largest": largest}, np.abs(first - second)


def measure_view(seen: View | None, named: View | None) -> dict[str, float]:
    """Whether a photo looks like another view than its name says.

    Parameters
    ----------
    seen : {"front", "angle", "side"} or None
        What `viewpoint.seen_view` says of its matte.
    named : {"front", "angle", "side"} or None

    Returns
    -------
    dict of str to float
        looks_front, looks_angle, looks_side: 1 for a view that is seen but not named, else 0. view_unseen: 1 where
        nothing looks like the view that is named.
    """
    looks = {name: float(named is not None and seen == view != named) for name, view in LOOKS.items()}
    return looks | {"view_unseen": float(named is not None and seen != named)}
