"""What the enhancer does to labelled photos, as they are and under simulated lights: colours and matte defects.

    .venv/bin/python -m tests.imaging.light.bench_enhance [FOLDER] [--lights NAME…] [--no-mattes]

FOLDER is as ../shared/tools/evaluate.py describes it. A photo is matted before and after only if it is changed.
"""

import argparse
import json
import os
import runpy
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab

from pipeline.cutout import matte_models
from pipeline.imaging.light.enhance import Diagnosis, diagnose, enhance
from pipeline.imaging.pictures.alpha_png import encode_alpha
from pipeline.imaging.types import RGB

SHARED = Path(__file__).parents[4] / "shared"
# Gains of the linear light, and the share of it that a grey veil takes.
LIGHTS: dict[str, tuple[tuple[float, float, float], float]] = {
    "as it is": ((1, 1, 1), 0),
    "warm": ((1, 0.78, 0.5), 0),
    "cool": ((0.6, 0.82, 1), 0),
    "green": ((0.8, 1, 0.72), 0),
    "dark": ((0.354, 0.354, 0.354), 0),
    "veil": ((1, 1, 1), 0.5),
}
VEIL = 0.25
# The last three in CIEDE2000 within the true matte: before to after, and before and after from the photo as it is.
HEAD = "name        light backdrop     gains           stops  veil shift   off left"


@dataclass(frozen=True)
class Photo:
    """A labelled photo, and the same under another light."""

    meta: dict[str, Any]
    original: RGB
    relit: RGB
    is_product: NDArray[np.bool_]


def relight(rgb: RGB, light: str) -> RGB:
    (gains, share) = LIGHTS[light]
    if light == "as it is":
        return rgb
    linear = (1 - share) * np.array(gains) * _decoded(rgb) + share * VEIL
    return np.rint(255 * _encoded(linear)).clip(0, 255).astype(np.uint8)


def _decoded(rgb: RGB) -> NDArray[np.float64]:
    share = rgb / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def _encoded(light: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def colour_shift(before: RGB, after: RGB, is_product: NDArray[np.bool_]) -> float:
    """CIEDE2000, the mean over the product."""
    return float(deltaE_ciede2000(rgb2lab(before[is_product]), rgb2lab(after[is_product])).mean())


def photos(folder: Path, light: str) -> Iterator[Photo]:
    for meta in map(json.loads, (folder / "meta.jsonl").read_text().splitlines()):
        rgb = np.asarray(Image.open(folder / f"{meta['name']}.jpg").convert("RGB"))
        alpha = np.asarray(Image.open(folder / f"{meta['name']}.alpha.png").convert("L"))
        yield Photo(meta, rgb, relight(rgb, light), alpha > 127)


class Judge:
    """Mattes photos with the real pipeline, and holds them against the truth."""

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        django.setup()
        self.folder = folder
        self.out = tempfile.TemporaryDirectory()
        self.judge_row = runpy.run_path(str(SHARED / "tools" / "evaluate.py"))["row"]

    def row(self, rgb: RGB, meta: dict[str, Any]) -> dict[str, Any]:
        """evaluate.py's row: its defects, its SAD and what the gate says."""
        from pipeline.cutout.examine import examine
        from pipeline.policies.shipped import shipped_policy

        matter, policy = matte_models.matter(), shipped_policy()
        # Without the second model: its mattes are for people only, and never the best.
        best = examine(rgb, matter, meta["kind"], meta["view"], policy).best
        (Path(self.out.name) / f"{meta['name']}.alpha.png").write_bytes(encode_alpha(best.alpha))
        report = {
            "confidence": best.score.confidence,
            "verdict": "publish" if best.verdict.publish else "review",
            "bridge_x": best.crop and best.crop.bridge_x,
            "crop": best.crop and ("sure" if best.crop.is_sure else "unsure"),
        }
        row: dict[str, Any] = self.judge_row(str(self.folder), self.out.name, meta, report)
        return row


def bench(folder: Path, light: str, judge: Judge | None) -> None:
    """Print what is changed under one light, and the sums."""
    print(f"\n{light}\n{HEAD}")
    shifts, defects = [], np.zeros(2, int)
    for photo in photos(folder, light):
        diagnosis, after = diagnose(photo.relit), enhance(photo.relit)
        shifts.append(colour_shift(photo.relit, after, photo.is_product))
        if diagnosis.is_fine:
            continue
        line = _line(photo, diagnosis, shifts[-1], after)
        if judge:
            rows = [judge.row(rgb, photo.meta) for rgb in (photo.relit, after)]
            defects += [bool(row["defects"]) for row in rows]
            line += "  " + " → ".join(_in_words(row) for row in rows)
        print(line, flush=True)
    print(
        f"{np.count_nonzero(shifts)} of {len(shifts)} changed, by at most {max(shifts):.1f} ΔE; of these defective: ",
        end="",
    )
    print("not asked" if judge is None else f"{defects[0]} → {defects[1]}")


def _line(photo: Photo, diagnosis: Diagnosis, shift: float, after: RGB) -> str:
    meta, gains = photo.meta, " ".join(f"{gain:.2f}" for gain in diagnosis.gains)
    off, left = (colour_shift(photo.original, rgb, photo.is_product) for rgb in (photo.relit, after))
    what = f"{meta['name']:11s} {meta['light']:5s} {meta['backdrop']:12s} {gains} {diagnosis.stops:6.2f}"
    return f"{what} {diagnosis.veil:5.3f} {shift:5.1f}  {off:4.1f} {left:4.1f}"


def _in_words(row: dict[str, Any]) -> str:
    return f"{','.join(row['defects']) or 'good'} (SAD {row['sad']:.3f}, {row['verdict']} {row['confidence']:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=SHARED / "bench" / "dev")
    parser.add_argument("--lights", nargs="+", choices=LIGHTS, default=list(LIGHTS))
    parser.add_argument("--no-mattes", action="store_true", help="colours only")
    options = parser.parse_args()
    judge = None if options.no_mattes else Judge(options.folder)
    for light in options.lights:
        bench(options.folder, light, judge)


if __name__ == "__main__":
    main()
