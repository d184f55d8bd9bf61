"""Edits of a matte by hand, replayed as vectors on the alpha at the photo's own size.

Points are continuous: the pixel in row i and column j covers [j, j + 1) × [i, i + 1). Every stroke
works in its own window: photos have up to 64 megapixels.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage as ndi
from skimage.segmentation import random_walker

from pipeline.imaging.framing import bounding_box, part_of
from pipeline.imaging.masks import SOLID, dilate
from pipeline.imaging.types import RGB, Alpha, CropBox

Tool = Literal["brush", "erase", "fill", "cut", "refine"]
Point = tuple[float, float]
Mask = NDArray[np.bool_]

CLICKS = ("fill", "cut", "refine")
LARGEST, MOST_POINTS, FARTHEST = 2000.0, 20_000, 1e6
RIM = 3
"""How far the soft rim of a hole reaches, in pixels."""
LEAST_TOLERANCE, NOISE_FACTOR = 12.0, 4.0
"""Colours this far apart, in levels, are alike; more where the clicked place is grainy."""
LEAK = 0.5
"""A cut that would take more of the product has found no edge."""
WORKING_SIDE = 160
SURE = 0.9
UNLIKE = 40.0
"""Levels from which on a colour is another than that of the clicked spot."""
BETA = 300


class PaintError(ValueError):
    """The stroke can't be made; the text says why and what to do instead."""


@dataclass(frozen=True)
class Stroke:
    """One movement or one click of a tool; `size` is its diameter, and points are (x, y), in pixels of the photo."""

    tool: Tool
    size: float
    points: tuple[Point, ...]

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> "Stroke":
        """Read what a browser sends; raises PaintError for anything else."""
        try:
            tool, size, points = data["tool"], float(data["size"]), data["points"]
            places = tuple((float(x), float(y)) for x, y in points)
        except (KeyError, OverflowError, TypeError, ValueError) as error:
            raise PaintError("This stroke can't be read; reload the page.") from error
        most = 1 if tool in CLICKS else MOST_POINTS
        is_near = all(abs(value) <= FARTHEST for place in places for value in place)
        if tool not in get_args(Tool) or not is_near or not 1 <= size <= LARGEST or not 1 <= len(places) <= most:
            raise PaintError("This stroke is none that a tool makes; reload the page.")
        return cls(tool, size, places)


def paint(alpha: Alpha, rgb: RGB, strokes: Iterable[Stroke]) -> Alpha:
    """Apply strokes to a matte, one after the other.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1
    rgb : (H, W, 3) uint8
        The photo, at which clicks look.
    strokes : iterable of Stroke

    Returns
    -------
    (H, W) float32, 0–1

    Raises
    ------
    PaintError
        A click hits nothing that its tool can work on.
    """
    painted = alpha.copy()
    for stroke in strokes:
        apply(painted, rgb, stroke)
    return painted


def apply(alpha: Alpha, rgb: RGB, stroke: Stroke) -> CropBox:
    """Apply one stroke in place.

    Parameters
    ----------
    alpha : (H, W) float32, 0–1
        Is changed.
    rgb : (H, W, 3) uint8
    stroke : Stroke

    Returns
    -------
    CropBox
        Nothing outside of it has changed.

    Raises
    ------
    PaintError
        As for `paint`; alpha is unchanged then.
    """
    if stroke.tool in CLICKS:
        return _CLICKS[stroke.tool](alpha, rgb, _clicked(alpha, stroke), stroke.size / 2)
    for start, end in pairwise(stroke.points if len(stroke.points) > 1 else stroke.points * 2):
        _apply_segment(alpha, start, end, stroke)
    return _window(stroke.points, stroke.size / 2 + 1, alpha.shape)


def difference(before: Alpha, after: Alpha) -> NDArray[np.uint8]:
    """Where a person changed a matte, for learning from it: 0 where opacity was taken away, 255 added, else 128."""
    step = np.float32(1.5 / 255)
    result = np.full(before.shape, 128, np.uint8)
    result[after > before + step] = 255
    result[after < before - step] = 0
    return result


