"""What the mending network is for, with the real weights, on renders of products that it never learnt from.

Rules and the matting network fail on each; the truth of each is known, since it is rendered with its alpha.
"""

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

pytestmark = pytest.mark.slow

PHOTOGRAPHS = Path(__file__).with_name("photographs")
CASES: list[tuple[str, ProductClass]] = [
    ("clear-shield", "eyewear"),
    ("clear-mirrored-in-the-ground", "eyewear"),
    ("watch-mirrored-in-the-ground", "watch"),
]


def off(name: str, product_class: ProductClass, isnet: RembgMatter) -> tuple[float, float]:
    """What is lost of the product, and what is kept beside it, over its area."""
    rgb = np.asarray(Image.open(PHOTOGRAPHS / f"{name}.jpg").convert("RGB"))
    alpha = matte_once(scene_of(rgb, product_class, "keep"), isnet).alpha
    truth = np.asarray(Image.open(PHOTOGRAPHS / f"{name}.alpha.png"), np.float32) / np.float32(255)
    lost = (truth - alpha)[ndi.binary_erosion(truth > 0.5, iterations=2)].clip(0).sum()
    kept = alpha[~ndi.binary_dilation(truth > 0.5, iterations=3)].sum()
    return float(lost / truth.sum()), float(kept / truth.sum())


@pytest.mark.parametrize(("name", "product_class"), CASES)
def test_clear_parts_are_kept_and_reflections_are_not(isnet, name, product_class):
    lost, kept = off(name, product_class, isnet)
    assert lost < 0.02 and kept < 0.02


@pytest.mark.parametrize(("name", "product_class"), CASES)
def test_without_it_each_would_be_sent_back(isnet, monkeypatch, name, product_class):
    monkeypatch.setattr(fusion_net, "mend", lambda evidence, seen: evidence[JOINED])
    monkeypatch.setattr("pipeline.cutout.matte.agreed", lambda mended, *_: mended)
    assert max(off(name, product_class, isnet)) > 0.02
