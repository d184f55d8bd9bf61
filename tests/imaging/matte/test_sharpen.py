from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage as ndi

from pipeline.imaging.matte.sharpen import upsample
from pipeline.imaging.scale import shrink
from tests.imaging import scenes

PRODUCTS = {
    "angled": scenes.angled_glasses(width=600, height=450),
    "folded": scenes.folded_glasses(width=600, height=450),
    "watch": scenes.watch_head(size=500),
}
every_product = pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS)


def enlarged(photo: scenes.Studio, factor: float) -> tuple[np.ndarray, np.ndarray]:
    """The true matte of a smaller copy, brought back to the photo's size: sharpened, and by bicubic interpolation."""
    side = round(max(photo.alpha.shape) / factor)
    alpha = shrink(photo.alpha, side)
    bicubic = Image.fromarray(alpha).resize(photo.alpha.shape[::-1], Image.Resampling.BICUBIC)
    return upsample(alpha, shrink(photo.rgb, side), photo.rgb), np.asarray(bicubic).clip(0, 1)


def mean_error(alpha: np.ndarray, photo: scenes.Studio) -> float:
    return float(np.abs(alpha - photo.alpha).mean())


@every_product
@pytest.mark.parametrize("noise", [0, 4])
def test_a_matte_of_a_quarter_of_the_size_becomes_sharper_than_bicubic_makes_it(product, noise):
    photo = scenes.on_sweep(product, noise=noise)
    sharpened, bicubic = enlarged(photo, 4)
    assert mean_error(sharpened, photo) < 0.15 * mean_error(bicubic, photo)


@every_product
def test_a_pale_product_on_white_gains_too(product):
    photo = scenes.on_sweep(product, product=(250, 250, 250), backdrop=(225, 225, 225))
    sharpened, bicubic = enlarged(photo, 4)
    assert mean_error(sharpened, photo) < 0.6 * mean_error(bicubic, photo)


@every_product
@pytest.mark.parametrize("noise", [0, 4])
def test_where_brightness_explains_nothing_it_is_hardly_worse_than_bicubic(product, noise):
    equally_bright = {"product": (230, 120, 130), "backdrop": (130, 120, 230), "bend": 0, "slant": 0, "shadow": 0}
    photo = scenes.on_sweep(product, **equally_bright, noise=noise)
    sharpened, bicubic = enlarged(photo, 4)
    assert mean_error(sharpened, photo) < 1.01 * mean_error(bicubic, photo)


@every_product
def test_away_from_the_edge_neither_pattern_nor_shadow_leaves_a_trace(product):
    photo = scenes.on_sweep(product, shadow=0.4, blur=0.01)
    pattern = np.random.default_rng(0).integers(0, 120, photo.rgb.shape, dtype=np.uint8)
    photo = replace(photo, rgb=photo.rgb + pattern * (photo.alpha > 0.5)[..., None])
    sharpened, bicubic = enlarged(photo, 4)
    is_near_edge = ndi.maximum_filter((photo.alpha > 0) & (photo.alpha < 1), 33)
    assert np.array_equal(sharpened[~is_near_edge], bicubic[~is_near_edge])


@pytest.mark.parametrize("factor", [1.5, 3.3, 4])
def test_opacity_stays_in_range_at_the_photos_size(factor):
    photo = scenes.on_sweep(PRODUCTS["angled"])
    sharpened, _ = enlarged(photo, factor)
    assert sharpened.shape == photo.alpha.shape and sharpened.dtype == np.float32
    assert sharpened.min() >= 0 and sharpened.max() <= 1


@pytest.mark.parametrize("factor", [1, 1.2])
def test_a_copy_nearly_as_large_is_only_enlarged(factor):
    sharpened, bicubic = enlarged(scenes.on_sweep(PRODUCTS["angled"]), factor)
    assert np.array_equal(sharpened, bicubic)


@pytest.mark.parametrize("opacity", [0, 1])
def test_without_an_edge_nothing_changes(opacity):
    photo = scenes.on_sweep(PRODUCTS["watch"])
    alpha = np.full((125, 125), opacity, np.float32)
    assert np.allclose(upsample(alpha, shrink(photo.rgb, 125), photo.rgb), opacity, atol=1e-6)