def _apply_segment(alpha: Alpha, start: Point, end: Point, stroke: Stroke) -> None:
    """Cover a capsule; its edge is as soft as one pixel."""
    window = _window((start, end), stroke.size / 2 + 1, alpha.shape)
    part = part_of(alpha, window)
    covered = np.clip(stroke.size / 2 + 0.5 - _distance(window, start, end), 0, 1)
    if stroke.tool == "brush":
        np.maximum(part, covered, out=part)
    else:
        np.minimum(part, 1 - covered, out=part)


def _distance(window: CropBox, start: Point, end: Point) -> NDArray[np.float32]:
    """Of each pixel's middle in the window from a stretch, in pixels."""
    x = np.arange(window.x0, window.x1, dtype=np.float32)[None, :] + np.float32(0.5 - start[0])
    y = np.arange(window.y0, window.y1, dtype=np.float32)[:, None] + np.float32(0.5 - start[1])
    along = np.float32(end[0] - start[0]), np.float32(end[1] - start[1])
    length = along[0] ** 2 + along[1] ** 2
    share = np.clip((x * along[0] + y * along[1]) / length, 0, 1) if length else np.zeros((1, 1), np.float32)
    return np.asarray(np.hypot(x - share * along[0], y - share * along[1]), np.float32)


def _window(points: Sequence[Point], margin: float, shape: tuple[int, ...]) -> CropBox:
    """The box around the points, inside the photo; empty where they are all outside."""
    xs, ys = zip(*points, strict=True)
    x0, x1 = (int(np.clip(value, 0, shape[1])) for value in (min(xs) - margin, math.ceil(max(xs) + margin)))
    y0, y1 = (int(np.clip(value, 0, shape[0])) for value in (min(ys) - margin, math.ceil(max(ys) + margin)))
    return CropBox(y0=y0, x0=x0, y1=y1, x1=x1)


def _clicked(alpha: Alpha, stroke: Stroke) -> tuple[int, int]:
    x, y = stroke.points[0]
    if not (0 <= x < alpha.shape[1] and 0 <= y < alpha.shape[0]):
        raise PaintError("That place is outside the photo; click on the picture.")
    return int(y), int(x)


def _fill(alpha: Alpha, rgb: RGB, place: tuple[int, int], radius: float) -> CropBox:
    """A hole: what is connected to the click and not product, closed on all sides."""
    if alpha[place] >= SOLID:
        raise PaintError("There is no hole at that place: it is kept already. Click into the hole.")
    is_hole, box = _connected(alpha < SOLID, place)
    if box.y0 == 0 or box.x0 == 0 or box.y1 == alpha.shape[0] or box.x1 == alpha.shape[1]:
        raise PaintError("That place is open to the outside, so it is no hole; paint it with the brush instead.")
    window = _grown(box, RIM, alpha.shape)
    part = part_of(alpha, window)
    part[dilate(_placed(is_hole, box, window), RIM) & _falls_towards(part, _placed(is_hole, box, window))] = 1
    return window


def _falls_towards(part: Alpha, is_hole: Mask) -> Mask:
    """The hole and its own soft rim, not that of the product's outer edge where the two are near."""
    pieces, _ = ndi.label(part < 1)
    return np.isin(pieces, np.unique(pieces[is_hole]))


def _cut(alpha: Alpha, rgb: RGB, place: tuple[int, int], radius: float) -> CropBox:
    """An opening that was kept: what is connected to the click and has its colour."""
    if alpha[place] < SOLID:
        raise PaintError("There is nothing to cut at that place: it is not kept. Click on what should go.")
    is_kept = alpha > 0
    alike = _like(rgb, place) & is_kept
    alike[place] = True
    region, box = _connected(alike, place)
    if region.sum() > LEAK * (alpha > SOLID).sum():
        raise PaintError("There is no edge around that place: most of the product would go. Erase it by hand instead.")
    window = _grown(box, 2, alpha.shape)
    part = part_of(alpha, window)
    gone = ndi.binary_closing(_placed(region, box, window), iterations=2)
    softened = ndi.uniform_filter(gone.astype(np.float32), 3)
    np.minimum(part, 1 - np.maximum(softened, gone), out=part)
    return window


def _like(rgb: RGB, place: tuple[int, int]) -> Mask:
    """Where the photo has the colour of a place."""
    patch = _patch(rgb, place)
    colour = np.median(patch, axis=0)
    tolerance = max(LEAST_TOLERANCE, NOISE_FACTOR * float(np.abs(patch - colour).max(1).mean()))
    low, high = np.clip((colour - tolerance, colour + tolerance), 0, 255).astype(np.uint8)
    return np.asarray(((rgb >= low) & (rgb <= high)).all(-1), np.bool_)


