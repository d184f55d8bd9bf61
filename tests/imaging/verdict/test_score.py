import json
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest

from pipeline.imaging.crop.halfglass import find_crop
from pipeline.imaging.metrics.measure import measure, measure_view
from pipeline.imaging.types import Matte, Score
from pipeline.imaging.verdict import score as scoring
from tests.imaging import scenes

POLICY = json.loads(resources.files("pipeline").joinpath("policies/default.json").read_text())


def assess(scene, alpha=None, *, policy=POLICY):
    alpha = scene.alpha if alpha is None else alpha
    crop = find_crop(alpha)
    metrics = measure(
        scene.rgb, Matte(alpha, 0.0, 1.0), crop, crop_expected=True, product_class="eyewear", view="angle"
    )
    result = scoring.score(metrics, policy, crop_expected=True)
    return result, scoring.judge(result, policy, "eyewear", "angle")


@pytest.fixture(scope="module")
def glasses():
    return scenes.angled_glasses(width=1000, height=750)


DEGRADATIONS = {
    "halo": (lambda a: scenes.with_halo(a, 4), "wide-band"),
    "haze": (lambda a: scenes.with_haze(a, 0.1), "haze"),
    "hole": (lambda a: scenes.with_hole(a, 375, 360, 40), "see-through"),
    "cut": (lambda a: scenes.with_cut(a, 200, 10), "torn"),
    "shift": (lambda a: scenes.with_shift(a, 20), "edge-not-in-photo"),
}


def test_a_true_matte_is_published(glasses):
    result, verdict = assess(glasses)
    assert verdict.publish and verdict.reasons == () and result.confidence >= verdict.threshold


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_a_degraded_matte_is_held_and_its_reason_named(glasses, name):
    degrade, reason = DEGRADATIONS[name]
    _, verdict = assess(glasses, degrade(glasses.alpha))
    assert not verdict.publish
    assert reason in verdict.reasons


def test_an_empty_matte_is_vetoed(glasses):
    result, verdict = assess(glasses, np.zeros_like(glasses.alpha))
    assert result.vetoes == ("empty", "no-bridge") and not verdict.publish
    assert all(np.isfinite(value) for value in result.metrics.values())


def test_an_object_at_the_border_is_vetoed(glasses):
    _, verdict = assess(glasses, np.roll(glasses.alpha, -90, axis=1))
    assert "touches-border" in verdict.reasons and not verdict.publish


def test_a_matte_without_a_bridge_is_vetoed_only_when_a_crop_is_asked_for():
    watch = scenes.watch_head(size=1000)
    asked, _ = assess(watch)
    metrics = measure(
        watch.rgb, Matte(watch.alpha, 0, 1), None, crop_expected=False, product_class="watch", view="front"
    )
    not_asked = scoring.score(metrics, POLICY, crop_expected=False)
    assert asked.vetoes == ("no-bridge",)
    assert not_asked.vetoes == () and "bridge-unsure" not in not_asked.components
    assert scoring.judge(not_asked, POLICY, "watch", "front").publish


def test_a_bridge_that_was_not_found_is_said_once(glasses):
    _, verdict = assess(glasses, glasses.alpha * (np.arange(1000) < glasses.bridge_x))
    assert "no-bridge" in verdict.reasons and "bridge-unsure" not in verdict.reasons


@pytest.mark.parametrize(
    ("seen", "named", "vetoes"),
    [("side", "angle", ("looks-side",)), ("front", "front", ()), (None, "front", ()), ("front", None, ())],
)
def test_a_view_is_vetoed_only_when_another_one_is_named(glasses, seen, named, vetoes):
    metrics = measure(
        glasses.rgb, Matte(glasses.alpha, 0.0, 1.0), None, crop_expected=False, product_class="eyewear", view=named
    )
    metrics |= measure_view(seen, named)
    assert scoring.score(metrics, POLICY, crop_expected=False).vetoes == vetoes


