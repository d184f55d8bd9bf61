import numpy as np
import pytest

from pipeline.imaging.crop.projection import smooth, valley, vertical_profile


def two_lobes(gap):
    profile = np.zeros(100, np.float32)
    profile[10:40] = 20
    profile[40 + gap : 80] = 12
    return profile


def test_the_vertical_profile_sums_each_column():
    alpha = np.zeros((4, 3), np.float32)
    alpha[1:3, 2] = 0.5
    assert vertical_profile(alpha).tolist() == [0, 0, 1]


def test_smoothing_keeps_the_sum_and_lowers_the_peak():
    profile = two_lobes(gap=6)
    smoothed = smooth(profile, 2)
    assert smoothed.sum() == pytest.approx(profile.sum(), rel=1e-4)
    assert smoothed.max() <= profile.max()


@pytest.mark.parametrize("gap", [2, 6, 15])
def test_a_clean_gaps_midpoint_is_found_between_unequal_lobes(gap):
    found = valley(two_lobes(gap), 20, 70)
    assert found.midpoint == pytest.approx(40 + (gap - 1) / 2, abs=0.5)
    assert found.depth == 1


def test_a_shallow_dip_has_a_small_depth():
    profile = np.full(50, 10, np.float32)
    profile[25] = 8
    assert valley(profile, 5, 45).depth == pytest.approx(0.2)


def test_a_flat_or_rising_profile_has_no_valley():
    assert valley(np.full(50, 10, np.float32), 5, 45) is None
    assert valley(np.arange(50, dtype=np.float32), 5, 45) is None
