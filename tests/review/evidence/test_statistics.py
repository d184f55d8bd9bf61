"""Bounds against what they are known to be, and a seeded simulation of what certificates and estimates promise."""

import numpy as np
import pytest
from scipy import stats

from review.evidence.statistics import (
    GRID,
    auroc_gain,
    certify,
    drift,
    exact_rate,
    least_clean,
    lower_bound,
    upper_bound,
    weighted_rate,
)

ESCAPE, DELTA = 0.05, 0.1
REPEATS = 600


def test_the_exact_bound_is_where_the_binomial_tail_equals_the_risk():
    bound = upper_bound(3, 200, 0.05)
    assert stats.binom.cdf(3, 200, bound) == pytest.approx(0.05)
    assert stats.binom.sf(2, 200, lower_bound(3, 200, 0.05)) == pytest.approx(0.05)


def test_nothing_counted_says_nothing():
    assert (exact_rate(0, 0).low, exact_rate(0, 0).high) == (0, 1)
    assert upper_bound(5, 5, 0.05) == 1


@pytest.mark.parametrize(("escape", "least"), [(0.01, 299), (0.005, 598)])
def test_as_many_clean_labels_certify_as_are_said_to_be_needed_and_one_fewer_do_not(escape, least):
    clean = np.zeros(least, bool)
    assert certify(np.full(least, 0.9), clean, escape, 0.05).n == least
    assert certify(np.full(least - 1, 0.9), clean[1:], escape, 0.05) is None
    assert least_clean(escape, 0.05) == least


def test_one_bad_frame_at_the_top_certifies_nothing():
    bad = np.arange(299) == 0
    assert certify(np.where(bad, 0.999, 0.9), bad, 0.01, 0.05) is None


def test_the_walk_stops_before_the_frames_that_are_bad():
    confidence = np.concatenate([np.full(400, 0.95), np.full(400, 0.6)])
    bad = np.arange(800) >= 700
    found = certify(confidence, bad, 0.01, 0.05)
    assert (found.n, found.k) == (400, 0) and 0.6 < found.threshold <= 0.95


def test_no_threshold_is_certified_below_the_labels_that_speak_for_it():
    assert certify(np.full(400, 0.95), np.zeros(400, bool), 0.01, 0.05).threshold == pytest.approx(0.95, abs=0.01)


def test_no_bad_label_is_no_proof_of_no_defect():
    estimate = weighted_rate(np.zeros(20, bool), np.full(20, 0.5))
    assert estimate.value == 0 and estimate.high == pytest.approx(upper_bound(0, 20, 0.025))


def test_vetoed_frames_pass_no_threshold():
    assert certify(np.full(1000, -1.0), np.zeros(1000, bool), 0.01, 0.05) is None


def test_the_grid_falls_and_is_fixed():
    assert (np.diff(GRID) < 0).all() and GRID[0] < 1 and GRID[-1] > 0


class Population:
    """Frames whose confidence is right on average: bad with probability 0.4 (1 − confidence)^1.3."""

    def __init__(self, seed: int, size: int = 4000) -> None:
        self.rng = np.random.default_rng(seed)
        self.confidence = self.rng.beta(4, 1.2, size)
        self.is_bad = self.rng.random(size) < self.risk(self.confidence)
        self.is_marked = self.rng.random(size) < 0.15

    @staticmethod
    def risk(confidence):
        return 0.4 * (1 - confidence) ** 1.3

    @classmethod
    def escape_rate(cls, threshold: float) -> float:
        """The truth, by integration over the density."""
        at = np.linspace(threshold, 1, 4001)
        density = stats.beta.pdf(at, 4, 1.2)
        return float((density * cls.risk(at)).sum() / density.sum())


def naive_threshold(confidence, is_bad):
    """The loosest threshold at which the observed rate is fine: what a certificate is not."""
    order = np.argsort(-confidence)
    rate = np.cumsum(is_bad[order]) / np.arange(1, len(order) + 1)
    fits = np.flatnonzero(rate <= ESCAPE)
    return confidence[order][fits[-1]] if fits.size else None


