"""What becomes of a network's mistakes that real catalogue photos show again and again; each scene's truth is drawn."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage as ndi

from pipeline.cutout.matte import Scene as Seen
from pipeline.cutout.matte import matte_once, scene_of
from pipeline.imaging import framing
from pipeline.imaging.metrics.border import border_touch
from pipeline.imaging.types import RGB, Matte, ProductClass
from tests.imaging import scenes
from tests.imaging.scenes import Scene

Alpha = NDArray[np.float32]
Mask = NDArray[np.bool_]

WHITE: dict[str, Any] = {"backdrop": (255, 255, 255), "bend": 0, "slant": 0, "noise": 0.4, "shadow": 0}
FOLDED = scenes.folded_glasses(width=900, height=640)
ANGLED = scenes.angled_glasses(width=900, height=640, temple=0.014)
WATCH = scenes.watch_head(size=700)


class Told:
    """A network that says of a scene what a test wants it to say."""

    name, sha256 = "told", "0" * 64

    def __init__(self, seen: Seen, prior: Alpha) -> None:
        self.seen, self.prior = seen, prior

    def matte(self, rgb: RGB) -> Matte:
        alpha = np.zeros(rgb.shape[:2], np.float32)
        size = alpha[self.seen.inner].shape
        alpha[self.seen.inner] = framing.look_at_fit(self.prior, self.seen.window, self.prior.shape, size).clip(0, 1)
        return Matte(alpha, 0.0, 1.0)


def matted(rgb: RGB, prior: Alpha, product_class: ProductClass = "eyewear") -> Alpha:
    seen = scene_of(rgb, product_class, "keep")
    return matte_once(seen, Told(seen, prior)).alpha


def is_outside(truth: Alpha) -> Mask:
    return ~ndi.binary_dilation(truth > 0.5, iterations=5)


def is_inside(truth: Alpha) -> Mask:
    return np.asarray(ndi.binary_erosion(truth > 0.5, iterations=2), np.bool_)


def is_opening(truth: Alpha) -> Mask:
    return np.asarray(ndi.binary_fill_holes(truth > 0.5), np.bool_) & is_outside(truth)


def assert_clean(alpha: Alpha, truth: Alpha) -> None:
    """What a shop wouldn't send back: nothing of it lost, no backdrop kept."""
    assert np.mean(alpha[is_inside(truth)] > 0.75) > 0.98
    assert alpha[is_outside(truth)].sum() < 0.01 * truth.sum()


@pytest.mark.parametrize("haze", [0.2, 0.3])
@pytest.mark.parametrize("colour", [(45, 40, 50), (150, 60, 40)], ids=["dark", "red"])
def test_bare_backdrop_in_an_opening_is_open_though_the_network_leaves_haze(haze, colour):
    photo = scenes.on_sweep(FOLDED, product=colour, **WHITE)
    prior = np.maximum(photo.alpha, haze * is_opening(photo.alpha))
    assert_clean(matted(photo.rgb, prior), photo.alpha)


def test_in_a_tight_crop_the_network_is_believed_of_an_opening():
    truth = tight(FOLDED.alpha, 0)
    photo = scenes.on_sweep(Scene(FOLDED.rgb, truth, None), backdrop=(236, 236, 234), bend=10, slant=6, noise=1)
    assert_clean(matted(photo.rgb, truth), truth)


def test_a_dark_sharp_temple_at_the_foot_is_no_shadow():
    truth = np.ascontiguousarray(ANGLED.alpha)
    is_foot = np.arange(len(truth))[:, None] > np.flatnonzero((truth > 0.5).any(1))[-1] - 70
    is_temple = is_foot & (np.arange(truth.shape[1]) < 0.28 * truth.shape[1])
    photo = scenes.on_sweep(ANGLED, **{**WHITE, "shadow": 0.12})
    assert_clean(matted(photo.rgb, np.where(is_temple, np.float32(0.3) * truth, truth)), truth)


def test_white_on_white_is_kept_by_its_faint_edges():
    photo = scenes.on_sweep(WATCH, product=(250, 250, 249), **WHITE)
    rim = WATCH.alpha - ndi.gaussian_filter(WATCH.alpha, 4)
    rgb = (photo.rgb - 40 * rim.clip(0, 1)[..., None]).clip(0, 255).astype(np.uint8)
    assert_clean(matted(rgb, scenes.with_hole(WATCH.alpha, 350, 350, 120, 0.45), "watch"), WATCH.alpha)


@pytest.mark.parametrize("margin", [0, 1])
@pytest.mark.parametrize("look", [WHITE, {"backdrop": (226, 227, 224)}], ids=["white", "sweep"])
def test_a_tight_crop_is_matted_like_any_other_and_is_not_called_cut(look, margin):
    truth = tight(scenes.front_glasses(width=900, height=640).alpha, margin)
    photo = scenes.on_sweep(Scene(ANGLED.rgb, truth, None), **look)
    alpha = matted(photo.rgb, truth)
    assert_clean(alpha, truth)
    assert border_touch(alpha) == 0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("shape", [(16, 16), (16, 64), (64, 16), (33, 700)], ids=str)
@pytest.mark.parametrize("level", [0, 220])
def test_tiny_photos_are_matted_too(shape, level):
    rgb = np.full((*shape, 3), level, np.uint8)
    rgb[5:9, 5:9] = 120
    assert np.isfinite(matted(rgb, np.zeros(shape, np.float32))).all()


def tight(truth: Alpha, margin: int) -> Alpha:
    """Cropped to the product, and that many pixels."""
    box = framing.bounding_box(truth > 0.5)
    return np.ascontiguousarray(truth[box.y0 - margin : box.y1 + margin, box.x0 - margin : box.x1 + margin])
