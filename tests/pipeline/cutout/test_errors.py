"""Where the network that finds errors sees them, with the real weights, on renders of products that it never saw."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage as ndi

from pipeline.cutout.matte import matte_by_difference, matte_once, scene_of
from pipeline.imaging.metrics.measure import MEASURED_SIZE
from pipeline.imaging.scale import shrink
from pipeline.imaging.types import ERRORS

pytestmark = pytest.mark.slow

PHOTOGRAPHS = Path(__file__).with_name("photographs")


@pytest.fixture(scope="module")
def photo():
    return np.asarray(Image.open(PHOTOGRAPHS / "watch-on-a-cushion.jpg").convert("RGB"))


@pytest.fixture(scope="module")
def truth():
    return np.asarray(Image.open(PHOTOGRAPHS / "watch-on-a-cushion.alpha.png"), np.float32) / np.float32(255)


@pytest.fixture(scope="module")
def matte(isnet, photo):
    return matte_once(scene_of(photo, "watch", "keep"), isnet)


def test_a_cushion_that_was_kept_is_told_and_shown(matte, truth):
    kept = shrink(np.where(ndi.binary_dilation(truth > 0.5, iterations=3), 0, matte.alpha), MEASURED_SIZE)
    found = matte.error_maps["extra"]
    assert found.shape == kept.shape and kept.sum() > 0.015 * shrink(truth, MEASURED_SIZE).sum()
    assert max(matte.likely_errors, key=lambda kind: matte.likely_errors[kind]) == "extra"
    assert matte.likely_errors["extra"] > 0.5
    cushion = ndi.binary_dilation(kept > 0.5, iterations=8)
    assert cushion[np.unravel_index(found.argmax(), found.shape)] and cushion.mean() < 0.2
    assert found[kept > 0.5].mean() > 3 * found[kept <= 0.5].mean()


def test_a_good_matte_has_no_likely_error(isnet):
    photo = np.asarray(Image.open(PHOTOGRAPHS / "clear-shield.jpg").convert("RGB"))
    likely = matte_once(scene_of(photo, "eyewear", "keep"), isnet).likely_errors
    assert set(likely) == set(ERRORS) and max(likely.values()) < 0.5


def test_what_rules_made_of_a_matte_keeps_its_likely_errors(matte, photo):
    again = matte_by_difference(scene_of(photo, "watch", "keep"), matte)
    assert again.likely_errors == matte.likely_errors and again.error_maps.keys() == matte.error_maps.keys()


def test_before_a_scene_nothing_is_told(isnet):
    scene = np.random.default_rng(3).integers(0, 255, (300, 400, 3), np.uint8)
    matte = matte_once(scene_of(scene, "watch", "keep"), isnet)
    assert not matte.likely_errors and not matte.error_maps
