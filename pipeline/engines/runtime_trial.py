"""One runtime tried on one drawn photo, in a process of its own; run by runtime_check.

python -m pipeline.engines.runtime_trial RUNTIME NAME MODEL_FILE RESULT.npz
"""

import statistics
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from pipeline.engines.rembg_matter import RembgMatter
from pipeline.engines.runtime_check import Runtime
from pipeline.imaging.types import RGB

RUNS = 3


def drawn_photo() -> RGB:
    """Sunglasses on a pale sweep, which leave neither model in doubt."""
    width, height = 1200, 900
    sweep = np.linspace(235, 205, height, dtype=np.uint8)[:, None, None]
    image = Image.fromarray(np.broadcast_to(sweep, (height, width, 3)).copy())
    draw = ImageDraw.Draw(image)
    rim = (52, 38, 30)
    for left in (210, 650):
        draw.ellipse((left, 330, left + 340, 600), fill=(40, 44, 48), outline=rim, width=26)
    draw.arc((520, 380, 680, 520), 180, 360, fill=rim, width=22)
    for outer, hinge in ((130, 214), (1070, 986)):
        draw.line((outer, 400, hinge, 440), fill=rim, width=24)
    return np.asarray(image.filter(ImageFilter.GaussianBlur(1.2)))


def main(runtime: Runtime, name: str, model_file: str, result: str) -> None:
    # One thread, as a worker has.
    matter = RembgMatter(name=name, model_file=Path(model_file), threads=1, runtime=runtime)
    photo = drawn_photo()
    matter.matte(photo)  # the first run is the slow one
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        alpha = matter.matte(photo).alpha
        seconds.append(time.perf_counter() - start)
    np.savez(result, alpha=alpha, seconds=statistics.median(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])  # type: ignore[arg-type]
