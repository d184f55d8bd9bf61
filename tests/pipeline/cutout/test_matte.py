"""The network and the backdrop together, with the real weights, on drawn scenes whose truth is known."""

import numpy as np
import pytest

from pipeline.cutout.matte import matte_once, scene_of
from pipeline.engines.rembg_matter import RembgMatter
from pipeline.imaging.types import ProductClass
from tests.imaging import scenes

pytestmark = pytest.mark.slow

PALE = {"product": (240, 240, 238), "backdrop": (228, 228, 226)}
DIM = {"product": (20, 20, 22), "backdrop": (46, 46, 48), "bend": 8}


def errors(photo: scenes.Studio, isnet: RembgMatter, product_class: ProductClass) -> tuple[float, float]:
    """Of our matte and of the bare network's: what is wrongly kept or lost, over the product's area."""
    ours = matte_once(scene_of(photo.rgb, product_class, "keep"), isnet)
    bare = isnet.matte(photo.rgb)
    ours_off, bare_off = (float(np.abs(matte.alpha - photo.alpha).sum() / photo.alpha.sum()) for matte in (ours, bare))
    return ours_off, bare_off


@pytest.mark.parametrize("look", [PALE, DIM], ids=["white on white", "dark on dark"])
@pytest.mark.parametrize("wire", [0.008, 0.003], ids=["stout", "thin"])
def test_glasses_that_are_hard_to_see_are_matted_better_than_by_the_bare_network(isnet, wire, look):
    product = scenes.angled_glasses(width=1600, height=1200, temple=wire, bridge=wire)
    ours, bare = errors(scenes.on_sweep(product, **look), isnet, "eyewear")
    assert ours < 0.03
    assert ours < 0.9 * bare


def test_a_dark_watch_on_black_is_matted_whole(isnet):
    ours, bare = errors(scenes.on_sweep(scenes.watch_head(size=1200), **DIM), isnet, "watch")
    assert ours < 0.01 and ours < bare


def test_before_a_textured_backdrop_the_matte_is_the_bare_networks(isnet):
    photo = scenes.on_sweep(scenes.angled_glasses(width=1000, height=750), grain=8)
    ours = matte_once(scene_of(photo.rgb, "eyewear", "keep"), isnet)
    assert np.array_equal(ours.alpha, isnet.matte(photo.rgb).alpha)


def test_a_photo_of_nothing_stays_nearly_empty(isnet):
    photo = scenes.on_sweep(scenes.nothing(width=1200, height=900))
    ours = matte_once(scene_of(photo.rgb, "eyewear", "keep"), isnet)
    assert (ours.alpha > 0.5).mean() < 0.002
