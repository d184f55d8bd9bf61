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


@dataclass(frozen=True)
class Studio(Scene):
    """A product before a sweep: also the sweep's true colour, shadow included, and where the shadow lies (0–1)."""

    sweep: NDArray[np.float32]
    shadow: NDArray[np.float32]


def angled_glasses(
    *,
    width: int = 800,
    height: int = 600,
    near: tuple[float, float] = (0.30, 0.42),
    far: tuple[float, float] = (0.47, 0.55),
    lens_height: float = 0.14,
    rim: float | None = None,
    bridge: float = 0.008,
    is_double: bool = False,
    temple: float = 0.008,
    temple_behind_bridge: bool = True,
    is_folded: bool = False,
) -> Scene:
    """Glasses turned to the right: the near lens left of the far one, the near temple reaching far to the left.

    `near` and `far` are the lenses' first and last columns, and all other lengths are fractions too, of the width. With
    a `rim` that thick the lenses are clear, so that only their rims are in the matte.
    """
    near_x, far_x = (np.array(span) * width for span in (near, far))
    middle, half = height / 2, lens_height * width / 2
    draw = _Drawing(width, height)
    draw.ellipse(near_x[0], middle - half, near_x[1], middle + half, rim and rim * width)
    draw.ellipse(far_x[0], middle - 0.9 * half, far_x[1], middle + 0.9 * half, rim and rim * width)
    for share in (-0.1, -0.7) if is_double else (-0.1,):
        inset = 2 + 0.5 * (1 - (1 - share**2) ** 0.5) * (near_x[1] - near_x[0])
        draw.line(
            [(near_x[1] - inset, middle + share * half), (far_x[0] + inset, middle + share * half)], bridge * width
        )
    if is_folded:
        draw.line([(near_x[0] + 4, middle), (far_x[1] - 4, middle + 0.3 * half)], temple * width)
        draw.line([(far_x[1] - 4, middle), (near_x[0] + 4, middle + 0.3 * half)], temple * width)
    else:
        draw.line(
            [(near_x[0] + 2, middle), (0.2 * width, middle - half), (0.08 * width, middle + half)], temple * width
        )
    if temple_behind_bridge and not is_folded:
        far_temple = [(far_x[1] - 4, middle - 0.3 * half), (0.4 * width, middle - half), (0.3 * width, middle - half)]
        draw.line(far_temple, temple * width)
    return _scene(draw.alpha(), bridge_x=float(near_x[1] + far_x[0]) / 2 - 0.5)


def front_glasses(*, width: int = 800, height: int = 600, lens: float = 0.28, gap: float = 0.1) -> Scene:
    """Glasses from the front: two lenses alike, the bridge in the middle."""
    draw = _Drawing(width, height)
    middle, half = height / 2, 0.4 * lens * width
    for side in (-1, 1):
        draw.ellipse(*_centred(width / 2 + side * (gap + lens) / 2 * width, middle, lens / 2 * width, half))
    draw.line([(width / 2 - gap * width / 2 - 2, middle), (width / 2 + gap * width / 2 + 2, middle)], 0.012 * width)
    return _scene(draw.alpha(), bridge_x=width / 2 - 0.5)


def side_glasses(*, width: int = 800, height: int = 600) -> Scene:
    """Glasses from the side: the lenses edge-on at the right, a temple that reaches far to the left."""
    draw = _Drawing(width, height)
    draw.ellipse(0.84 * width, 0.4 * height, 0.9 * width, 0.6 * height)
    draw.line(
        [(0.85 * width, 0.45 * height), (0.2 * width, 0.44 * height), (0.1 * width, 0.52 * height)], 0.015 * width
    )
    return _scene(draw.alpha(), bridge_x=None)


def shield(*, width: int = 800, height: int = 600) -> Scene:
    """Sport glasses: one lens across both eyes, and a temple."""
    draw = _Drawing(width, height)
    draw.ellipse(0.35 * width, 0.4 * height, 0.8 * width, 0.6 * height)
    draw.line([(0.36 * width, 0.5 * height), (0.1 * width, 0.52 * height)], 0.01 * width)
    return _scene(draw.alpha(), bridge_x=None)


def nothing(*, width: int = 400, height: int = 300) -> Scene:
    """No product."""
    return _scene(np.zeros((height, width), np.float32), bridge_x=None)


def watch_head(*, size: int = 400, radius: float = 0.25) -> Scene:
    """One solid disk in the middle."""
    draw = _Drawing(size, size)
    low, high = (0.5 - radius) * size, (0.5 + radius) * size
    draw.ellipse(low, low, high, high)
    return _scene(draw.alpha(), bridge_x=None)


def folded_glasses(*, width: int = 800, height: int = 600, temple: float = 0.012) -> Scene:
    """Two lenses from the front; each temple, folded down, encloses an opening with its lens."""
    draw = _Drawing(width, height)
    middle, half = height / 2, 0.1 * width
    for side in (-1, 1):
        draw.ellipse(*_centred(width / 2 + side * 0.16 * width, middle, 0.13 * width, half))
        hinge, elbow = width / 2 + side * 0.28 * width, width / 2 + side * 0.42 * width
        draw.line(
            [(hinge, middle), (elbow, middle), (hinge - side * 0.08 * width, middle + 1.4 * half)], temple * width
        )
        draw.line(
            [(hinge - side * 0.08 * width, middle + 1.4 * half), (width / 2, middle + 1.4 * half)], temple * width
        )
    draw.line([(width / 2 - 0.04 * width, middle), (width / 2 + 0.04 * width, middle)], 0.02 * width)
    return _scene(draw.alpha(), bridge_x=width / 2 - 0.5)


