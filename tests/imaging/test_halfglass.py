import numpy as np
import pytest

from pipeline.imaging.halfglass import find_crop
from tests.imaging import scenes

WIDTHS_AWAY = 0.01


def span(alpha):
    columns = np.flatnonzero((alpha > 0.5).any(0))
    return columns[0], columns[-1]


def assert_bridge_found(scene):
    crop = find_crop(scene.alpha)
    first, last = span(scene.alpha)
    assert crop is not None and crop.is_sure
    assert abs(crop.bridge_x - scene.bridge_x) <= WIDTHS_AWAY * (last - first)


@pytest.mark.parametrize("far", [(0.45, 0.56), (0.47, 0.55), (0.48, 0.53)], ids=["slight", "middling", "strong"])
def test_the_bridge_is_found_at_every_turn_of_the_head(far):
    assert_bridge_found(scenes.angled_glasses(far=far))


@pytest.mark.parametrize("temple", [0.004, 0.012])
@pytest.mark.parametrize("is_behind", [True, False])
def test_temples_do_not_draw_the_bridge_away(temple, is_behind):
    assert_bridge_found(scenes.angled_glasses(temple=temple, temple_behind_bridge=is_behind))


def test_the_same_share_of_the_width_is_found_at_four_megapixels():
    assert_bridge_found(scenes.angled_glasses(width=2300, height=1740))


def test_a_mirrored_matte_mirrors_the_answer():
    scene = scenes.angled_glasses()
    crop, mirrored = find_crop(scene.alpha), find_crop(scene.alpha[:, ::-1])
    assert mirrored.bridge_x == pytest.approx(scene.alpha.shape[1] - 1 - crop.bridge_x, abs=1)
    assert abs((mirrored.box.x1 - mirrored.box.x0) - (crop.box.x1 - crop.box.x0)) <= 3


def test_the_box_holds_the_nearer_half_from_the_temples_end_to_the_bridge():
    scene = scenes.angled_glasses()
    crop = find_crop(scene.alpha)
    first, _ = span(scene.alpha)
    assert crop.box.x1 == round(crop.bridge_x)
    assert first - 8 <= crop.box.x0 <= first
    outside = scene.alpha.copy()
    outside[crop.box.y0 : crop.box.y1, crop.box.x0 : crop.box.x1] = 0
    assert outside[:, : crop.box.x1].max() < 0.5


def test_a_far_away_prop_changes_neither_bridge_nor_box():
    scene = scenes.angled_glasses()
    plain = find_crop(scene.alpha)
    scene.alpha[540:590, 700:790] = 1
    crop = find_crop(scene.alpha)
    assert crop.bridge_x == pytest.approx(plain.bridge_x, abs=2)
    assert crop.box.x0 == pytest.approx(plain.box.x0, abs=4)
    assert crop.box.y1 < 540


def test_a_temple_torn_off_by_a_hairline_stays_in_the_box():
    scene = scenes.angled_glasses()
    plain, torn = find_crop(scene.alpha), find_crop(scenes.with_cut(scene.alpha, 225, 4))
    assert torn.box.x0 == pytest.approx(plain.box.x0, abs=2)


def test_eaten_highlights_in_the_lenses_change_nothing():
    scene = scenes.angled_glasses()
    bitten = scenes.with_hole(scene.alpha, 300, 290, 12) * (scenes.with_hole(scene.alpha, 290, 410, 6) > 0.5)
    assert find_crop(bitten).bridge_x == pytest.approx(scene.bridge_x, abs=3)


def test_lenses_that_the_matte_does_not_join_are_not_sure():
    scene = scenes.angled_glasses(temple_behind_bridge=False)
    crop = find_crop(scenes.with_cut(scene.alpha, round(scene.bridge_x) - 3, 6))
    assert crop is not None and not crop.is_sure


def test_one_body_has_no_bridge():
    assert find_crop(scenes.watch_head().alpha) is None


def test_an_empty_matte_has_no_bridge():
    assert find_crop(np.zeros((60, 80), np.float32)) is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1)])
def test_a_full_matte_of_any_shape_has_no_bridge(shape):
    assert find_crop(np.ones(shape, np.float32)) is None
