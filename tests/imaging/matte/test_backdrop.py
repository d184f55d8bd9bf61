import itertools
from typing import Any

import numpy as np
import pytest
from scipy import ndimage as ndi

from pipeline.imaging.matte.backdrop import LEAST_GAIN, Backdrop, fit_backdrop, flatten
from tests.imaging import scenes
from tests.imaging.scenes import Scene, Studio

# At most 384 px, so that the fit has the photo's own pixels.
PRODUCTS = {
    "angled": scenes.angled_glasses(width=384, height=288),
    "folded": scenes.folded_glasses(width=384, height=288),
    "watch": scenes.watch_head(size=384),
    "portrait": scenes.angled_glasses(width=256, height=384),
}
LOOKS: dict[str, dict[str, Any]] = {
    "dark on white": {},
    "white on white": {"product": (239, 240, 238)},
    "dark on dark": {"product": (20, 20, 22), "backdrop": (46, 46, 48), "bend": 8},
}

every_product = pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS)
every_look = pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(scope="module", params=itertools.product(PRODUCTS, LOOKS), ids=", ".join)
def fitted(request) -> tuple[Studio, Backdrop]:
    """Each product in each look before a sweep with a soft shadow, and what is fitted to it."""
    name, look = request.param
    photo = scenes.on_sweep(PRODUCTS[name], **LOOKS[look])
    return photo, fit_backdrop(photo.rgb)


def error(photo: Studio, backdrop: Backdrop) -> np.ndarray:
    """How far the fitted colour is off, in levels, in the worst channel."""
    return np.abs(backdrop.colour - photo.sweep).max(-1)


def is_away(photo: Studio) -> np.ndarray:
    """Ten pixels and more from the product and from what it encloses."""
    return ~ndi.binary_dilation(ndi.binary_fill_holes(photo.alpha > 0), iterations=10)


