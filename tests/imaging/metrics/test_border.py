"""A tight crop is not a cut-off product."""

import numpy as np
import pytest

from pipeline.imaging.metrics.border import border_touch, cut_at_border
from tests.imaging import scenes

DISK = scenes.watch_head(size=400, radius=0.25).alpha
GLASSES = scenes.angled_glasses(width=800, height=600).alpha
turned = pytest.mark.parametrize("turns", range(4))


def cropped(alpha: np.ndarray, left: int) -> np.ndarray:
    """Without the columns up to `left` pixels into the object."""
    return alpha[:, np.flatnonzero((alpha > 0.5).any(0))[0] + left :]


@turned
@pytest.mark.parametrize("left", [-2, 0, 1, 2])
def test_a_round_case_that_the_crop_grazes_is_whole(turns, left):
    assert border_touch(np.rot90(cropped(DISK, left), turns)) == 0


@turned
@pytest.mark.parametrize("left", [40, 100])
def test_a_round_case_that_the_crop_halves_is_cut(turns, left):
    assert border_touch(np.rot90(cropped(DISK, left), turns)) > 0.05


@turned
def test_a_temple_that_ends_at_the_border_is_cut(turns):
    assert border_touch(np.rot90(cropped(GLASSES, 100), turns)) > 0.001


def test_glasses_cropped_to_their_outline_are_whole():
    front = scenes.front_glasses().alpha
    rows, columns = np.flatnonzero((front > 0.5).any(1)), np.flatnonzero((front > 0.5).any(0))
    assert border_touch(front[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]) == 0


def test_a_straight_side_that_lies_along_the_border_counts_as_cut():
    alpha = np.zeros((200, 300), np.float32)
    alpha[60:140, :150] = 1
    assert border_touch(alpha) == pytest.approx(80 / (2 * 500 - 4))
    assert cut_at_border(alpha)[60:140, 0].all()


def test_what_keeps_away_from_the_border_and_nothing_at_all_are_not_cut():
    assert border_touch(DISK) == 0
    assert border_touch(np.zeros((50, 60), np.float32)) == 0
