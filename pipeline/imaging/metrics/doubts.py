"""Where in the picture the score's doubts come from: a map for each reason that has a place.

A map shows, pixel by pixel, what the metric behind its reason sums up, at the size that `measure.measure` measures
at. No map is asked for unless there is a product.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from pipeline.imaging import masks
from pipeline.imaging.framing import bounding_box, look_at_fit, window_around
from pipeline.imaging.masks import SOLID, Mask, dilate, longer_side, only_largest
from pipeline.imaging.matte.backdrop import fit_backdrop
from pipeline.imaging.matte.difference import GLARING, VISIBLE, distance_from
from pipeline.imaging.metrics import edges, exposure, separation, shape, topology
from pipeline.imaging.metrics.border import cut_at_border
from pipeline.imaging.metrics.layer import Layer
from pipeline.imaging.metrics.measure import MEASURED_SIZE
from pipeline.imaging.metrics.separation import NOISE, STRAY, Floats, Sides
from pipeline.imaging.scale import shrink
from pipeline.imaging.types import ERRORS, RGB, Alpha, CropBox

# Shares of the product's longer side.
PATCH, BLUR, MARGIN, LEAST_SIDE = 0.06, 0.01, 0.02, 0.08
# A gradient, or a colour distance across the edge, from which on the edge is plain.
PLAIN = 0.2
# A map that nowhere exceeds this shows nothing.
NOTHING = 0.05
# How much less each further reason counts in the heat, and the least that one does.
STEP, LEAST_WEIGHT = 0.1, 0.4


@dataclass(frozen=True)
class Doubts:
    """Where a score's doubts lie.

    `heat` is h × w at the measured size, 0 (no doubt) – 1 (the worst); `places` holds, by reason, the box around the
    reason's worst patch, in the photo's own pixels.
    """

    heat: Floats
    places: Mapping[str, CropBox]


def find_doubts(
    rgb: RGB,
    alpha: Alpha,
    reasons: Sequence[str],
    apart: Floats | None = None,
    errors: Mapping[str, Floats] = MappingProxyType({}),
) -> Doubts:
    """Show where the reasons for doubting a matte lie.

    Parameters
    ----------
    rgb : (H, W, 3) uint8
    alpha : (H, W) float32, 0–1
    reasons : sequence of str
        Codes, the costliest first.
    apart : (h, w) float32, 0–1, or None
        How far two looks at the photo are apart, of any size; without it a second look has no place.
    errors : mapping of str to (h, w) float32, 0–1
        By kind of error, where the matte is likely wrong, of any size; a kind that isn't in it has no place.

    Returns
    -------
    Doubts
        Codes without a place, unknown ones, and those of which nothing is seen are not in its `places`; an empty alpha
        has none, and no heat.
    """
    scene = scene_of(rgb, alpha, apart, errors)
    maps = _maps_of(scene, reasons) if scene.is_fg.any() else {}
    places = {code: _enlarged(_worst_patch(scene, layer), layer.shape, alpha.shape) for code, layer in maps.items()}
    return Doubts(_heat(scene, list(maps.values())), places)


@dataclass(frozen=True)
class _Scene:
    """A matte and its photo at the measured size, and what several maps read from them, found when first asked for."""

    alpha: Alpha
    photo: RGB
    apart: Floats
    errors: Mapping[str, Floats]

    @cached_property
    def is_fg(self) -> Mask:
        return self.alpha > SOLID

    @cached_property
    def side(self) -> int:
        return longer_side(self.is_fg)

    @cached_property
    def gradient(self) -> Floats:
        return masks.gradient_of(self.photo)

    @cached_property
    def unsupported(self) -> Mask:
        return edges.unsupported(self.alpha, edges.photo_edges(self.alpha, self.gradient))

    @cached_property
    def sides(self) -> Sides:
        return separation.sides_of(self.alpha, self.photo)

    @cached_property
    def fading(self) -> Floats:
        return topology.fading(self.alpha).drawn()

    def pixels(self, share: float, least: int) -> int:
        """That share of the product's longer side."""
        return max(least, round(share * self.side))


def scene_of(
    rgb: RGB, alpha: Alpha, apart: Floats | None = None, errors: Mapping[str, Floats] = MappingProxyType({})
) -> _Scene:
    small = shrink(alpha, MEASURED_SIZE)
    apart = np.zeros_like(small) if apart is None else _resized(apart, small.shape)
    return _Scene(small, shrink(rgb, MEASURED_SIZE), apart, errors)


def _resized(layer: Floats, size: tuple[int, ...]) -> Floats:
    return look_at_fit(layer, CropBox(0, 0, *layer.shape), layer.shape, (size[0], size[1]))


def _maps_of(scene: _Scene, reasons: Sequence[str]) -> dict[str, Floats]:
    maps = {code: np.clip(np.asarray(MAPS[code](scene), np.float32), 0, 1) for code in reasons if code in MAPS}
    return {code: layer for code, layer in maps.items() if layer.max() > NOTHING}


def _heat(scene: _Scene, maps: Sequence[Floats]) -> Floats:
    """The maps in one, the costlier ones hotter."""
    heat = np.zeros(scene.alpha.shape, np.float32)
    for index, layer in enumerate(maps):
        blurred = ndi.gaussian_filter(layer, max(1.0, BLUR * scene.side))
        np.maximum(heat, blurred * (max(LEAST_WEIGHT, 1 - STEP * index) / blurred.max()), out=heat)
    return heat


