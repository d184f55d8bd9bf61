"""Known-truth scenes: drawn products whose alpha, photograph and bridge are known to the pixel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage as ndi

SUPERSAMPLING = 4


@dataclass(frozen=True)
class Scene:
    """A photograph, its true alpha, and the middle of the gap between the lenses (None where there is none)."""

    rgb: NDArray[np.uint8]
    alpha: NDArray[np.float32]
    bridge_x: float | None


def angled_glasses(
    *,
    width: int = 800,
    height: int = 600,
    near: tuple[float, float] = (0.30, 0.42),
    far: tuple[float, float] = (0.47, 0.55),
    lens_height: float = 0.14,
    bridge: float = 0.008,
    temple: float = 0.008,
    temple_behind_bridge: bool = True,
) -> Scene:
    """Glasses turned to the right: the near lens left of the far one, the near temple reaching far to the left.

    `near` and `far` are the lenses' first and last columns, and all other lengths are fractions too, of the width.
    """
    near_x, far_x = (np.array(span) * width for span in (near, far))
    middle, half = height / 2, lens_height * width / 2
    draw = _Drawing(width, height)
    draw.ellipse(near_x[0], middle - half, near_x[1], middle + half)
    draw.ellipse(far_x[0], middle - 0.9 * half, far_x[1], middle + 0.9 * half)
    draw.line([(near_x[1] - 2, middle - 0.1 * half), (far_x[0] + 2, middle - 0.1 * half)], bridge * width)
    draw.line([(near_x[0] + 2, middle), (0.2 * width, middle - half), (0.08 * width, middle + half)], temple * width)
    if temple_behind_bridge:
        far_temple = [(far_x[1] - 4, middle - 0.3 * half), (0.4 * width, middle - half), (0.3 * width, middle - half)]
        draw.line(far_temple, temple * width)
    return _scene(draw.alpha(), bridge_x=float(near_x[1] + far_x[0]) / 2 - 0.5)


def watch_head(*, size: int = 400, radius: float = 0.25) -> Scene:
    """One solid disk in the middle."""
    draw = _Drawing(size, size)
    low, high = (0.5 - radius) * size, (0.5 + radius) * size
    draw.ellipse(low, low, high, high)
    return _scene(draw.alpha(), bridge_x=None)


def with_halo(alpha: NDArray[np.float32], pixels: float) -> NDArray[np.float32]:
    """Blur the edge."""
    return np.asarray(ndi.gaussian_filter(alpha, pixels), np.float32)


def with_hole(alpha: NDArray[np.float32], y: int, x: int, radius: int) -> NDArray[np.float32]:
    """Make a round place half see-through."""
    rows, columns = np.ogrid[: alpha.shape[0], : alpha.shape[1]]
    return np.where((rows - y) ** 2 + (columns - x) ** 2 <= radius**2, 0.5 * alpha, alpha).astype(np.float32)


def with_haze(alpha: NDArray[np.float32], opacity: float) -> NDArray[np.float32]:
    """Leave a faint veil over the lower fifth of the photograph."""
    hazy = alpha.copy()
    rows = hazy[int(0.8 * len(hazy)) :]
    rows[...] = np.maximum(rows, opacity)
    return hazy


def with_cut(alpha: NDArray[np.float32], x: int, pixels: int) -> NDArray[np.float32]:
    """Cut through the object down a few columns."""
    cut = alpha.copy()
    cut[:, x : x + pixels] = 0
    return cut


def with_shift(alpha: NDArray[np.float32], pixels: int) -> NDArray[np.float32]:
    """Move the matte off the object."""
    return np.roll(alpha, pixels, axis=1)


def _scene(alpha: NDArray[np.float32], *, bridge_x: float | None) -> Scene:
    noise = np.random.default_rng(7).normal(0, 1, alpha.shape)
    grey = alpha * 60 + (1 - alpha) * 215 + noise
    return Scene(np.repeat(grey.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2), alpha, bridge_x)


class _Drawing:
    """Anti-aliased white shapes on black, in pixel units."""

    def __init__(self, width: int, height: int) -> None:
        self._image = Image.new("L", (width * SUPERSAMPLING, height * SUPERSAMPLING))
        self._draw = ImageDraw.Draw(self._image)

    def ellipse(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self._draw.ellipse([v * SUPERSAMPLING for v in (x0, y0, x1, y1)], fill=255)

    def line(self, points: list[tuple[float, float]], thickness: float) -> None:
        scaled = [(x * SUPERSAMPLING, y * SUPERSAMPLING) for x, y in points]
        self._draw.line(scaled, fill=255, width=max(1, round(thickness * SUPERSAMPLING)), joint="curve")

    def alpha(self) -> NDArray[np.float32]:
        return np.asarray(self._image.reduce(SUPERSAMPLING), np.float32) / 255
