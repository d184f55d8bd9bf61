import numpy as np
import pytest
from scipy import ndimage as ndi

from pipeline.imaging.matte.backdrop import fit_backdrop
from pipeline.imaging.matte.difference import distance_from, fuse, overruled
from pipeline.imaging.matte.refine import SNAP_LOW
from pipeline.imaging.types import ProductClass
from tests.imaging import scenes
from tests.imaging.scenes import Scene, Studio

# 384 px, so that the fitted backdrop has the photo's own pixels.
ANGLED = scenes.angled_glasses(width=384, height=288, temple=0.012)
FOLDED = scenes.folded_glasses(width=384, height=288)
WATCH = scenes.watch_head(size=384)


def fused(photo: Studio, prior: np.ndarray, product_class: ProductClass = "eyewear") -> np.ndarray:
    backdrop = fit_backdrop(photo.rgb)
    distance = distance_from(photo.rgb, backdrop.colour, backdrop.is_reached)
    return fuse(prior, distance, backdrop.doubt, backdrop.is_reached, product_class)


def is_outside(truth: np.ndarray) -> np.ndarray:
    return ~ndi.binary_dilation(truth > 0.5, iterations=4)


@pytest.mark.parametrize("product", [ANGLED, FOLDED, WATCH], ids=["angled", "folded", "watch"])
@pytest.mark.parametrize(("shadow", "blur"), [(0.1, 0.04), (0.3, 0.012), (0.5, 0.012)])
def test_a_shadow_at_the_foot_is_not_taken_for_product(product, shadow, blur):
    photo = scenes.on_sweep(product, shadow=shadow, blur=blur)
    alpha = fused(photo, photo.alpha, "watch" if product is WATCH else "eyewear")
    assert alpha[is_outside(photo.alpha)].sum() < 0.01 * photo.alpha.sum()


@pytest.mark.parametrize("opacity", [0.4, 0.2])
@pytest.mark.parametrize("colour", [(45, 40, 50), (239, 240, 238)], ids=["dark", "white"])
def test_a_thin_temple_that_the_network_half_saw_is_whole(opacity, colour):
    photo = scenes.on_sweep(ANGLED, product=colour)
    alpha = fused(photo, scenes.with_fading(photo.alpha, 111, opacity))
    temple = ndi.binary_erosion(photo.alpha > 0.9) & (np.arange(384) < 111)
    assert np.mean(alpha[temple] > 0.75) > 0.98
    assert alpha[is_outside(photo.alpha)].sum() < 0.01 * photo.alpha.sum()


def test_what_a_watch_encloses_belongs_to_it():
    photo = scenes.on_sweep(WATCH)
    prior = scenes.with_hole(photo.alpha, 192, 192, 50, 0)
    assert fused(photo, prior, "watch")[photo.alpha == 1].min() > 0.95


def test_openings_in_eyewear_stay_open():
    photo = scenes.on_sweep(FOLDED)
    is_opening = ndi.binary_fill_holes(photo.alpha > 0.5) & is_outside(photo.alpha)
    assert is_opening.sum() > 500, "the scene is meant to have openings"
    assert fused(photo, photo.alpha, "eyewear")[is_opening].mean() < 0.01
    assert fused(photo, photo.alpha, "watch")[is_opening].mean() < 0.01


def test_a_shadow_in_an_opening_gets_no_surer_than_the_network_was():
    photo = scenes.on_sweep(FOLDED, product=(239, 240, 238), shadow=0.3, blur=0.012)
    is_opening = ndi.binary_fill_holes(photo.alpha > 0.5) & is_outside(photo.alpha)
    prior = np.maximum(photo.alpha, 0.2 * photo.shadow * is_opening)
    assert fused(photo, prior)[is_opening].sum() < 1.05 * prior[is_opening].sum()


@pytest.mark.parametrize("opacity", [0.1, 0.3, 0.9])
def test_nothing_hangs_in_the_air(opacity):
    spot = np.zeros_like(ANGLED.alpha)
    spot[40:48, 250:258] = 1
    photo = scenes.on_sweep(Scene(ANGLED.rgb, np.maximum(ANGLED.alpha, spot), None))
    alpha = fused(photo, np.maximum(ANGLED.alpha, opacity * spot))
    assert alpha[ndi.binary_dilation(spot > 0, iterations=6)].max() < SNAP_LOW
    assert np.abs(alpha - ANGLED.alpha).mean() < 0.005


def test_a_faint_network_is_believed_where_the_backdrop_agrees():
    photo = scenes.on_sweep(WATCH)
    assert fused(photo, 0.65 * photo.alpha)[photo.alpha == 1].min() > 0.95


def test_haze_over_open_backdrop_is_cleared():
    photo = scenes.on_sweep(ANGLED)
    alpha = fused(photo, scenes.with_haze(photo.alpha, 0.5))
    assert alpha[-20:].max() < SNAP_LOW


PRIORS = {
    "nothing": np.zeros((288, 384), np.float32),
    "everything": np.ones((288, 384), np.float32),
    "half": np.full((288, 384), 0.5, np.float32),
    "noise": np.random.default_rng(0).random((288, 384), np.float32),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("product_class", ["eyewear", "watch"])
@pytest.mark.parametrize("prior", PRIORS.values(), ids=PRIORS)
def test_opacity_stays_in_range_whatever_the_network_says(prior, product_class):
    alpha = fused(scenes.on_sweep(ANGLED), prior, product_class)
    assert alpha.dtype == np.float32 and alpha.shape == prior.shape
    assert alpha.min() >= 0 and alpha.max() <= 1


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("shape", [(16, 16), (16, 64), (64, 16)], ids=str)
@pytest.mark.parametrize("product_class", ["eyewear", "watch"])
def test_tiny_photos_are_joined_too(shape, product_class):
    alpha = np.zeros(shape, np.float32)
    alpha[5:9, 5:9] = 1
    rgb = np.where(alpha[..., None] > 0, 30, 220).astype(np.uint8).repeat(3, axis=2)
    assert np.isfinite(fused(Studio(rgb, alpha, None, alpha, alpha), alpha, product_class)).all()


def test_what_the_network_said_and_was_not_followed_in_is_told():
    alpha = np.zeros((40, 50), np.float32)
    alpha[10:30, 10:40] = 1
    lost, kept = alpha.copy(), alpha.copy()
    lost[10:30, 10:25] = 0
    kept[30:40, 10:40] = 0.9
    assert overruled(alpha, alpha) == 0
    assert overruled(alpha, lost) == overruled(alpha, kept) == 0.5
    assert overruled(np.zeros_like(alpha), alpha) == 0