def test_a_veto_holds_a_frame_at_any_confidence():
    vetoed = Score(confidence=1.0, components={}, metrics={}, vetoes=("empty",), reasons=("empty",))
    assert not scoring.judge(vetoed, POLICY, "eyewear", "front").publish


def test_confidence_never_falls_when_a_component_rises():
    rng = np.random.default_rng(3)
    for _ in range(500):
        low = rng.random(6)
        high = low.copy()
        high[rng.integers(6)] = 1
        assert scoring.combine(dict(enumerate(high))) >= scoring.combine(dict(enumerate(low)))


def test_one_bad_component_doubts_more_than_many_middling_ones():
    one_bad = {str(n): 0.9 for n in range(9)} | {"bad": 0.0}
    middling = {str(n): 0.7 for n in range(10)}
    assert scoring.combine(one_bad) < scoring.combine(middling) < scoring.combine({"a": 1.0, "b": 0.9})


def test_a_rank_is_the_share_of_the_reference_that_was_better():
    low_is_good = {"ranks": [[0.0, 0.0], [1.0, 0.5], [4.0, 1.0]]}
    assert [scoring.component(x, low_is_good) for x in (-1, 0, 1, 2.5, 4, 9)] == [1, 1, 0.5, 0.25, 0, 0]
    high_is_good = {"ranks": [[0.0, 1.0], [1.0, 0.0]]}
    assert [scoring.component(x, high_is_good) for x in (-1, 0.25, 2)] == [0, 0.25, 1]


def test_an_optional_metric_may_be_missing(glasses):
    optional = {"second-look": {"metric": "nonesuch", "optional": True, "ranks": [[0, 0], [1, 1]]}}
    policy = {**POLICY, "components": POLICY["components"] | optional}
    assert "second-look" not in assess(glasses, policy=policy)[0].components


@pytest.mark.parametrize("policy", [POLICY, {**POLICY, "calibration": None}], ids=["learned", "cold start"])
def test_confidence_never_falls_when_any_component_of_the_policy_rises(policy):
    rng = np.random.default_rng(7)
    names = list(policy["components"])
    for _ in range(300):
        components = dict(zip(names, rng.random(len(names)), strict=True))
        name = names[rng.integers(len(names))]
        better = components | {name: rng.uniform(components[name], 1)}
        assert scoring.confidence_of(better, policy) >= scoring.confidence_of(components, policy)


def test_a_ramp_runs_either_way_and_stops_at_its_ends():
    assert [scoring.component(x, {"good": 0, "bad": 10}) for x in (-5, 0, 5, 10, 15)] == [1, 1, 0.5, 0, 0]
    assert [scoring.component(x, {"good": 1, "bad": 0.5}) for x in (0.25, 0.75, 2)] == [0, 0.5, 1]


def test_the_threshold_itself_is_enough_to_publish(glasses):
    result, verdict = assess(glasses)
    at = replace(result, confidence=verdict.threshold)
    below = replace(result, confidence=verdict.threshold - 1e-9, reasons=())
    assert scoring.judge(at, POLICY, "eyewear", "angle").publish
    assert scoring.judge(below, POLICY, "eyewear", "angle").reasons == ("low-confidence",)


def test_hold_all_publishes_nothing(glasses):
    _, verdict = assess(glasses, policy={**POLICY, "auto_publish": False})
    assert not verdict.publish and verdict.reasons == ("held-all",)


def test_an_unnamed_view_has_a_threshold_for_every_class(glasses):
    result, _ = assess(glasses)
    for product_class in ("eyewear", "watch"):
        assert 0 < scoring.judge(result, POLICY, product_class, None).threshold <= 1


def test_a_policy_that_names_an_unknown_metric_fails_loudly(glasses):
    broken = {**POLICY, "components": {"odd": {"metric": "nonesuch", "good": 0, "bad": 1}}}
    with pytest.raises(KeyError, match="nonesuch"):
        assess(glasses, policy=broken)


def test_of_an_empty_matte_only_that_is_said(glasses):
    _, verdict = assess(glasses, np.zeros_like(glasses.alpha))
    assert verdict.reasons == ("empty",)
