import numpy as np
import pytest

from pipeline.imaging.framing import inside, look, look_at_fit, part_of, put_back, window_around
from pipeline.imaging.types import CropBox

SHAPE = (600, 800, 3)


def spot(y: float, x: float) -> np.ndarray:
    """A soft white spot on black, at a place known to a fraction of a pixel."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    bright = 255 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * 12**2))
    return np.repeat(np.rint(bright).astype(np.uint8)[..., None], 3, axis=2)


def centre(layer: np.ndarray) -> tuple[float, float]:
    rows, columns = np.indices(layer.shape)
    return float((rows * layer).sum() / layer.sum()), float((columns * layer).sum() / layer.sum())


def size_of(window: CropBox) -> tuple[int, int]:
    return window.y1 - window.y0, window.x1 - window.x0


@pytest.mark.parametrize("window", [CropBox(0, 0, 600, 800), CropBox(97, 203, 411, 640), CropBox(150, 301, 320, 420)])
@pytest.mark.parametrize("side", [64, 101, 200, 1024])
def test_what_is_seen_in_a_window_goes_back_to_its_place(window, side):
    photo = spot(233.5, 361.25)
    seen = look(photo, window, side)[..., 0].astype(np.float32) / 255
    rows, columns = size_of(window)
    assert max(seen.shape) == min(side, max(rows, columns))
    enlarged = look_at_fit(seen, CropBox(0, 0, rows, columns), (rows, columns), (rows, columns)).clip(0, 1)
    back = put_back(enlarged, window, photo.shape)
    assert back.shape == photo.shape[:2] and back.dtype == np.float32
    assert centre(back) == pytest.approx((233.5, 361.25), abs=1)


@pytest.mark.parametrize("scale", [2, 3.125])
def test_a_layer_fitted_to_a_smaller_copy_lies_where_the_photo_has_it(scale):
    window = CropBox(100, 180, 420, 560)
    height, width = round(SHAPE[0] / scale), round(SHAPE[1] / scale)
    fitted = look(spot(250, 330), CropBox(0, 0, *SHAPE[:2]), width)[..., 0].astype(np.float32)
    assert fitted.shape == (height, width)
    seen = look_at_fit(fitted, window, SHAPE, (320, 380))
    assert centre(seen.clip(0, None)) == pytest.approx((250 - 100, 330 - 180), abs=1)


def test_around_the_window_the_matte_is_clear():
    window = CropBox(10, 20, 60, 90)
    back = put_back(np.ones((50, 70), np.float32), window, SHAPE)
    assert back.sum() == 50 * 70 and part_of(back, window).all()


def test_windows_hold_the_box_and_stay_inside_the_photo():
    rng = np.random.default_rng(0)
    for _ in range(300):
        (y0, y1), (x0, x1) = (np.sort(rng.choice(side + 1, 2, replace=False)) for side in SHAPE[:2])
        box = CropBox(int(y0), int(x0), int(y1), int(x1))
        window = window_around(box, SHAPE, margin=rng.uniform(0, 0.3), least_aspect=rng.uniform(0, 1))
        assert 0 <= window.y0 <= box.y0 < box.y1 <= window.y1 <= SHAPE[0]
        assert 0 <= window.x0 <= box.x0 < box.x1 <= window.x1 <= SHAPE[1]


def test_the_margin_is_a_share_of_the_longer_side_all_around():
    window = window_around(CropBox(200, 300, 300, 500), SHAPE, margin=0.1, least_aspect=0)
    assert window == CropBox(180, 280, 320, 520)


@pytest.mark.parametrize("box", [CropBox(290, 250, 310, 550), CropBox(150, 390, 450, 410)], ids=["wide", "tall"])
def test_a_narrow_box_gets_a_window_that_is_not(box):
    sides = size_of(window_around(box, SHAPE, margin=0.1, least_aspect=0.7))
    assert min(sides) / max(sides) == pytest.approx(0.7, abs=0.01)


@pytest.mark.parametrize("y0", [0, 580], ids=["top", "bottom"])
def test_a_narrow_box_at_the_border_gets_its_room_from_the_other_side(y0):
    sides = size_of(window_around(CropBox(y0, 250, y0 + 20, 550), SHAPE, margin=0.1, least_aspect=0.7))
    assert min(sides) / max(sides) == pytest.approx(0.7, abs=0.01)


def test_a_photo_narrower_than_asked_for_is_used_whole():
    window = window_around(CropBox(5, 100, 45, 700), (50, 800, 3), margin=0.1, least_aspect=0.7)
    assert (window.y0, window.y1) == (0, 50)


def test_a_window_that_may_leave_the_photo_keeps_its_margin():
    box = CropBox(y0=0, x0=0, y1=100, x1=300)
    window = window_around(box, (100, 300), margin=0.1, least_aspect=0.7, may_leave=True)
    assert (window.x0, window.x1) == (-30, 330)
    assert window.y1 - window.y0 == pytest.approx(0.7 * 360)
    assert inside(window, (100, 300)) == box


def test_a_window_that_may_leave_the_photo_does_not_where_there_is_room():
    box = CropBox(y0=10, x0=10, y1=60, x1=110)
    window = window_around(box, (400, 400), margin=0.1, least_aspect=0.7, may_leave=True)
    assert inside(window, (400, 400)) == window