@pytest.fixture(scope="module")
def repeats():
    return [Population(seed) for seed in range(REPEATS)]


def broken_promises(thresholds) -> int:
    return sum(Population.escape_rate(t) > ESCAPE for t in thresholds if t is not None)


def test_the_certificate_holds_at_least_as_often_as_it_says(repeats):
    found = [certify(p.confidence[p.is_marked], p.is_bad[p.is_marked], ESCAPE, DELTA) for p in repeats]
    issued = [certified.threshold for certified in found if certified]
    assert len(issued) > 0.8 * REPEATS  # it says something at all
    assert stats.binomtest(broken_promises(issued), REPEATS, DELTA, alternative="greater").pvalue > 0.01


def test_a_threshold_that_only_looks_fine_breaks_the_same_promise(repeats):
    naive = [naive_threshold(p.confidence[p.is_marked], p.is_bad[p.is_marked]) for p in repeats]
    assert stats.binomtest(broken_promises(naive), REPEATS, DELTA, alternative="greater").pvalue < 1e-6


def test_looks_at_siblings_of_failed_frames_would_spoil_the_estimate(repeats):
    """Chosen because something was wrong: with them the escape rate comes out far too high."""
    threshold = 0.7
    plain, with_siblings = [], []
    for p in repeats:
        passed = p.confidence >= threshold
        audited = p.is_bad[passed & p.is_marked]
        siblings = p.is_bad[passed & ~p.is_marked][: 3 * audited.sum()] | (p.rng.random() < 0.5)
        plain.append(audited.mean())
        with_siblings.append(np.concatenate([audited, siblings]).mean())
    truth = Population.escape_rate(threshold)
    assert abs(np.mean(plain) - truth) < 3 * np.std(plain) / REPEATS**0.5
    assert np.mean(with_siblings) > 2 * truth


def test_the_weighted_defect_rate_is_unbiased_where_the_naive_one_is_not(repeats):
    threshold, audit_rate = 0.8, 0.15
    weighted, naive, covered = [], [], []
    truth = Population.escape_rate(0)
    for p in repeats:
        flagged = p.confidence < threshold
        labelled = flagged | p.is_marked
        estimate = weighted_rate(p.is_bad[labelled], np.where(flagged, 1.0, audit_rate)[labelled])
        weighted.append(estimate.value)
        naive.append(p.is_bad[labelled].mean())
        covered.append(estimate.low <= truth <= estimate.high)
    error = np.std(weighted) / REPEATS**0.5
    assert abs(np.mean(weighted) - truth) < 3 * error
    assert abs(np.mean(naive) - truth) > 10 * error
    assert np.mean(covered) > 0.93


def test_drift_is_seen_where_the_distribution_moves_and_not_where_it_stays():
    rng = np.random.default_rng(5)
    reference = np.quantile(rng.beta(4, 1, 5000), np.linspace(0, 1, 101))
    same, moved = rng.beta(4, 1, 200), rng.beta(2, 2, 200)
    assert drift(same, reference)[1] > 0.01
    assert drift(moved, reference)[1] < 1e-6 and drift(moved, reference)[0] > 0.3


def test_a_better_ranking_gains_and_an_equal_one_does_not():
    rng = np.random.default_rng(1)
    is_bad = rng.random(300) < 0.3
    products = [str(n // 3) for n in range(300)]
    old, new = rng.normal(0, 1, 300) - is_bad, rng.normal(0, 1, 300) - 3 * is_bad
    assert auroc_gain(new, old, is_bad, products).low > 0
    assert auroc_gain(old, old, is_bad, products).value == 0


def test_a_few_labels_of_unequal_weight_say_little():
    """One bad audit of one in twenty, and one good frame that waited anyway: nearly nothing is known."""
    found = weighted_rate(np.array([True, False]), np.array([0.05, 1.0]))
    assert found.value == pytest.approx(20 / 21) and found.low < 0.1 and found.high == 1
