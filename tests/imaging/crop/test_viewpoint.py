import numpy as np
import pytest

from pipeline.imaging.crop.halfglass import find_crop
from pipeline.imaging.crop.viewpoint import seen_view
from pipeline.imaging.types import Crop, CropBox
from tests.imaging import scenes


def seen(alpha):
    return seen_view(alpha, find_crop(alpha))


@pytest.mark.parametrize(
    ("scene", "view"),
    [
        (scenes.front_glasses(), "front"),
        (scenes.angled_glasses(), "angle"),
        (scenes.angled_glasses(far=(0.45, 0.56)), "angle"),
        (scenes.angled_glasses(rim=0.01), "angle"),
        (scenes.side_glasses(), "side"),
        (scenes.shield(), None),
        (scenes.nothing(), None),
    ],
    ids=["front", "angle", "slightly turned", "clear lenses", "side", "shield", "nothing"],
)
def test_a_view_is_told_from_the_matte_or_left_open(scene, view):
    assert seen(scene.alpha) == view
    assert seen(scene.alpha[:, ::-1]) == view


@pytest.mark.parametrize("degrees", [-4, 4])
def test_a_front_view_that_is_not_quite_level_is_still_one(degrees):
    assert seen(scenes.with_roll(scenes.front_glasses().alpha, degrees)) == "front"


def test_a_deep_lens_and_both_temples_are_still_seen_from_the_side():
    alpha = np.zeros((300, 800), np.float32)
    alpha[60:240, 40:190] = 1  # a shield that reaches round
    for top in (60, 130):
        alpha[top : top + 50, 190:760] = 1
    assert seen(alpha) == seen(alpha[:, ::-1]) == "side"


def test_a_bridge_in_doubt_tells_no_view():
    unsure = Crop(20.0, CropBox(0, 0, 60, 80), "left", doubt="lenses-unlike")
    assert seen_view(np.ones((60, 80), np.float32), unsure) is None
