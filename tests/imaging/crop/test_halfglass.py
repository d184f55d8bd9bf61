import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.imaging.crop.halfglass import crop_at, find_crop, half_box
from pipeline.imaging.framing import bounding_box
from pipeline.imaging.types import Crop, CropBox
from tests.imaging import scenes

WIDTHS_AWAY = 0.005


def span(alpha):
    columns = np.flatnonzero((alpha > 0.5).any(0))
    return columns[0], columns[-1]


def assert_bridge_found(scene, alpha=None):
    crop = find_crop(scene.alpha if alpha is None else alpha)
    first, last = span(scene.alpha)
    assert crop is not None and crop.is_sure
    assert abs(crop.bridge_x - scene.bridge_x) <= WIDTHS_AWAY * (last - first)


@st.composite
def glasses(draw):
    """How to draw angled glasses of any yaw, lens shape, rim, bridge and temple."""
    gap = draw(st.floats(0.03, 0.06))
    near = draw(st.floats(0.1, 0.16))
    far_end = 0.42 + gap + near * draw(st.floats(0.4, 0.85))
    return {
        "near": (0.42 - near, 0.42),
        "far": (0.42 + gap, far_end),
        "lens_height": draw(st.floats(0.08, 0.14)),
        "rim": draw(st.sampled_from([None, 0.006, 0.012])),
        "bridge": draw(st.floats(0.005, 0.012)),
        "is_double": draw(st.booleans()),
        "temple": draw(st.floats(0.004, 0.012)),
        "temple_behind_bridge": draw(st.booleans()),
    }


few = settings(max_examples=25, deadline=None, derandomize=True)


@few
@given(glasses())
def test_the_bridge_of_any_angled_glasses_is_found_and_sure(drawn):
    assert_bridge_found(scenes.angled_glasses(**drawn))


@few
@given(glasses())
def test_a_mirrored_matte_mirrors_the_answer(drawn):
    scene = scenes.angled_glasses(**drawn)
    crop, mirrored = find_crop(scene.alpha), find_crop(scene.alpha[:, ::-1])
    assert mirrored.bridge_x == pytest.approx(scene.alpha.shape[1] - 1 - crop.bridge_x, abs=1)
    assert {crop.near, mirrored.near} == {"left", "right"}
    assert mirrored.is_sure == crop.is_sure
    assert abs((mirrored.product.x1 - mirrored.product.x0) - (crop.product.x1 - crop.product.x0)) <= 3


@few
@given(glasses(), st.sampled_from([2, 3]))
def test_scaling_a_matte_scales_the_answer(drawn, times):
    scene = scenes.angled_glasses(**drawn)
    crop = find_crop(scene.alpha)
    scaled = find_crop(scene.alpha.repeat(times, axis=0).repeat(times, axis=1))
    assert scaled.bridge_x == pytest.approx(times * (crop.bridge_x + 0.5) - 0.5, abs=2 * times)
    assert (scaled.near, scaled.is_sure) == (crop.near, crop.is_sure)


@few
@given(glasses(), st.integers(10, 110), st.integers(10, 780))
def test_a_far_away_speck_changes_nothing(drawn, y, x):
    scene = scenes.angled_glasses(**drawn)
    speckled = scene.alpha.copy()
    speckled[y : y + 5, x : x + 5] = 1
    assert find_crop(speckled) == find_crop(scene.alpha)


@few
@given(glasses(), st.floats(-10, 10))
def test_the_bridge_turns_with_the_frame(drawn, degrees):
    scene = scenes.angled_glasses(**drawn)
    turned = scenes.with_roll(scene.alpha, degrees)
    first, last = span(turned)
    middle = (scene.alpha.shape[1] - 1) / 2
    expected = middle + (scene.bridge_x - middle) * np.cos(np.deg2rad(degrees))
    crop = find_crop(turned)
    assert crop.is_sure
    assert abs(crop.bridge_x - expected) <= 0.015 * (last - first)


def test_folded_temples_do_not_draw_the_bridge_away():
    assert_bridge_found(scenes.angled_glasses(is_folded=True))


def test_the_same_share_of_the_width_is_found_at_four_megapixels():
    assert_bridge_found(scenes.angled_glasses(width=2300, height=1740))


def test_one_lens_kept_and_the_other_one_cut_out_are_still_a_pair():
    solid, rims = scenes.angled_glasses(), scenes.angled_glasses(rim=0.01)
    half_cut = np.where(np.arange(800) < solid.bridge_x, solid.alpha, rims.alpha)
    assert_bridge_found(solid, half_cut)


def test_a_prop_as_large_as_a_lens_is_not_taken_for_one():
    scene = scenes.angled_glasses()
    with_ball = scenes.angled_glasses().alpha
    rows, columns = np.ogrid[:600, :800]
    with_ball[(rows - 330) ** 2 + (columns - 120) ** 2 < 45**2] = 1
    assert_bridge_found(scene, with_ball)


def test_a_far_away_prop_stays_out_of_the_crop():
    scene = scenes.angled_glasses()
    plain = find_crop(scene.alpha)
    scene.alpha[540:590, 700:790] = 1
    crop = find_crop(scene.alpha)
    assert crop.bridge_x == pytest.approx(plain.bridge_x, abs=2)
    assert crop.product.x0 == pytest.approx(plain.product.x0, abs=4)
    assert crop.product.y1 < 540


def test_a_temple_torn_off_by_a_hairline_stays_in_the_crop():
    scene = scenes.angled_glasses()
    plain, torn = find_crop(scene.alpha), find_crop(scenes.with_cut(scene.alpha, 225, 4))
    assert torn.product.x0 == pytest.approx(plain.product.x0, abs=2)


