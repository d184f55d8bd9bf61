"""An answer's light on a photo's own pixels."""

import numpy as np
import pytest
from scipy import ndimage as ndi

from pipeline.imaging.light.transfer import transfer
from tests.imaging.scenes import angled_glasses, on_sweep

GLASSES = angled_glasses()
SWEEP = on_sweep(GLASSES, noise=2)


def detail(rgb: np.ndarray) -> np.ndarray:
    grey = rgb.mean(-1)
    return grey - ndi.gaussian_filter(grey, 2)


def test_an_answer_that_is_the_photo_changes_nothing():
    assert np.abs(transfer(SWEEP.rgb, SWEEP.rgb, GLASSES.alpha).astype(int) - SWEEP.rgb).max() <= 1


def test_light_and_colour_are_the_answers_and_the_detail_is_the_cameras():
    answer = ndi.gaussian_filter(SWEEP.rgb * np.array([0.8, 0.75, 0.6]), (1.5, 1.5, 0)).astype(np.uint8)
    lit = transfer(SWEEP.rgb, answer, GLASSES.alpha)
    for where in (GLASSES.alpha > 0.99, GLASSES.alpha < 0.01):
        assert np.allclose(lit[where].mean(0), answer[where].mean(0), atol=2)
    assert np.corrcoef(detail(lit).ravel(), detail(SWEEP.rgb).ravel())[0, 1] > 0.99


def test_invented_texture_is_not_taken():
    invented = np.random.default_rng(5).integers(-40, 40, SWEEP.rgb.shape)
    answer = (SWEEP.rgb.astype(int) + invented).clip(0, 255).astype(np.uint8)
    lit = transfer(SWEEP.rgb, answer, GLASSES.alpha)
    assert np.abs(lit.astype(int) - SWEEP.rgb).mean() < 2


def test_a_thin_dark_temple_stays_dark_before_a_backdrop_that_got_brighter():
    dark = on_sweep(GLASSES, product=(30, 30, 30), backdrop=(120, 120, 120), noise=0, shadow=0)
    bright = on_sweep(GLASSES, product=(30, 30, 30), backdrop=(235, 235, 235), noise=0, shadow=0)
    lit = transfer(dark.rgb, bright.rgb, GLASSES.alpha)
    is_temple = (GLASSES.alpha > 0.99) & (np.arange(800) < 200)
    is_backdrop = GLASSES.alpha == 0
    assert np.abs(lit[is_temple].astype(int) - 30).mean() < 6
    assert np.abs(lit[is_backdrop].astype(int) - bright.rgb[is_backdrop]).mean() < 6


@pytest.mark.parametrize(("rows", "columns"), [(1200, 1600), (300, 400), (1, 1)])
def test_the_photo_may_be_of_any_size(rows, columns):
    photo = np.full((rows, columns, 3), 90, np.uint8)
    lit = transfer(photo, np.full_like(SWEEP.rgb, 120), GLASSES.alpha)
    assert lit.shape == photo.shape and lit.dtype == np.uint8
    assert np.abs(lit.astype(int) - 120).max() <= 2


def test_the_same_photo_and_answer_give_the_same_pixels():
    answer = (SWEEP.rgb * 0.9).astype(np.uint8)
    assert np.array_equal(transfer(SWEEP.rgb, answer, GLASSES.alpha), transfer(SWEEP.rgb, answer, GLASSES.alpha))


def test_without_a_product_the_light_is_taken_all_the_same():
    lit = transfer(SWEEP.rgb, (SWEEP.rgb * 0.8).astype(np.uint8), np.zeros_like(GLASSES.alpha))
    assert abs(lit.mean() - 0.8 * SWEEP.rgb.mean()) < 3
