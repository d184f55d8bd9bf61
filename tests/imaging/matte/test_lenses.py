import numpy as np
import pytest

from pipeline.imaging.matte.lenses import apply_rule, find_lenses

ROWS, COLUMNS = np.ogrid[:300, :600]


def disk(x: int, y: int, radius: int) -> np.ndarray:
    return (ROWS - y) ** 2 + (COLUMNS - x) ** 2 <= radius**2


LENSES = disk(180, 150, 80) | disk(420, 150, 80)
RIMS = (disk(180, 150, 95) | disk(420, 150, 95)) & ~LENSES
BRIDGE = (abs(ROWS - 120) < 6) & (abs(COLUMNS - 300) < 40) & ~LENSES
FRAME = (RIMS | BRIDGE).astype(np.float32)
CLEAR = np.where(FRAME > 0, 80, 3).astype(np.float32)
DARK = np.where((FRAME > 0) | LENSES, 80, 0).astype(np.float32)


@pytest.mark.parametrize("left, right", [(0, 0), (1, 0), (1, 1), (0.3, 0.6)])
@pytest.mark.parametrize("rule, wanted", [("keep", 1), ("cut", 0)])
def test_both_clear_lenses_go_one_way_whatever_the_network_did_to_each(left, right, rule, wanted):
    alpha = FRAME + left * disk(180, 150, 80) + right * disk(420, 150, 80)
    treated = apply_rule(alpha.astype(np.float32), find_lenses(alpha, CLEAR), rule)
    inside = disk(180, 150, 74) | disk(420, 150, 74)
    assert np.abs(treated[inside] - wanted).max() < 0.01
    assert treated[(FRAME > 0) & ~(disk(180, 150, 86) | disk(420, 150, 86))].min() > 0.99
    assert treated[FRAME + LENSES == 0].max() < 0.01


def test_dark_lenses_are_no_openings():
    alpha = (FRAME + LENSES).astype(np.float32)
    assert not find_lenses(alpha, DARK).any()


def test_one_opening_alone_is_not_a_pair_of_lenses():
    alpha = (FRAME + disk(420, 150, 80)).astype(np.float32)
    distance = np.where(disk(180, 150, 80), 3, 80).astype(np.float32)
    assert not find_lenses(alpha, distance).any()


def test_an_opening_above_another_is_not_a_pair_of_lenses():
    both = find_lenses(np.ascontiguousarray(FRAME.T), np.ascontiguousarray(CLEAR.T))
    assert not both.any()


def test_nothing_has_no_lenses():
    assert not find_lenses(np.zeros((50, 80), np.float32), np.zeros((50, 80), np.float32)).any()
