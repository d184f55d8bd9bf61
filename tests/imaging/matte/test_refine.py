import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pipeline.imaging.matte import refine
from pipeline.imaging.matte.refine import estimate_foreground, snap
from pipeline.imaging.types import RGB, Alpha

DARK, GREEN = (40, 30, 35), (40, 230, 60)


def disc(sigma: float = 3) -> Alpha:
    y, x = np.mgrid[:300, :300]
    hard = ((x - 150) ** 2 + (y - 150) ** 2 < 90**2).astype(np.float32)
    return snap(gaussian_filter(hard, sigma))


def composite(alpha: Alpha, product: NDArray[np.uint8], backdrop: tuple[int, int, int]) -> RGB:
    mixed = alpha[..., None] * product + (1 - alpha[..., None]) * np.array(backdrop)
    return np.rint(mixed).astype(np.uint8)


def textured() -> NDArray[np.uint8]:
    """A dark product whose colour drifts from left to right."""
    drift = np.linspace(0, 40, 300)[None, :, None]
    return np.broadcast_to(np.array(DARK) + drift, (300, 300, 3)).astype(np.uint8)


def colour_error(rgb: RGB, truth: NDArray[np.uint8], where: NDArray[np.bool_]) -> float:
    return float(np.abs(rgb.astype(float) - truth)[where].mean())


@pytest.mark.parametrize(
    ("raw", "snapped"), [(0, 0), (8, 0), (127.5, 0.5), (247, 1), (255, 1), (8 + 239 / 4, 0.25)], ids=str
)
def test_haze_is_cleared_and_the_rest_stays_linear(raw: float, snapped: float) -> None:
    result = snap(np.full((2, 2), raw / 255, np.float32))
    assert result.dtype == np.float32
    assert result == pytest.approx(snapped, abs=1e-6)


def test_the_backdrop_is_taken_out_of_the_band() -> None:
    alpha, truth = disc(), textured()
    photo = composite(alpha, truth, GREEN)
    is_band = (alpha > 0.02) & (alpha < 1)
    before, after = colour_error(photo, truth, is_band), colour_error(estimate_foreground(photo, alpha), truth, is_band)
    assert before > 30
    assert after < 0.1 * before


def test_colours_that_change_along_the_edge_are_followed() -> None:
    alpha = disc()
    y, x = np.mgrid[:300, :300] // 25
    truth = np.where(((x + y) % 2 == 0)[..., None], (200, 60, 150), DARK).astype(np.uint8)
    photo = composite(alpha, truth, GREEN)
    is_band = (alpha > 0.02) & (alpha < 1)
    assert colour_error(estimate_foreground(photo, alpha), truth, is_band) < 0.5 * colour_error(photo, truth, is_band)


def test_a_listing_picture_shows_no_green_rim_on_white() -> None:
    alpha, truth = disc(), textured()
    foreground = estimate_foreground(composite(alpha, truth, GREEN), alpha)
    on_white, expected = (composite(alpha, colour, (255, 255, 255)) for colour in (foreground, truth))
    assert np.abs(on_white.astype(int) - expected).max() <= 6


def test_the_products_colour_continues_a_little_outside_the_band() -> None:
    alpha, truth = disc(), textured()
    foreground = estimate_foreground(composite(alpha, truth, GREEN), alpha)
    is_next = (alpha == 0) & (np.roll(alpha, 1, axis=1) > 0)
    assert colour_error(foreground, truth, is_next) < 15


def test_nothing_else_changes() -> None:
    alpha = disc()
    photo = composite(alpha, textured(), GREEN)
    foreground = estimate_foreground(photo, alpha)
    is_far = gaussian_filter(((alpha > 0) & (alpha < 1)).astype(float), 3, truncate=2) == 0
    assert np.array_equal(foreground[alpha == 1], photo[alpha == 1])
    assert np.array_equal(foreground[is_far], photo[is_far])


@pytest.mark.parametrize("opacity", [0, 1])
def test_without_a_band_the_photo_is_returned(opacity: int) -> None:
    photo = textured()
    assert np.array_equal(estimate_foreground(photo, np.full((300, 300), opacity, np.float32)), photo)


def test_the_input_is_left_alone() -> None:
    alpha = disc()
    photo = composite(alpha, textured(), GREEN)
    copy = photo.copy()
    estimate_foreground(photo, alpha)
    assert np.array_equal(photo, copy)


def test_a_product_touching_the_frame_is_handled() -> None:
    alpha = np.zeros((80, 80), np.float32)
    alpha[:, :40], alpha[:, 40] = 1, 0.5
    photo = composite(alpha, np.full((80, 80, 3), DARK, np.uint8), GREEN)
    assert np.abs(estimate_foreground(photo, alpha)[:, 40].astype(int) - DARK).max() <= 3


@pytest.mark.parametrize(("constant", "size"), [("STRIP_ROWS", 40), ("TILE", 37)])
def test_the_parts_of_a_large_photo_leave_no_seams(monkeypatch, constant, size):
    rng = np.random.default_rng(5)
    rgb = rng.integers(0, 256, (500, 300, 3), dtype=np.uint8)
    rows, columns = np.mgrid[:500, :300]
    alpha = np.clip((140 - np.hypot(rows - 250, (columns - 150) * 1.7)) / 30 + 0.5, 0, 1).astype(np.float32)
    monkeypatch.setattr(refine, "TILE", 512)
    whole = refine.estimate_foreground(rgb, alpha)
    monkeypatch.setattr(refine, constant, size)
    difference = np.abs(refine.estimate_foreground(rgb, alpha).astype(int) - whole)
    assert difference.max() <= 1, "more than a rounding"
    assert difference.mean() < 1e-3


def test_specks_go_and_thin_wires_stay():
    alpha = np.zeros((200, 200), np.float32)
    alpha[50:100, 50:100] = 1
    wire = np.arange(100, 150)
    alpha[wire, wire] = 1  # one pixel wide, on the diagonal, joined at a corner
    product = alpha.copy()
    alpha[10:13, 180:183] = 1
    assert np.array_equal(refine.drop_specks(alpha), product)


def test_an_empty_alpha_has_no_specks():
    empty = np.zeros((20, 20), np.float32)
    assert np.array_equal(refine.drop_specks(empty), empty)


def with_faint_patch(opacity: float) -> tuple[Alpha, Alpha]:
    """A product, and with it a separate patch as large as a quarter of it."""
    product = np.zeros((200, 200), np.float32)
    product[50:100, 50:100] = 1
    patched = product.copy()
    patched[130:155, 130:155] = opacity
    return product, patched


def test_a_large_piece_that_is_faint_all_over_goes():
    product, patched = with_faint_patch(0.55)
    assert np.array_equal(refine.drop_specks(patched), product)


def test_a_second_piece_that_is_sure_somewhere_stays():
    _, patched = with_faint_patch(0.3)
    patched[140, 140] = 0.9
    assert np.array_equal(refine.drop_specks(patched), patched)


def test_what_is_faint_but_hangs_on_the_product_stays():
    alpha = np.zeros((100, 100), np.float32)
    alpha[40:60, 40:60], alpha[48:50, 60:90] = 1, 0.3
    assert np.array_equal(refine.drop_specks(alpha), alpha)


def test_a_product_that_is_faint_all_over_is_not_emptied():
    _, faint = with_faint_patch(0.55)
    assert refine.drop_specks(0.5 * faint).any()
