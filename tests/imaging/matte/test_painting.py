"""Strokes on scenes whose truth is known: a dark bar with a window in it, on a light ground."""

import numpy as np
import pytest

from pipeline.imaging.matte.painting import PaintError, Stroke, apply, difference, paint

HOLE = (slice(130, 170), slice(150, 190))


@pytest.fixture
def truth():
    alpha = np.zeros((300, 400), np.float32)
    alpha[100:200, 50:350] = 1
    alpha[HOLE] = 0
    return alpha


@pytest.fixture
def rgb(truth):
    grain = np.random.default_rng(0).normal(0, 2, (*truth.shape, 1))
    return np.clip(220 - 180 * truth[..., None] + grain, 0, 255).repeat(3, axis=2).astype(np.uint8)


def stroke(tool, size, *points):
    return Stroke(tool, size, points)


def capsule(shape, start, end, size):
    """Coverage as the definition says it, pixel by pixel."""
    y, x = (axis + 0.5 for axis in np.indices(shape))
    along = np.subtract(end, start)
    share = ((x - start[0]) * along[0] + (y - start[1]) * along[1]) / max(along @ along, 1e-9)
    share = np.clip(share, 0, 1)
    distance = np.hypot(x - start[0] - share * along[0], y - start[1] - share * along[1])
    return np.clip(size / 2 + 0.5 - distance, 0, 1)


@pytest.mark.parametrize(
    ("start", "end"), [((60, 40), (240, 90)), ((20.5, 20.5), (20.5, 20.5)), ((-30, 250), (50, 320))]
)
def test_a_brush_covers_its_path_and_nothing_else(start, end, rgb, truth):
    painted = paint(truth, rgb, [stroke("brush", 25, start, end)])
    assert painted == pytest.approx(np.maximum(truth, capsule(truth.shape, start, end, 25)), abs=1e-4)


def test_erasing_takes_away_what_the_brush_would_add(rgb, truth):
    painted = paint(truth, rgb, [stroke("erase", 30, (60, 150), (140, 150))])
    assert painted == pytest.approx(np.minimum(truth, 1 - capsule(truth.shape, (60, 150), (140, 150), 30)), abs=1e-4)


def test_nothing_changes_outside_of_the_box_that_is_named(rgb, truth):
    painted = truth.copy()
    box = apply(painted, rgb, stroke("brush", 11, (200, 60), (260, 80), (210, 90)))
    changed = np.argwhere(painted != truth)
    assert (changed.min(0) >= (box.y0, box.x0)).all() and (changed.max(0) < (box.y1, box.x1)).all()


def test_strokes_count_in_their_order_and_the_matte_before_stays_as_it_was(rgb, truth):
    dot, gone = stroke("brush", 20, (30, 30)), stroke("erase", 20, (30, 30))
    before = truth.copy()
    assert paint(truth, rgb, [dot, gone])[30, 30] == 0
    assert paint(truth, rgb, [gone, dot])[30, 30] == 1
    assert (truth == before).all()


def test_a_stroke_off_the_photo_changes_nothing(rgb, truth):
    assert (paint(truth, rgb, [stroke("brush", 40, (-500, -500), (-400, 900))]) == truth).all()


def test_a_click_fills_a_hole_and_nothing_else(rgb, truth):
    wanted = truth.copy()
    wanted[HOLE] = 1
    assert (paint(truth, rgb, [stroke("fill", 10, (170, 150))]) == wanted).all()


@pytest.mark.parametrize(
    ("tool", "place", "words"),
    [
        ("fill", (20, 20), "open to the outside"),
        ("fill", (60, 110), "kept already"),
        ("cut", (20, 20), "not kept"),
        ("cut", (60, 110), "no edge around"),
        ("fill", (-5, 10), "outside the photo"),
    ],
)
def test_a_click_that_hits_nothing_says_why(tool, place, words, rgb, truth):
    before = truth.copy()
    with pytest.raises(PaintError, match=words):
        apply(truth, rgb, stroke(tool, 10, place))
    assert (truth == before).all()


def test_a_click_cuts_an_opening_that_was_kept(rgb, truth):
    kept = truth.copy()
    kept[HOLE] = 1
    painted = paint(kept, rgb, [stroke("cut", 10, (170, 150))])
    assert painted[HOLE].max() == 0
    assert ((painted > 0.5) == (truth > 0.5)).all()


def test_a_click_brings_a_lost_stretch_back(rgb, truth):
    lost = truth.copy()
    lost[95:205, 230:250] = 0
    painted = paint(lost, rgb, [stroke("refine", 130, (240, 150))])
    assert ((painted > 0.5) == (truth > 0.5)).mean() > 0.999


def test_a_click_removes_what_has_another_colour(rgb, truth):
    rgb[200:230, 100:140] = 130
    kept = truth.copy()
    kept[200:230, 100:140] = 1
    painted = paint(kept, rgb, [stroke("refine", 90, (120, 215))])
    assert ((painted > 0.5) == (truth > 0.5)).mean() > 0.999


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"tool": "brush", "size": 10, "points": []},
        {"tool": "spray", "size": 10, "points": [[1, 1]]},
        {"tool": "brush", "size": 0, "points": [[1, 1]]},
        {"tool": "brush", "size": 10, "points": [[1, float("nan")]]},
        {"tool": "brush", "size": float("inf"), "points": [[1, 1]]},
        {"tool": "fill", "size": 10, "points": [[1, 1], [2, 2]]},
        {"tool": "brush", "size": 10, "points": "ab"},
        {"tool": ["brush"], "size": 10, "points": [[1, 1]]},
        "brush",
    ],
)
def test_what_is_no_stroke_is_refused(data):
    with pytest.raises(PaintError, match="reload"):
        Stroke.from_mapping(data)


def test_a_stroke_is_read_as_it_was_sent():
    sent = {"tool": "erase", "size": 12.5, "points": [[1, 2.5], [3, 4]]}
    assert Stroke.from_mapping(sent) == Stroke("erase", 12.5, ((1.0, 2.5), (3.0, 4.0)))


def test_the_difference_tells_added_from_taken_away(truth):
    after = truth.copy()
    after[HOLE], after[110, 60] = 1, 0
    after[0, 0] = 1 / 255
    found = difference(truth, after)
    assert (found[HOLE] == 255).all() and found[110, 60] == 0 and found[0, 0] == 128
    assert (found != 128).sum() == 40 * 40 + 1
