"""What labels teach, on labels whose cause is known."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.imaging.verdict import logistic
from pipeline.imaging.verdict.calibrate import auroc, loosest_threshold, ranked
from pipeline.imaging.verdict.logistic import Calibration

NAMES = ["tells", "says nothing", "lies"]


def taught(seed=0, count=400):
    """The first component says it, the second is noise, the third is good where the frame is bad."""
    rng = np.random.default_rng(seed)
    bad = rng.random(count) < 0.3
    tells = np.where(bad, rng.beta(1, 3, count), rng.beta(3, 1, count))
    components = np.stack([tells, rng.random(count), 1 - tells], axis=1)
    return components, bad, [str(n // 3) for n in range(count)]


def test_a_component_that_tells_gets_weight_and_none_gets_a_negative_one():
    components, bad, products = taught()
    calibration = logistic.fit(NAMES, components, bad, np.ones(len(bad)), products)
    assert calibration.weights["tells"] > 3 * calibration.weights["says nothing"]
    assert min(calibration.weights.values()) >= 0 and calibration.weights["lies"] == 0


def test_a_confidence_is_the_share_that_is_good():
    components, bad, products = taught(count=3000)
    confidence = logistic.out_of_fold(NAMES, components, bad, np.ones(len(bad)), products)
    for low in (0.1, 0.4, 0.7):
        near = (confidence >= low) & (confidence < low + 0.25)
        assert (~bad[near]).mean() == pytest.approx(confidence[near].mean(), abs=0.12)


def test_out_of_fold_a_product_is_never_judged_by_its_own_labels():
    """Noise that is alike within a product would be learnt by heart otherwise."""
    rng = np.random.default_rng(3)
    components, products = np.repeat(rng.random((60, 40)), 4, axis=0), [str(n // 4) for n in range(240)]
    bad = np.repeat(rng.random(60) < 0.5, 4)
    confidence = logistic.out_of_fold([str(n) for n in range(40)], components, bad, np.ones(240), products)
    assert abs(auroc(confidence, bad) - 0.5) < 0.2


def test_weights_count_like_repeated_labels():
    components, bad, _ = taught(count=60)
    twice = logistic.fit_logit(np.tile(components, (2, 1)), np.tile(bad, 2), np.ones(120))
    heavy = logistic.fit_logit(components, bad, np.full(60, 7.0))
    assert heavy == pytest.approx(logistic.fit_logit(components, bad, np.ones(60)), abs=1e-4)
    assert np.sign(twice).tolist() == np.sign(heavy).tolist()


def test_labels_that_are_all_alike_teach_nothing():
    components, bad, products = taught()
    with pytest.raises(ValueError, match="all alike"):
        logistic.fit(NAMES, components, np.zeros_like(bad), np.ones(len(bad)), products)


THREE: dict[str, Any] = {"min_size": 3, "max_size": 3}


@given(st.lists(st.floats(0, 1), **THREE), st.integers(0, 2), st.floats(0, 1), st.lists(st.floats(0, 5), **THREE))
def test_a_confidence_never_falls_when_a_component_rises(values, at, rise, weights):
    calibration = Calibration(dict(zip(NAMES, weights, strict=True)), 2.0, 1.5, 0.3)
    better = list(values)
    better[at] += rise * (1 - values[at])
    low, high = (calibration.confidence(dict(zip(NAMES, row, strict=True))) for row in (values, better))
    assert 0 <= low <= high <= 1


def test_ranks_are_shares_of_the_reference_and_ties_at_the_best_are_the_best():
    policy = {"components": {"haze": {"metric": "haze", "better": "low"}, "edge": {"metric": "edge", "better": "high"}}}
    reference = [{"haze": max(0.0, n - 50), "edge": float(n)} for n in range(101)]
    parts = ranked(policy, reference)["components"]
    assert parts["haze"]["ranks"][0] == [0.0, 0.0] and parts["haze"]["ranks"][-1] == [50.0, 1.0]
    assert parts["edge"]["ranks"][0] == [0.0, 1.0] and parts["edge"]["ranks"][-1] == [100.0, 0.0]


def test_the_loosest_threshold_lets_no_more_escape_than_asked():
    confidence = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    bad = np.array([False, False, True, False, False, True])
    assert loosest_threshold(confidence, bad, 0.0) == 0.8
    assert loosest_threshold(confidence, bad, 0.2) == 0.5
    assert loosest_threshold(confidence[2:3], bad[2:3], 0.2) == 2


def test_auroc_counts_ties_half():
    assert auroc(np.array([0.9, 0.5, 0.5, 0.1]), np.array([False, False, True, True])) == 0.875
    assert auroc(np.ones(3), np.zeros(3, bool)) == 0.5
