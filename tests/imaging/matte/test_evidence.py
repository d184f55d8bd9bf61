import numpy as np
import pytest

from pipeline.imaging.matte.evidence import CHANNELS, Ground, agreed, evidence_of

VIEW = np.full((8, 12, 3), (255, 0, 51), np.uint8)


def layer(value: float) -> np.ndarray:
    return np.full((8, 12), value, np.float32)


def ground(doubt: float) -> Ground:
    return Ground(np.full((8, 12, 3), 200, np.float32), layer(doubt), layer(255), layer(0) == 0)


def bare_but(seen: np.ndarray) -> Ground:
    """Nothing stands out of it but what is seen."""
    return Ground(np.full((*seen.shape, 3), 200, np.float32), 0 * seen, 200 * seen, seen == 0)


def test_all_that_is_known_keeps_in_range():
    evidence = evidence_of(VIEW, layer(0.25), layer(0.75), ground(doubt=0), "watch")
    assert evidence.shape == (CHANNELS, 8, 12) and evidence.dtype == np.float32
    darker = np.tanh((102 - 200) / 40)
    assert evidence[:, 0, 0] == pytest.approx([0.5, -0.5, -0.3, 0.25, 0.75, darker, 1, 0, 1, 1])


def test_a_doubted_plate_is_told_from_a_sure_one():
    assert 0.3 < evidence_of(VIEW, layer(0), layer(0), ground(doubt=8), "eyewear")[7].min() < 0.5


@pytest.mark.parametrize(
    ("mended", "prior", "joined", "distance", "product_class", "kept"),
    [
        (0.0, 0.95, 0.95, 200, "watch", 0.0),
        (0.6, 0.95, 0.95, 200, "eyewear", 0.95),
        (0.6, 0.95, 0.50, 200, "eyewear", 0.6),
        (1.0, 0.0, 0.0, 0, "watch", 0.0),
        (1.0, 0.0, 0.0, 9, "watch", 1.0),
        (1.0, 0.0, 0.0, 0, "eyewear", 1.0),
    ],
    ids=["a whole cushion", "both are sure", "one doubts", "bare in a watch", "not bare", "clear glasses are as bare"],
)
def test_what_both_say_stands(mended, prior, joined, distance, product_class, kept):
    bare = Ground(np.full((8, 12, 3), 200, np.float32), layer(0), layer(distance), layer(0) == 0)
    alpha = agreed(layer(mended), layer(prior), layer(joined), bare, product_class)
    assert alpha == pytest.approx(np.full((8, 12), kept))


@pytest.mark.parametrize(
    ("taken", "kept"),
    [
        (np.s_[10:14, 10:14], 1.0),
        (np.s_[10:24, 10:24], 1.0),
        (np.s_[5:35, 5:35], 0.0),
        (np.s_[0:3, 10:30], 1.0),
        (np.s_[0:10, 0:40], 0.0),
    ],
    ids=["a small hole", "a larger one", "a cushion in a strap", "at the outline", "most of an end"],
)
def test_what_is_taken_away_is_given_back_where_the_product_is_around_it(taken, kept):
    mended = np.ones((40, 40), np.float32)
    mended[taken] = 0
    sure = np.ones_like(mended)
    bare = bare_but(sure)
    assert (agreed(mended, sure, sure, bare, "eyewear")[taken] == kept).all()


def test_a_small_piece_of_a_mirror_image_is_not_given_back():
    """Both are sure of it, but it touches the product only by its end."""
    mended, sure = np.zeros((40, 40), np.float32), np.zeros((40, 40), np.float32)
    mended[:20] = 1
    sure[:20], sure[20:38, 10:13] = 1, 1
    bare = bare_but(sure)
    alpha = agreed(mended, sure, sure, bare, "eyewear")
    assert alpha[:20].min() == 1 and alpha[20:].max() == 0


@pytest.mark.parametrize(("covered", "kept"), [(4, 0.0), (18, 1.0)], ids=["a patch", "a clear lens"])
def test_an_opening_of_glasses_is_filled_whole_or_not_at_all(covered, kept):
    is_rim = np.zeros((40, 40), bool)
    is_rim[8:32, 8:32], is_rim[10:30, 10:30] = True, False
    joined = is_rim.astype(np.float32)
    mended = joined.copy()
    mended[11 : 11 + covered, 11:29] = 1
    bare = bare_but(joined)
    alpha = agreed(mended, joined, joined, bare, "eyewear")
    assert alpha[is_rim].min() == 1 and alpha[12, 20] == kept


def test_what_is_added_beside_glasses_is_no_opening():
    joined = np.zeros((40, 40), np.float32)
    joined[20:] = 1
    mended = joined.copy()
    mended[14:20, 10:30] = 1
    bare = bare_but(joined)
    assert agreed(mended, joined, joined, bare, "eyewear")[16, 20] == 1


@pytest.mark.parametrize(("rows", "kept"), [(6, 1.0), (16, 0.0)], ids=["along its long side", "by its short side"])
def test_what_is_added_in_the_open_has_to_be_held_by_something_seen(rows, kept):
    """A lens whose lower edge can't be seen hangs on its frame; a patch at a temple hangs on bare ground alone."""
    joined = np.zeros((40, 40), np.float32)
    joined[20:] = 1
    mended = joined.copy()
    mended[20 - rows : 20, 15 : 15 + 96 // rows] = 1
    bare = bare_but(joined)
    alpha = agreed(mended, joined, joined, bare, "eyewear")
    assert alpha[20:].min() == 1 and alpha[18, 17] == kept
