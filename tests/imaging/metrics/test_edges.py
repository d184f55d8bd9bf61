import numpy as np
import pytest

from pipeline.imaging import masks
from pipeline.imaging.metrics import edges
from tests.imaging import scenes

ALPHA_METRICS = [
    edges.softness,
    edges.band_width,
    edges.second_component,
    edges.haze,
    edges.see_through,
]


@pytest.fixture(scope="module")
def watch():
    return scenes.watch_head()


@pytest.mark.parametrize("metric", ALPHA_METRICS)
def test_a_clean_matte_measures_near_zero(metric, watch):
    assert metric(watch.alpha) < 0.06


@pytest.mark.parametrize("metric", [edges.softness, edges.band_width])
def test_a_halo_raises_softness_and_band(metric, watch):
    assert metric(scenes.with_halo(watch.alpha, 5)) > 3 * metric(watch.alpha)


def test_a_half_see_through_place_is_seen_inside(watch):
    assert edges.see_through(scenes.with_hole(watch.alpha, 200, 200, 30)) > 0.08


def test_an_even_half_transparent_matte_is_as_soft_as_softness_goes_there():
    assert edges.softness(np.full((50, 50), 0.5, np.float32)) == pytest.approx(2)


def test_haze_counts_alpha_away_from_the_object_by_its_weight(watch):
    hazy = scenes.with_haze(watch.alpha, 0.1)
    expected = 0.1 * 80 * 400 / (watch.alpha > 0.5).sum()
    assert edges.haze(hazy) == pytest.approx(expected, rel=0.02)


def test_a_cut_object_has_a_second_component_of_the_cut_off_size(watch):
    assert edges.second_component(scenes.with_cut(watch.alpha, 198, 4)) == pytest.approx(1, abs=0.02)


def test_the_true_outline_lies_on_the_photographs_edges(watch):
    assert alignment(watch.alpha, watch.rgb) > 0.99


def test_a_shifted_matte_leaves_the_photographs_edges(watch):
    assert alignment(scenes.with_shift(watch.alpha, 25), watch.rgb) < 0.4


def alignment(alpha, rgb):
    return edges.edge_alignment(alpha, edges.photo_edges(alpha, masks.gradient_of(rgb)))


def test_edge_alignment_is_zero_on_a_photograph_without_edges(watch):
    assert alignment(watch.alpha, np.full_like(watch.rgb, 128)) == 0


def test_coverage_is_the_objects_share_of_the_photograph(watch):
    assert edges.coverage(watch.alpha) == pytest.approx(np.pi * 0.25**2, rel=0.01)


@pytest.mark.parametrize(
    ("metric", "worst"),
    [
        (edges.softness, 4),
        (edges.band_width, 1),
        (edges.second_component, 1),
        (edges.haze, 1),
        (edges.see_through, 1),
        (edges.coverage, 0),
    ],
)
def test_an_empty_matte_gives_the_worst_value_not_nan(metric, worst):
    assert metric(np.zeros((40, 60), np.float32)) == worst


def test_edge_alignment_of_an_empty_matte_is_zero(watch):
    assert alignment(np.zeros_like(watch.alpha), watch.rgb) == 0


def test_relative_metrics_agree_across_resolutions():
    small, large = (scenes.with_halo(scenes.watch_head(size=s).alpha, s / 100) for s in (400, 800))
    assert edges.band_width(small) == pytest.approx(edges.band_width(large), rel=0.1)
