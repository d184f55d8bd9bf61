"""Drawn products of any shape, on plain and less plain grounds: they keep the fusion from learning only what is sold.

python -m tests.training.drawn OUT --count 400
"""

import argparse
import os
from pathlib import Path
from typing import Any

import django
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage as ndi

from pipeline.cutout import matte_models
from pipeline.cutout.matte import scene_of
from pipeline.engines.protocols import Matter
from pipeline.imaging import framing
from pipeline.imaging.types import RGB, ProductClass
from tests.imaging import scenes
from tests.imaging.scenes import Scene
from tests.training.views import save

Alpha = NDArray[np.float32]
Generator = np.random.Generator

LEVELS = (255, 254, 250, 240, 225, 200, 128, 60, 20, 4, 0)


def make(out: Path, count: int, matter: Matter) -> None:
    for number in range(count):
        name = f"DRAWN{number:04d}"
        if not (out / f"{name}.json").exists():
            rng = np.random.default_rng(number)
            product_class, alpha = _product(rng)
            rgb = _photo(alpha, rng)
            scene = scene_of(rgb, product_class, "keep")
            row = {"name": name, "product": name, "kind": product_class, "ground": "drawn"}
            save(out, row, scene, alpha, matter)


def _product(rng: Generator) -> tuple[ProductClass, Alpha]:
    width = int(rng.uniform(420, 1100))
    shape: dict[str, Any] = {"width": width, "height": int(width * rng.uniform(0.6, 0.9))}
    temple = rng.uniform(0.004, 0.016)
    kind = rng.integers(8)
    glasses = (
        lambda: scenes.angled_glasses(**shape, temple=temple, bridge=rng.uniform(0.006, 0.02)),
        lambda: scenes.angled_glasses(**shape, temple=temple, is_double=True, is_folded=True),
        lambda: scenes.front_glasses(**shape, lens=rng.uniform(0.2, 0.32), gap=rng.uniform(0.05, 0.12)),
        lambda: scenes.side_glasses(**shape),
        lambda: scenes.folded_glasses(**shape, temple=temple + 0.004),
    )
    if kind < len(glasses):
        return "eyewear", _cropped(glasses[kind]().alpha, rng)
    if kind == len(glasses):
        return "watch", _cropped(_watch(width, rng), rng)
    return ("watch" if rng.random() < 0.3 else "eyewear"), _cropped(_anything(width, rng), rng)


def _watch(size: int, rng: Generator) -> Alpha:
    alpha = scenes.watch_head(size=size, radius=rng.uniform(0.15, 0.3)).alpha.copy()
    half, top = int(rng.uniform(0.08, 0.14) * size), int(rng.uniform(0.02, 0.2) * size)
    alpha[top : size - top, size // 2 - half : size // 2 + half] = 1
    return np.asarray(ndi.gaussian_filter(alpha, 0.6), np.float32)


def _anything(size: int, rng: Generator) -> Alpha:
    """Ellipses, polygons and lines about the middle, with holes: the largest piece of them."""
    picture = Image.new("L", (2 * size, 2 * size))
    draw = ImageDraw.Draw(picture)
    for _ in range(rng.integers(1, 8)):
        x, y = size + size * rng.normal(0, 0.2, 2)
        a, b = size * rng.uniform(0.05, 0.5, 2)
        points = [(x + a * rng.normal(), y + b * rng.normal()) for _ in range(rng.integers(3, 8))]
        kind = rng.integers(3)
        if kind == 0:
            draw.ellipse((x - a, y - b, x + a, y + b), 255)
        elif kind == 1:
            draw.polygon(points, 255)
        else:
            draw.line([(size, size), *points], 255, int(2 * size * rng.uniform(0.008, 0.05)), joint="curve")
    for _ in range(rng.integers(3)):
        x, y = size + size * rng.normal(0, 0.2, 2)
        radius = size * rng.uniform(0.03, 0.2)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), 0)
    alpha = np.asarray(picture.resize((size, size), Image.Resampling.BOX), np.float32) / 255
    margin = size // 25
    alpha = np.pad(alpha[margin:-margin, margin:-margin], margin)
    pieces, count = ndi.label(alpha > 0.2, np.ones((3, 3)))
    areas = np.bincount(pieces.ravel(), minlength=count + 1)
    areas[0] = 0
    return np.asarray(alpha * (pieces == areas.argmax()), np.float32)


def _cropped(alpha: Alpha, rng: Generator) -> Alpha:
    """Mirrored half the time; a third are cropped to the product."""
    if rng.random() < 0.5:
        alpha = alpha[:, ::-1]
    if rng.random() < 0.35 and (alpha > 0.02).any():
        box, margins = framing.bounding_box(alpha > 0.02), rng.choice([0, 0, 1, 3, 8], 4)
        rows = slice(max(0, box.y0 - margins[0]), box.y1 + margins[1])
        alpha = alpha[rows, max(0, box.x0 - margins[2]) : box.x1 + margins[3]]
    return np.ascontiguousarray(alpha)


def _photo(alpha: Alpha, rng: Generator) -> RGB:
    """Of any colour, often nearly the ground's; with prints, shadows, noise, now and then grain."""
    level = int(rng.choice(LEVELS))
    near = level + float(rng.choice([-14, -9, 9, 14]))
    colour = float(rng.choice([near, rng.uniform(0, 255), rng.uniform(0, 70), rng.uniform(190, 255)]))
    is_plain = rng.random() < 0.45
    photo = scenes.on_sweep(
        Scene(np.empty(0, np.uint8), alpha, None),
        product=_tinted(colour, rng),
        backdrop=_tinted(level, rng),
        bend=0 if is_plain else rng.uniform(0, 20),
        slant=0 if is_plain else rng.uniform(0, 8),
        shadow=float(rng.choice([0, 0, 0.08, 0.15, 0.3, 0.5])),
        blur=float(rng.choice([0.01, 0.02, 0.04])),
        noise=float(rng.choice([0, 0.3, 0.8, 1.5, 3])),
        grain=float(rng.choice([0, 0, 0, 0, 4])),
        seed=int(rng.integers(1 << 30)),
    )
    return _printed(photo.rgb, alpha, level, rng)


def _tinted(level: float, rng: Generator) -> tuple[float, float, float]:
    red, green, blue = level + (0 < level < 250) * rng.uniform(-6, 6, 3)
    return float(red), float(green), float(blue)


def _printed(rgb: RGB, alpha: Alpha, level: int, rng: Generator) -> RGB:
    """Marks within the product, some of the ground's own colour."""
    printed = rgb.astype(np.float32)
    is_inside = ndi.gaussian_filter(ndi.binary_erosion(alpha > 0.99, iterations=2).astype(np.float32), 0.7)
    height, width = alpha.shape
    rows, columns = np.ogrid[:height, :width]
    for _ in range(int(rng.choice([0, 0, 2, 5, 12]))):
        y, x = rng.uniform(0, height), rng.uniform(0, width)
        a, b = width * rng.uniform(0.004, 0.1, 2)
        mark = np.clip(3 * (1 - ((rows - y) / a) ** 2 - ((columns - x) / b) ** 2), 0, 1) * is_inside
        colour = _tinted(float(rng.choice([level, 255, 0, rng.uniform(0, 255)])), rng)
        printed += (mark * rng.uniform(0.5, 1))[..., None] * (np.array(colour, np.float32) - printed)
    return printed.clip(0, 255).astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=400)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    make(options.out, options.count, matte_models.matter())


if __name__ == "__main__":
    main()
