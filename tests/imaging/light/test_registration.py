"""How an answer lies over its photo, on scenes whose warp is known."""

import numpy as np
import pytest
from PIL import Image

from pipeline.imaging.light.registration import box_of, cut
from tests.imaging.scenes import angled_glasses, on_sweep

PHOTO = on_sweep(angled_glasses(), noise=0.5).rgb
HEIGHT, WIDTH = PHOTO.shape[:2]


def registered_onto_photo(picture: np.ndarray) -> np.ndarray:
    return cut(picture, box_of(PHOTO, picture), PHOTO.shape)


def answer(box: tuple[float, float, float, float], size: tuple[int, int], gain: float = 1.0) -> np.ndarray:
    """That part of the photo, which may reach beyond it, at that size."""
    margin = 80
    padded = np.pad(PHOTO, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    x0, y0, x1, y1 = (side + margin for side in box)
    picture = Image.fromarray(padded).resize(size, Image.Resampling.BICUBIC, (x0, y0, x1, y1))
    return (np.asarray(picture) * np.float32(gain)).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("box", "size"),
    [
        ((0, 0, WIDTH, HEIGHT), (WIDTH, HEIGHT)),
        ((0, 0, WIDTH, HEIGHT), (1024, 768)),
        ((3.3, -2.6, WIDTH + 3.3, HEIGHT - 2.6), (WIDTH, HEIGHT)),
        ((8, 6, WIDTH - 8, HEIGHT - 6), (1024, 768)),
        ((0, -60, WIDTH, HEIGHT + 60), (800, 720)),
    ],
    ids=["as it was", "larger", "shifted", "two per cent closer", "padded to another aspect ratio"],
)
@pytest.mark.parametrize("gain", [1.0, 0.6])
def test_the_photos_place_in_the_answer_is_found_to_half_a_pixel(box, size, gain):
    across, down = size[0] / (box[2] - box[0]), size[1] / (box[3] - box[1])
    truth = np.array([-box[0] * across, -box[1] * down, (WIDTH - box[0]) * across, (HEIGHT - box[1]) * down])
    found = box_of(PHOTO, answer(box, size, gain))
    assert np.abs((found - truth) / np.array([across, down] * 2)).max() < 0.5


def test_a_registered_answer_has_the_photos_size_and_pixels():
    registered = registered_onto_photo(answer((5, 5, WIDTH - 5, HEIGHT - 3), (700, 525)))
    inside = (slice(12, -12), slice(12, -12))
    assert registered.shape == PHOTO.shape
    assert np.abs(registered[inside].astype(int) - PHOTO[inside]).mean() < 2


@pytest.mark.parametrize("size", [(1, 1), (5, 300), (2000, 20)])
def test_an_answer_of_any_size_is_laid_over_somehow(size):
    assert registered_onto_photo(np.full((size[1], size[0], 3), 128, np.uint8)).shape == PHOTO.shape


def test_a_box_is_cut_at_the_size_asked_for_and_beyond_the_border_the_rim_goes_on():
    picture = np.arange(12, dtype=np.uint8).reshape(3, 4)
    found = cut(picture, np.array([-4.0, 0, 4, 3]), (3, 8))
    assert found[:, 0].tolist() == [0, 4, 8]