def _patch(rgb: RGB, place: tuple[int, int]) -> NDArray[np.float32]:
    """The colours right around a place."""
    row, column = place
    around = rgb[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3]
    return np.asarray(around.reshape(-1, 3), np.float32)


def _refine(alpha: Alpha, rgb: RGB, place: tuple[int, int], radius: float) -> CropBox:
    """A place that is wrong: inside the disc the photo decides anew, with the clicked spot turned and all around kept.

    Seeds are the clicked spot, as the opposite of what the matte says there, and what the matte is sure of around the
    disc, and where the photo looks unlike that spot. Between them a random walker decides: L. Grady, "Random walks for
    image segmentation", PAMI 2006.
    """
    window = _window([(place[1] + 0.5, place[0] + 0.5)], 1.3 * radius + 3, alpha.shape)
    part, photo = part_of(alpha, window), part_of(rgb, window)
    centre = place[1] + 0.5, place[0] + 0.5
    distance = _distance(window, centre, centre)
    spot = place[0] - window.y0, place[1] - window.x0
    is_unlike = np.abs(photo.astype(np.int16) - np.median(_patch(photo, spot), axis=0)).max(-1) > UNLIKE
    settled = np.asarray(np.where(is_unlike | (distance > radius), part, 0.5), np.float32)
    opacity = _walked(settled, photo, distance, radius, keeps=alpha[place] < SOLID)
    seam = np.clip((radius - distance) / 2, 0, 1)
    part += seam * (opacity - part)
    return window


def _walked(settled: Alpha, photo: RGB, distance: NDArray[np.float32], radius: float, *, keeps: bool) -> Alpha:
    """The probability of product, on a copy of at most 160 px, at the window's size and with a crisp edge."""
    height, width = settled.shape
    scale = min(1.0, WORKING_SIDE / max(height, width))
    size = max(2, round(width * scale)), max(2, round(height * scale))
    small, away = (_resized(layer, size) for layer in (settled, distance))
    seeds = np.zeros(small.shape, np.int32)
    seeds[small > SURE] = 1
    seeds[small < 1 - SURE] = 2
    seeds[away < max(radius / 12, away.min() + 1 / scale)] = 1 if keeps else 2
    if not {1, 2}.issubset(np.unique(seeds)):
        raise PaintError("All around that place is the same; use a larger size, or the brush.")
    data = np.asarray(Image.fromarray(photo).resize(size, Image.Resampling.BOX), np.float64) / 255
    found = random_walker(
        data, seeds, beta=BETA, mode="cg_j", channel_axis=-1, return_full_prob=True, tol=1e-4, prob_tol=0.1
    )
    probability = _resized(np.asarray(found[0], np.float32), (width, height))
    return np.asarray(np.clip((probability - 0.5) * 2 / max(scale, 0.25) + 0.5, 0, 1), np.float32)


def _resized(layer: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    return np.asarray(Image.fromarray(np.ascontiguousarray(layer)).resize(size, Image.Resampling.BILINEAR))


def _connected(mask: Mask, place: tuple[int, int]) -> tuple[Mask, CropBox]:
    """The piece of a mask that holds a place, cut to its box."""
    pieces, _ = ndi.label(mask)
    box = bounding_box(pieces == pieces[place])
    return part_of(pieces, box) == pieces[place], box


def _grown(box: CropBox, pixels: int, shape: tuple[int, ...]) -> CropBox:
    return _window(((box.x0, box.y0), (box.x1, box.y1)), pixels, shape)


def _placed(mask: Mask, box: CropBox, window: CropBox) -> Mask:
    """The mask of a box, in a window around it."""
    before = box.y0 - window.y0, box.x0 - window.x0
    after = window.y1 - box.y1, window.x1 - box.x1
    return np.pad(mask, list(zip(before, after, strict=True)))


_CLICKS: dict[str, Callable[[Alpha, RGB, tuple[int, int], float], CropBox]] = {
    "fill": _fill,
    "cut": _cut,
    "refine": _refine,
}