def on_sweep(
    scene: Scene,
    *,
    product: tuple[float, float, float] = (45, 40, 50),
    backdrop: tuple[float, float, float] = (226, 227, 224),
    bend: float = 14,
    slant: float = 6,
    shadow: float = 0.08,
    blur: float = 0.04,
    noise: float = 1.5,
    grain: float = 0,
    seed: int = 3,
) -> "Studio":
    """Compose a scene's product onto a studio sweep.

    The sweep is `backdrop` at the top left; it falls by `bend` levels to the bottom, most of that below 60 % of the
    height, and evenly by `slant` levels to the right. `shadow` is the share of the light that is lost under the
    product, `blur` the softness of the shadow's edge as a fraction of the width. `noise` is the sensor's, `grain` that
    of wood, both in levels.
    """
    rng = np.random.default_rng(seed)
    height, width = scene.alpha.shape
    falls = np.interp(np.linspace(0, 1, height), [0, 0.6, 1], [0, 0.2 * bend, bend])[:, None]
    falls = falls + np.linspace(0, slant, width)
    falls += grain * _wood(rng, height, width)
    shade = _shadow_under(scene.alpha, blur * width)
    sweep = (np.array(backdrop) - falls[..., None]) * (1 - shadow * shade[..., None])
    photo = scene.alpha[..., None] * np.array(product) + (1 - scene.alpha[..., None]) * sweep
    photo += rng.normal(0, noise, photo.shape)
    rgb = np.rint(photo).clip(0, 255).astype(np.uint8)
    return Studio(rgb, scene.alpha, scene.bridge_x, sweep.astype(np.float32), shade)


def with_halo(alpha: NDArray[np.float32], pixels: float) -> NDArray[np.float32]:
    """Blur the edge."""
    return np.asarray(ndi.gaussian_filter(alpha, pixels), np.float32)


def with_hole(alpha: NDArray[np.float32], y: int, x: int, radius: int, opacity: float = 0.5) -> NDArray[np.float32]:
    """Make a round place see-through."""
    rows, columns = np.ogrid[: alpha.shape[0], : alpha.shape[1]]
    return np.where((rows - y) ** 2 + (columns - x) ** 2 <= radius**2, opacity * alpha, alpha).astype(np.float32)


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


def with_roll(alpha: NDArray[np.float32], degrees: float) -> NDArray[np.float32]:
    """Turn the object about the picture's middle, clockwise."""
    return np.asarray(ndi.rotate(alpha, -degrees, reshape=False, order=1), np.float32)


def with_shift(alpha: NDArray[np.float32], pixels: int) -> NDArray[np.float32]:
    """Move the matte off the object."""
    return np.roll(alpha, pixels, axis=1)


def with_shadow(alpha: NDArray[np.float32], shadow: NDArray[np.float32], opacity: float) -> NDArray[np.float32]:
    """Keep the shadow under the object."""
    return np.maximum(alpha, opacity * shadow)


def with_fading(alpha: NDArray[np.float32], x: int, opacity: float) -> NDArray[np.float32]:
    """Fade the object left of a column, as a network does a temple that it half saw; at 0 it is missing."""
    faded = alpha.copy()
    faded[:, :x] *= opacity
    return faded


def _shadow_under(alpha: NDArray[np.float32], blur: float) -> NDArray[np.float32]:
    """A flat ellipse at the object's foot, blurred; its deepest place is 1."""
    if not alpha.any():
        return np.zeros_like(alpha)
    columns, rows = np.flatnonzero(alpha.any(0)), np.flatnonzero(alpha.any(1))
    draw = _Drawing(alpha.shape[1], alpha.shape[0])
    half = (columns[-1] - columns[0]) / 2
    draw.ellipse(*_centred((columns[0] + columns[-1]) / 2, rows[-1], 0.8 * half, 0.12 * half))
    shade = ndi.gaussian_filter(draw.alpha(), blur)
    return np.asarray(shade / shade.max(), np.float32)


def _wood(rng: np.random.Generator, height: int, width: int) -> NDArray[np.float64]:
    """Long veins of unit strength."""
    veins = ndi.gaussian_filter(rng.normal(size=(height, width)), (width / 100, width / 20))
    return np.asarray(veins / veins.std(), np.float64)


def _centred(x: float, y: float, half_width: float, half_height: float) -> tuple[float, float, float, float]:
    return x - half_width, y - half_height, x + half_width, y + half_height


def _scene(alpha: NDArray[np.float32], *, bridge_x: float | None) -> Scene:
    noise = np.random.default_rng(7).normal(0, 1, alpha.shape)
    grey = alpha * 60 + (1 - alpha) * 215 + noise
    return Scene(np.repeat(grey.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2), alpha, bridge_x)


class _Drawing:
    """Anti-aliased white shapes on black, in pixel units."""

    def __init__(self, width: int, height: int) -> None:
        self._image = Image.new("L", (width * SUPERSAMPLING, height * SUPERSAMPLING))
        self._draw = ImageDraw.Draw(self._image)

    def ellipse(self, x0: float, y0: float, x1: float, y1: float, rim: float | None = None) -> None:
        """A disk, or only its rim."""
        box = [v * SUPERSAMPLING for v in (x0, y0, x1, y1)]
        if rim:
            self._draw.ellipse(box, outline=255, width=round(rim * SUPERSAMPLING))
        else:
            self._draw.ellipse(box, fill=255)

    def line(self, points: list[tuple[float, float]], thickness: float) -> None:
        scaled = [(x * SUPERSAMPLING, y * SUPERSAMPLING) for x, y in points]
        self._draw.line(scaled, fill=255, width=max(1, round(thickness * SUPERSAMPLING)), joint="curve")

    def alpha(self) -> NDArray[np.float32]:
        return np.asarray(self._image.reduce(SUPERSAMPLING), np.float32) / np.float32(255)
