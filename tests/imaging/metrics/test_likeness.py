import numpy as np
import pytest

from pipeline.imaging.metrics.likeness import likeness, palette


def scene(*colours: tuple[int, int, int]):
    """A product of vertical stripes of these colours."""
    rgb = np.full((80, 120, 3), 255, np.uint8)
    rgb[20:60, 20:100] = np.repeat(np.array(colours, np.uint8), -(-80 // len(colours)), axis=0)[:80]
    alpha = np.zeros((80, 120), np.float32)
    alpha[20:60, 20:100] = 1
    return palette(rgb, alpha)


def test_a_palette_says_which_colours_a_product_has_and_how_much_of_each():
    rows = scene((128, 128, 128), (255, 0, 0))
    assert sum(share for *_, share in rows) == pytest.approx(1, abs=0.02)
    assert [row[:2] for row in rows] == [[-2.5, 2.5], [62.5, 62.5]]  # the cells of grey, and of as red as there is


def test_the_same_colours_are_alike_in_any_light_and_others_are_not():
    blue = scene((40, 70, 190))
    assert likeness(blue, blue) == pytest.approx(1)
    assert likeness(blue, scene((30, 52, 142))) > 0.4
    assert likeness(blue, scene((190, 40, 40))) < 0.05
    assert likeness(scene((30, 30, 30)), scene((30, 30, 30), (190, 40, 40))) == pytest.approx(0.5, abs=0.1)


def test_what_is_see_through_has_no_colour_of_its_own():
    assert palette(np.zeros((80, 120, 3), np.uint8), np.full((80, 120), 0.5, np.float32)) == []