def test_eaten_highlights_in_the_lenses_change_nothing():
    scene = scenes.angled_glasses()
    bitten = scenes.with_hole(scene.alpha, 300, 290, 12) * (scenes.with_hole(scene.alpha, 290, 410, 6) > 0.5)
    assert find_crop(bitten).bridge_x == pytest.approx(scene.bridge_x, abs=3)


def test_a_lost_bridge_leaves_its_place_sure():
    scene = scenes.angled_glasses(temple_behind_bridge=False)
    assert_bridge_found(scene, scenes.with_cut(scene.alpha, round(scene.bridge_x) - 3, 6))


@pytest.mark.parametrize(("share", "doubt"), [(1.0, None), (0.75, "lenses-unlike")])
def test_two_bodies_unlike_in_height_are_a_doubt(share, doubt):
    assert find_crop(with_far_lens(share)).doubt == doubt


def test_two_bodies_much_unlike_in_height_are_no_pair():
    assert find_crop(with_far_lens(0.4)) is None


def with_far_lens(share):
    """Glasses whose far lens has only so much of its height."""
    alpha = scenes.angled_glasses(temple_behind_bridge=False).alpha
    half = round(0.9 * 0.07 * 800 * share)
    alpha[: 300 - half, 380:] = alpha[300 + half :, 380:] = 0
    return alpha


def test_two_thicker_places_of_a_temple_are_no_lenses():
    alpha = scenes.side_glasses().alpha
    rows, columns = np.ogrid[:600, :800]
    for x in (300, 345):
        alpha[(rows - 265) ** 2 + (columns - x) ** 2 < 12**2] = 1
    assert find_crop(alpha) is None


def test_two_bodies_far_apart_are_no_pair():
    assert find_crop(scenes.angled_glasses(near=(0.2, 0.3), far=(0.55, 0.63), temple_behind_bridge=False).alpha) is None


def test_a_lens_grown_together_with_a_box_is_not_taken_for_a_lens():
    alpha = scenes.angled_glasses(temple_behind_bridge=False).alpha
    alpha[180:300, 420:560] = 1
    crop = find_crop(alpha)
    assert crop is None or not crop.is_sure


def test_something_kept_between_the_lenses_is_a_doubt():
    blot = scenes.angled_glasses().alpha
    blot[285:345, 336:362] = 1
    crop = find_crop(blot)
    assert crop.doubt == "estimates-disagree"
    assert crop.bridge_x == crop.evidence.by_valley


@pytest.mark.parametrize("far", [(0.47, 0.55), (0.47, 0.58)])
def test_the_nearer_side_is_that_of_the_larger_lens(far):
    alpha = scenes.angled_glasses(far=far).alpha
    assert (find_crop(alpha).near, find_crop(alpha[:, ::-1]).near) == ("left", "right")


def test_nothing_of_the_product_is_outside_the_crop_and_the_crop_is_tight():
    alpha = scenes.angled_glasses().alpha
    box = find_crop(alpha).product
    outside = alpha.copy()
    outside[box.y0 : box.y1, box.x0 : box.x1] = 0
    tight = bounding_box(alpha > 0.5)
    assert outside.max() < 0.5
    assert max(tight.y0 - box.y0, tight.x0 - box.x0, box.y1 - tight.y1, box.x1 - tight.x1) <= 6


def test_the_evidence_shows_the_dip_at_the_bridge():
    scene = scenes.angled_glasses()
    crop = find_crop(scene.alpha)
    evidence = crop.evidence
    columns = np.linspace(evidence.first, evidence.last, len(evidence.profile))
    at_bridge, at_lens = (np.interp(x, columns, evidence.profile) for x in (scene.bridge_x, 0.36 * 800))
    assert max(evidence.profile) == 1 and at_bridge < 0.3 < 0.8 < at_lens
    assert evidence.valley[0] < evidence.by_gap < evidence.valley[1]
    assert crop.bridge_x == evidence.by_gap == pytest.approx(evidence.by_valley, abs=2)


def test_one_body_has_no_bridge():
    assert find_crop(scenes.watch_head().alpha) is None


def test_a_shield_of_one_lens_has_no_bridge():
    assert find_crop(scenes.shield().alpha) is None


def test_an_empty_matte_has_no_bridge():
    assert find_crop(np.zeros((60, 80), np.float32)) is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1)])
def test_a_full_matte_of_any_shape_has_no_bridge(shape):
    assert find_crop(np.ones(shape, np.float32)) is None


@pytest.mark.parametrize(("side", "columns"), [("near", (10, 41)), ("left", (10, 41)), ("right", (41, 90))])
def test_the_half_reaches_from_the_bridge_to_the_products_end(side, columns):
    crop = Crop(bridge_x=40.2, product=CropBox(5, 10, 50, 90), near="left")
    assert half_box(crop, side) == CropBox(5, columns[0], 50, columns[1])


def test_the_halves_of_mirrored_glasses_are_mirrored():
    crop, mirrored = Crop(40.2, CropBox(5, 10, 50, 90), "left"), Crop(99 - 40.2, CropBox(5, 10, 50, 90), "right")
    left, right = half_box(crop, "near"), half_box(mirrored, "near")
    assert (left.x0, left.x1) == (100 - right.x1, 100 - right.x0)


def test_a_bridge_placed_by_a_person_is_no_doubt_and_keeps_the_nearer_side():
    product = CropBox(5, 10, 50, 90)
    assert crop_at(25.5, product, "right") == Crop(25.5, product, "right")


@pytest.mark.parametrize(("bridge_x", "near"), [(30, "right"), (70, "left")])
def test_without_a_nearer_lens_the_side_that_reaches_further_is_kept(bridge_x, near):
    assert crop_at(bridge_x, CropBox(5, 10, 50, 90), None).near == near
