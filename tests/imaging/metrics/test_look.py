"""A photo's look is measured on scenes whose backdrop, contrast and tilt are known."""

from itertools import pairwise

import numpy as np
import pytest
from skimage.color import lab2rgb, rgb2lab

from pipeline.imaging.metrics.look import distance, measure_look, tilt
from tests.imaging import scenes

FRONT = scenes.front_glasses()


def photo(scene=FRONT, *, backdrop=(90.0, 0.0, 0.0), dark=20.0, bright=70.0):
    """A product half dark and half bright, in L*, before a backdrop of that L*, a*, b*."""
    lab = np.empty((*scene.alpha.shape, 3))
    lab[...] = backdrop
    inside = scene.alpha > 0
    upper = np.arange(len(scene.alpha))[:, None] < np.argwhere(inside)[:, 0].mean()
    lab[inside] = np.where(upper[..., None], (dark, 0, 0), (bright, 0, 0)).repeat(inside.shape[1], axis=1)[inside]
    return np.rint(lab2rgb(lab) * 255).astype(np.uint8)


def test_of_a_plain_photo_all_of_it_is_told():
    look = measure_look(photo(), FRONT.alpha, "front")
    assert look == pytest.approx({"lightness": 90, "a": 0, "b": 0, "shadow": 0, "contrast": 50, "tilt": 0}, abs=0.5)


@pytest.mark.parametrize("backdrop", [(60.0, 0.0, 0.0), (90.0, 4.0, 10.0), (80.0, -6.0, -8.0)])
def test_a_darkened_or_tinted_backdrop_is_told_by_how_much_and_changes_nothing_else(backdrop):
    look = measure_look(photo(backdrop=backdrop), FRONT.alpha, "front")
    assert [look[name] for name in ("lightness", "a", "b")] == pytest.approx(backdrop, abs=0.5)
    assert look["contrast"] == pytest.approx(50, abs=0.5)


def test_a_shadow_under_the_product_is_not_the_backdrop_s_brightness():
    plain, shaded = (measure_look(scenes.on_sweep(FRONT, shadow=share).rgb, FRONT.alpha, "front") for share in (0, 0.3))
    assert shaded["lightness"] == pytest.approx(plain["lightness"], abs=0.7)


@pytest.mark.parametrize("scene", [FRONT, scenes.watch_head()], ids=["glasses", "watch"])
def test_a_shadow_is_told_by_how_dark_it_is_and_a_sweep_without_one_has_none(scene):
    """At most as dark as where all of its light is lost; the sweep's own bend and slant are none of it."""
    told = [
        measure_look(scenes.on_sweep(scene, shadow=share).rgb, scene.alpha, "front")["shadow"]
        for share in (0, 0.1, 0.2, 0.4)
    ]
    full = [90.3 - rgb2lab(np.array([[[226 * (1 - share)] * 3]]) / 255)[0, 0, 0] for share in (0, 0.1, 0.2, 0.4)]
    assert told[0] < 1
    assert all(more - less > 2 for less, more in pairwise(told))
    assert all(0.4 * most < one < most for one, most in zip(told[1:], full[1:], strict=True))


def test_a_flat_product_has_less_contrast():
    look = measure_look(photo(dark=40, bright=50), FRONT.alpha, "front")
    assert look["contrast"] == pytest.approx(10, abs=0.5)


@pytest.mark.parametrize("degrees", [-8.0, -3.0, 0.0, 1.0, 3.0, 12.0])
@pytest.mark.parametrize("scene", [FRONT, scenes.folded_glasses()], ids=["open", "folded"])
def test_a_turned_pair_of_glasses_is_told_by_how_many_degrees(scene, degrees):
    assert tilt(scenes.with_roll(scene.alpha, degrees)) == pytest.approx(degrees, abs=0.3)


def test_a_watch_laid_straight_has_an_axis_and_its_bare_head_has_none():
    straight = np.zeros((400, 400), np.float32)
    straight[40:360, 160:240] = 1
    assert tilt(scenes.with_roll(straight, 3)) == pytest.approx(3, abs=0.3)
    assert tilt(scenes.watch_head().alpha) is None


@pytest.mark.parametrize(
    "alpha",
    [
        scenes.nothing().alpha,
        scenes.side_glasses().alpha,
        scenes.angled_glasses().alpha,
        scenes.with_roll(FRONT.alpha, 30),
    ],
    ids=["nothing", "from the side", "from an angle", "a pose"],
)
def test_where_there_is_no_clear_axis_no_tilt_is_told(alpha):
    assert tilt(alpha) is None


def test_a_thin_temple_hardly_moves_the_axis():
    assert tilt(scenes.with_roll(scenes.shield().alpha, 3)) == pytest.approx(3, abs=0.7)


@pytest.mark.parametrize("view", ["angle", "side", None])
def test_only_a_front_view_can_be_off_level(view):
    assert "tilt" not in measure_look(photo(), FRONT.alpha, view)


def test_what_is_not_there_is_not_measured():
    rgb = photo()
    assert "contrast" not in measure_look(rgb, np.zeros_like(FRONT.alpha), "front")
    assert "lightness" not in measure_look(rgb, np.ones_like(FRONT.alpha), "front")


def test_a_large_photo_looks_as_its_small_copy():
    large = scenes.front_glasses(width=2400, height=1800)
    assert measure_look(photo(large), large.alpha, "front") == pytest.approx(
        measure_look(photo(), FRONT.alpha, "front"), abs=0.6
    )


def test_the_distance_is_told_of_what_both_of_them_name():
    look = {"lightness": 86.0, "a": 3.0, "b": 4.0, "contrast": 40.0, "tilt": -2.1}
    reference = {"lightness": 90.0, "a": 0.0, "b": 0.0, "contrast": 45.0, "tilt": 5.0}
    assert distance(look, reference) == {"lightness": -4, "contrast": -5, "cast": 5, "tilt": -2.1}
    assert distance(look, {"tilt": 5.0}) == {"tilt": -2.1}
    assert distance({"contrast": 40.0}, reference) == {"contrast": -5}
