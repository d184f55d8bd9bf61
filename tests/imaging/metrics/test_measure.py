"""Each metric on scenes whose truth is known: near its best on a true matte, worse on what it is there to see."""

import numpy as np
import pytest
from scipy import ndimage as ndi

from pipeline.imaging import masks
from pipeline.imaging.metrics import edges, exposure, separation, shape, topology
from tests.imaging import scenes

GLASSES = scenes.on_sweep(scenes.angled_glasses(width=800, height=600))
WATCH = scenes.on_sweep(scenes.watch_head(size=600))
NOTHING = np.zeros((300, 400), np.float32)


def sides(alpha, rgb=GLASSES.rgb):
    return separation.sides_of(alpha, rgb)


def test_a_rim_of_backdrop_and_a_shifted_edge_are_halo():
    true = separation.halo(sides(GLASSES.alpha))
    assert separation.halo(sides(scenes.with_halo(GLASSES.alpha, 4))) > true + 0.1
    assert separation.halo(sides(scenes.with_shift(GLASSES.alpha, 4))) > true + 0.1


def test_an_edge_between_like_colours_is_not_separable():
    faint = scenes.on_sweep(scenes.angled_glasses(width=800, height=600), product=(239, 240, 238))
    assert separation.separability(sides(GLASSES.alpha)) > 3 * separation.separability(sides(faint.alpha, faint.rgb))


def test_an_opening_that_was_filled_holds_trapped_backdrop():
    filled = ndi.binary_dilation(GLASSES.alpha > 0.5, iterations=12).astype(np.float32)
    assert separation.trapped_backdrop(sides(GLASSES.alpha)) < 0.02
    assert separation.trapped_backdrop(sides(filled)) > 0.2


def test_a_lost_temple_is_stray_structure():
    lost = scenes.with_fading(GLASSES.alpha, 232, 0)
    assert separation.stray_structure(sides(lost)) > separation.stray_structure(sides(GLASSES.alpha)) + 0.001


def test_pieces_and_small_openings_are_counted():
    assert topology.pieces(WATCH.alpha) == 1
    assert topology.pieces(scenes.with_cut(WATCH.alpha, 300, 20)) == 2
    eaten = scenes.with_hole(scenes.with_hole(WATCH.alpha, 300, 260, 6, 0), 300, 340, 6, 0)
    assert topology.small_openings(eaten) == topology.small_openings(WATCH.alpha) + 2


def test_threads_are_frail_and_a_disc_is_not():
    threads = WATCH.alpha.copy()
    threads[20:30:4, 50:550] = 1
    assert topology.frailty(WATCH.alpha) < 0.01 < topology.frailty(threads)


def test_a_temple_that_fades_is_a_weak_line_and_its_length_is_told():
    share, longest = topology.weak_lines(GLASSES.alpha)
    faded_share, faded_longest = topology.weak_lines(scenes.with_fading(GLASSES.alpha, 232, 0.5))
    assert share < 0.02 and longest < 0.01
    assert faded_share > 0.05 and faded_longest > 0.05


def test_two_looks_disagree_by_what_one_of_them_lost():
    assert topology.disagreement(WATCH.alpha, WATCH.alpha) == (0, 0)
    mass, largest = topology.disagreement(WATCH.alpha, WATCH.alpha * (np.arange(600) < 300))
    assert mass == pytest.approx(0.5, abs=0.05) and largest == pytest.approx(0.5, abs=0.05)


def test_an_outline_away_from_the_photos_edges_has_a_gap():
    gradient = masks.gradient_of(WATCH.rgb)
    bulge = WATCH.alpha.copy()
    bulge[100:300, 60:120] = 1
    gaps = [topology.unsupported_gap(alpha, edges.photo_edges(alpha, gradient)) for alpha in (WATCH.alpha, bulge)]
    assert gaps[0] < 0.05 < gaps[1]


@pytest.mark.parametrize(
    ("scene", "view"),
    [(scenes.front_glasses(), "front"), (scenes.angled_glasses(), "angle")],
)
def test_a_usual_shape_is_usual_for_its_own_view(scene, view):
    assert shape.unusual_shape(scene.alpha, "eyewear", view) == 0
    assert shape.unusual_shape(scene.alpha.T, "eyewear", view) > 0.5
    assert shape.unusual_shape(scene.alpha.T, "watch", view) == 0


def test_a_front_view_that_lost_a_lens_is_asymmetrical():
    front = scenes.front_glasses().alpha
    assert shape.asymmetry(front) < 0.02
    lost = front * (np.arange(front.shape[1]) < front.shape[1] * 0.6)
    assert shape.asymmetry(lost) > 0.1


def test_burnt_out_product_and_soft_focus_are_seen():
    burnt = np.full_like(WATCH.rgb, 255)
    assert exposure.clipped_highlights(burnt, WATCH.alpha) == 1
    assert exposure.clipped_highlights(WATCH.rgb, WATCH.alpha) < 0.01
    blurred = np.stack([ndi.gaussian_filter(channel, 4) for channel in np.moveaxis(WATCH.rgb, 2, 0)], 2)
    sharp, soft = (
        exposure.focus(edges.outline_strength(WATCH.alpha, masks.gradient_of(rgb)).amount)
        for rgb in (WATCH.rgb, blurred)
    )
    assert sharp > 2 * soft


def test_an_empty_matte_gets_each_metrics_worst():
    rgb = np.zeros((300, 400, 3), np.uint8)
    nothing = sides(NOTHING, rgb)
    assert [separation.halo(nothing), separation.trapped_backdrop(nothing), separation.stray_structure(nothing)] == [
        1
    ] * 3
    assert separation.separability(nothing) == 0
    assert topology.weak_lines(NOTHING) == (1, 1) and topology.pieces(NOTHING) == 100
    assert topology.disagreement(NOTHING, NOTHING) == (1, 1) and shape.asymmetry(NOTHING) == 1
    assert edges.core_deficit(NOTHING) == 1 and topology.frailty(NOTHING) == 1