def _worst_patch(scene: _Scene, layer: Floats) -> CropBox:
    """The surroundings of where the map has the most within a small window."""
    window = scene.pixels(PATCH, 3)
    summed = ndi.uniform_filter(layer, window, mode="constant")
    pieces, _ = ndi.label(summed > 0.7 * summed.max())
    worst = pieces == pieces[np.unravel_index(summed.argmax(), summed.shape)]
    box = bounding_box(dilate(worst, window // 2) & (layer > layer.max() / 4))
    box = _at_least(box, scene.pixels(LEAST_SIDE, 3), layer.shape)
    return window_around(box, layer.shape, margin=MARGIN, least_aspect=0)


def _at_least(box: CropBox, side: int, shape: tuple[int, ...]) -> CropBox:
    half, row, column = -(-side // 2), (box.y0 + box.y1) // 2, (box.x0 + box.x1) // 2
    y0, x0 = max(0, min(box.y0, row - half)), max(0, min(box.x0, column - half))
    return CropBox(y0, x0, min(shape[0], max(box.y1, row + half)), min(shape[1], max(box.x1, column + half)))


def _enlarged(box: CropBox, small: tuple[int, ...], shape: tuple[int, ...]) -> CropBox:
    down, across = shape[0] / small[0], shape[1] / small[1]
    y1, x1 = min(shape[0], round(box.y1 * down)), min(shape[1], round(box.x1 * across))
    return CropBox(int(box.y0 * down), int(box.x0 * across), y1, x1)


def _faint_outline(scene: _Scene) -> NDArray[Any]:
    outline, strength = edges.outline_strength(scene.alpha, scene.gradient)
    return Layer(outline, 1 - strength / PLAIN).drawn()


def _other_pieces(scene: _Scene) -> NDArray[Any]:
    return scene.is_fg & ~only_largest(scene.is_fg)


def _left_out(scene: _Scene) -> NDArray[Any]:
    """What no flood from the border reaches; in the product's openings only more than a clear lens makes."""
    backdrop, size = fit_backdrop(scene.photo), scene.alpha.shape
    if not backdrop.is_studio:
        return _stray(scene)
    colour = np.dstack([_resized(np.ascontiguousarray(layer), size) for layer in np.moveaxis(backdrop.colour, 2, 0)])
    is_reached = _resized(backdrop.is_reached.astype(np.float32), size) > 0.5
    distance = distance_from(scene.photo, colour, is_reached)
    is_left = ~dilate(scene.is_fg, scene.sides.reach) & ~is_reached
    return np.where(
        is_left & (distance > np.where(ndi.binary_fill_holes(scene.is_fg), GLARING, VISIBLE)), distance / GLARING, 0
    )


def _like_backdrop(scene: _Scene) -> NDArray[Any]:
    band, contrast = separation.contrast(scene.sides)
    return Layer(band, 1 - contrast / PLAIN).drawn()


def _backdrop_kept(scene: _Scene) -> NDArray[Any]:
    kept, apart = separation.kept_colours(scene.sides)
    return Layer(kept, apart < NOISE).drawn()


def _likely(kind: str) -> Callable[[_Scene], NDArray[Any]]:
    """Where an error of that kind is likely."""

    def found(scene: _Scene) -> NDArray[Any]:
        errors = scene.errors.get(kind)
        return np.zeros_like(scene.alpha) if errors is None else _resized(errors, scene.alpha.shape)

    return found


def _stray(scene: _Scene) -> NDArray[Any]:
    around, apart = separation.surroundings(scene.sides)
    return Layer(around, np.where(apart > STRAY, apart, 0)).drawn()


MAPS: dict[str, Callable[[_Scene], NDArray[Any]]] = {
    "touches-border": lambda scene: cut_at_border(scene.alpha),
    "soft-edge": lambda scene: edges.undecided(scene.alpha),
    "wide-band": lambda scene: edges.unknown_band(scene.alpha),
    "edge-not-in-photo": lambda scene: scene.unsupported,
    "outline-gap": lambda scene: only_largest(scene.unsupported),
    "faint-outline": _faint_outline,
    "torn": _other_pieces,
    "pieces": _other_pieces,
    "eaten": lambda scene: topology.eaten(scene.alpha),
    "frayed": lambda scene: topology.frayed(scene.alpha),
    "fading": lambda scene: scene.fading,
    "fading-stretch": lambda scene: only_largest(scene.fading > 0),
    "haze": lambda scene: edges.hazy(scene.alpha).drawn(),
    "half-gone": lambda scene: edges.half_gone(scene.alpha).drawn(),
    "see-through": lambda scene: edges.undecided_inside(scene.alpha).drawn(),
    "left-out": _left_out,
    "halo": lambda scene: separation.halo_layer(scene.sides).drawn(),
    "like-backdrop": _like_backdrop,
    "backdrop-kept": _backdrop_kept,
    "stray": _stray,
    "asymmetrical": lambda scene: shape.lopsided(scene.alpha),
    "burnt-out": lambda scene: exposure.burnt_out(scene.photo, scene.alpha).drawn(),
    "second-look": lambda scene: scene.apart,
    "second-look-place": lambda scene: only_largest(topology.seen_by_one(scene.apart)),
    **{f"likely-{kind}": _likely(kind) for kind in ERRORS},
}
"""What each reason's metric sums up, 0–1 once clipped."""

PLACELESS = frozenset(
    {
        *("empty", "no-bridge", "bridge-unsure", "looks-front", "looks-angle", "looks-side"),
        "several-products",
        *("view-unclear", "odd-shape", "weak-prediction", "blurred", "overruled", "not-catalogue"),
    }
)
"""Reasons of the score that speak of the whole picture, or of the bridge line, which is drawn anyway."""
