"""What the mending network is for, with the real weights: on renders of products that it never learnt from, and drawn.

Rules and the matting network fail on each; the truth of each is known, since it is rendered or drawn with its alpha.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage as ndi

from pipeline.cutout.matte import matte_once, scene_of
from pipeline.engines import fusion_net
from pipeline.engines.rembg_matter import RembgMatter
from pipeline.imaging.matte.evidence import JOINED
from pipeline.imaging.types import ProductClass
from tests.imaging import scenes
from tests.imaging.scenes import Scene

pytestmark = pytest.mark.slow

PHOTOGRAPHS = Path(__file__).with_name("photographs")


def photograph(name: str) -> Scene:
    rgb = np.asarray(Image.open(PHOTOGRAPHS / f"{name}.jpg").convert("RGB"))
    return Scene(rgb, np.asarray(Image.open(PHOTOGRAPHS / f"{name}.alpha.png"), np.float32) / np.float32(255), None)


def printed() -> Scene:
    """Dark glasses before white: white stripes across a temple, a white reflection in the near lens."""
    glasses = scenes.angled_glasses(width=900, height=640, temple=0.014)
    photo = scenes.on_sweep(glasses, backdrop=(255, 255, 255), bend=0, slant=0, noise=0.4, shadow=0.1)
    inside = ndi.binary_erosion(glasses.alpha > 0.5, iterations=3)
    rows, columns = np.mgrid[:640, :900]
    lens = np.hypot(rows - 316, columns - 324) < 30
    rgb = photo.rgb.copy()
    rgb[inside & (columns // 6 % 2 == 0) & (columns < 270)] = 250
    rgb[inside & lens] = 253
    return Scene(rgb, glasses.alpha, None)


def off(photo: Scene, product_class: ProductClass, isnet: RembgMatter) -> tuple[float, float]:
    """What is lost of the product, and what is kept beside it, over its area."""
    alpha, truth = matte_once(scene_of(photo.rgb, product_class, "keep"), isnet).alpha, photo.alpha
    lost = (truth - alpha)[ndi.binary_erosion(truth > 0.5, iterations=2)].clip(0).sum()
    kept = alpha[~ndi.binary_dilation(truth > 0.5, iterations=3)].sum()
    return float(lost / truth.sum()), float(kept / truth.sum())


CASES: dict[str, tuple[ProductClass, Callable[[], Scene]]] = {
    "clear-shield": ("eyewear", partial(photograph, "clear-shield")),
    "clear-mirrored-in-the-ground": ("eyewear", partial(photograph, "clear-mirrored-in-the-ground")),
    "watch-mirrored-in-the-ground": ("watch", partial(photograph, "watch-mirrored-in-the-ground")),
    "white-print-on-dark-parts": ("eyewear", printed),
}


@pytest.fixture(params=CASES)
def case(request) -> tuple[Scene, ProductClass]:
    product_class, photo = CASES[request.param]
    return photo(), product_class


def test_clear_parts_and_prints_are_kept_and_reflections_are_not(isnet, case):
    lost, kept = off(*case, isnet)
    assert lost < 0.02 and kept < 0.02


def test_without_it_each_would_be_sent_back(isnet, monkeypatch, case):
    mend = fusion_net.mend
    monkeypatch.setattr(
        fusion_net, "mend", lambda evidence, seen: replace(mend(evidence, seen), alpha=evidence[JOINED])
    )
    monkeypatch.setattr("pipeline.cutout.matte.agreed", lambda mended, *_: mended)
    assert max(off(*case, isnet)) > 0.02