def extent(mask: np.ndarray) -> np.ndarray:
    """First and last row and column, half-open: y0, x0, y1, x1."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return np.array([rows[0], columns[0], rows[-1] + 1, columns[-1] + 1])


def assert_boxed(photo: Studio, backdrop: Backdrop) -> None:
    assert backdrop.box
    box = np.array([backdrop.box.y0, backdrop.box.x0, backdrop.box.y1, backdrop.box.x1])
    slack = (extent(photo.alpha > 0.5) - box) * (1, 1, -1, -1)
    assert slack.min() >= -1
    assert slack.max() < 0.1 * 384


def test_away_from_the_product_the_colour_is_the_backdrops(fitted):
    assert np.percentile(error(*fitted)[is_away(fitted[0])], 99) < 2


@every_product
@every_look
def test_behind_the_product_the_colour_is_what_the_product_hides(product, look):
    photo = scenes.on_sweep(product, **look, shadow=0)
    assert error(photo, fit_backdrop(photo.rgb))[photo.alpha > 0.5].max() < 5


def test_a_soft_shadow_counts_as_backdrop(fitted):
    photo, backdrop = fitted
    assert backdrop.is_reached[(photo.shadow > 0.1) & is_away(photo)].mean() > 0.95


def test_a_hard_shadow_is_not_taken_for_the_backdrops_colour():
    photo = scenes.on_sweep(PRODUCTS["angled"], shadow=0.3, blur=0.008)
    without = scenes.on_sweep(PRODUCTS["angled"], shadow=0)
    assert np.abs(fit_backdrop(photo.rgb).colour - without.sweep).max() < 5


def test_the_products_core_is_never_reached(fitted):
    photo, backdrop = fitted
    assert not backdrop.is_reached[ndi.binary_erosion(photo.alpha > 0.9, iterations=2)].any()


@pytest.mark.parametrize("noise", [0.5, 4])
def test_noise_does_not_let_the_flood_into_a_pale_product(noise):
    photo = scenes.on_sweep(PRODUCTS["folded"], **LOOKS["white on white"], noise=noise)
    assert not fit_backdrop(photo.rgb).is_reached[ndi.binary_erosion(photo.alpha > 0.9, iterations=2)].any()


def test_the_box_holds_the_product_and_little_more(fitted):
    assert fitted[1].is_studio
    assert_boxed(*fitted)


@every_product
def test_the_box_with_a_hard_shadow_is_little_larger(product):
    photo = scenes.on_sweep(product, shadow=0.3, blur=0.008)
    assert_boxed(photo, fit_backdrop(photo.rgb))


def test_the_box_of_a_large_photo_is_in_its_own_pixels():
    photo = scenes.on_sweep(scenes.angled_glasses(width=1200, height=900))
    box = fit_backdrop(photo.rgb).box
    assert np.array([box.y0, box.x0, box.y1, box.x1]) == pytest.approx(extent(photo.alpha > 0.5), abs=30)


@every_product
@pytest.mark.parametrize("grain", [4, 8])
def test_wood_is_no_studio_backdrop(product, grain):
    assert not fit_backdrop(scenes.on_sweep(product, grain=grain).rgb).is_studio


@pytest.mark.parametrize("noise", [0.5, 1.5, 4])
@pytest.mark.parametrize("seed", range(4))
def test_an_empty_sweep_has_nothing_to_box(noise, seed):
    empty = scenes.on_sweep(scenes.nothing(), noise=noise, seed=seed)
    assert not fit_backdrop(empty.rgb).is_studio


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_flat_photo_is_all_backdrop(level):
    backdrop = fit_backdrop(np.full((200, 300, 3), level, np.uint8))
    assert backdrop.is_reached.all() and backdrop.box is None
    assert backdrop.colour == pytest.approx(level, abs=0.01)


@pytest.mark.parametrize("shape", [(16, 16), (16, 64), (64, 16), (33, 20), (64, 64), (40, 4000), (16, 12000)], ids=str)
@pytest.mark.parametrize("kind", ["flat", "noise", "spot"])
def test_photos_of_odd_sizes_are_fitted_too(shape, kind):
    photo = np.full((*shape, 3), 220, np.uint8)
    if kind == "noise":
        photo = np.random.default_rng(0).integers(0, 256, photo.shape, dtype=np.uint8)
    if kind == "spot":
        photo[shape[0] // 3 : shape[0] // 2 + 2, shape[1] // 3 : shape[1] // 2 + 2] = 30
    backdrop = fit_backdrop(photo)
    assert np.isfinite(backdrop.colour).all()
    assert backdrop.box is None or (backdrop.box.y1 <= shape[0] and backdrop.box.x1 <= shape[1])


@pytest.mark.parametrize("move", [(0, -40), (-110, 0), (110, 0)], ids=["left", "top", "bottom"])
def test_a_product_touching_the_border_is_still_told_from_the_backdrop(move):
    moved = np.roll(PRODUCTS["angled"].alpha, move, axis=(0, 1))
    photo = scenes.on_sweep(Scene(None, moved, None))
    backdrop = fit_backdrop(photo.rgb)
    assert np.isfinite(backdrop.colour).all()
    assert np.median(error(photo, backdrop)[is_away(photo)]) < 2


@every_look
def test_flattened_the_product_stands_out_of_an_even_grey(look):
    photo = scenes.on_sweep(PRODUCTS["angled"], **look)
    flat = flatten(photo.rgb, fit_backdrop(photo.rgb).colour, LEAST_GAIN)
    product, backdrop = flat[photo.alpha == 1].astype(float), flat[is_away(photo)].astype(float)
    assert flat.dtype == np.uint8
    assert backdrop.mean() == pytest.approx(160, abs=3) and backdrop.std() < 8
    assert abs(product.mean() - backdrop.mean()) > 25


def test_before_one_colour_the_plate_is_that_colour_behind_the_product_too():
    photo = scenes.on_sweep(PRODUCTS["folded"], backdrop=(255, 255, 255), bend=0, slant=0, noise=0.4, shadow=0)
    backdrop = fit_backdrop(photo.rgb)
    assert error(photo, backdrop).max() < 1
    assert backdrop.doubt.max() < 1


def test_far_from_what_was_reached_the_plate_of_an_uneven_sweep_is_doubted():
    photo = scenes.on_sweep(scenes.watch_head(size=384, radius=0.4), bend=20)
    backdrop = fit_backdrop(photo.rgb)
    assert backdrop.doubt[192, 192] > 1
    assert backdrop.doubt[5, 5] == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("colour", [(20, 20, 22), (120, 30, 30)], ids=["black", "red"])
def test_a_product_that_the_border_cuts_is_not_taken_for_backdrop(colour):
    alpha = np.zeros((288, 384), np.float32)
    alpha[100:180, 0:250] = 1
    photo = scenes.on_sweep(Scene(None, alpha, None), product=colour, noise=0.5)
    backdrop = fit_backdrop(photo.rgb)
    assert not backdrop.is_reached[104:176, 4:240].any()
    assert np.median(error(photo, backdrop)[104:176, 4:240]) < 6
