"""A network's matte with one defect, before a studio backdrop: the defect is repaired, or named and not published."""

import json
from importlib import resources
from typing import Any

import numpy as np
import pytest
from scipy import ndimage as ndi
from skimage.morphology import skeletonize

from pipeline.imaging.framing import look_at_fit
from pipeline.imaging.matte import difference, refine
from pipeline.imaging.matte.backdrop import fit_backdrop
from pipeline.imaging.metrics.measure import measure
from pipeline.imaging.types import CropBox, Matte, ProductClass, Verdict
from pipeline.imaging.verdict import score as scoring
from tests.imaging import scenes
from tests.imaging.scenes import Studio

POLICY = json.loads(resources.files("pipeline").joinpath("policies/default.json").read_text())
ANGLED, FOLDED = scenes.angled_glasses(width=800, height=600), scenes.folded_glasses(width=800, height=600)
WATCH = scenes.watch_head(size=600)
WHITE: dict[str, Any] = {"product": (239, 240, 238)}
DARK: dict[str, Any] = {"product": (20, 20, 22), "backdrop": (46, 46, 48), "bend": 8}
PHOTOS: dict[str, tuple[Studio, ProductClass]] = {
    "angled": (scenes.on_sweep(ANGLED), "eyewear"),
    "angled, white": (scenes.on_sweep(ANGLED, **WHITE), "eyewear"),
    "angled, dark": (scenes.on_sweep(ANGLED, **DARK), "eyewear"),
    "angled, hard shadow": (scenes.on_sweep(ANGLED, shadow=0.3, blur=0.012), "eyewear"),
    "folded": (scenes.on_sweep(FOLDED), "eyewear"),
    "watch": (scenes.on_sweep(WATCH), "watch"),
    "watch, dark": (scenes.on_sweep(WATCH, **DARK), "watch"),
}


def defects(alpha: np.ndarray, truth: np.ndarray) -> set[str]:
    """What a shop would send a matte back for.

    The tolerance band is 0.5 % of the product's longer side. Missing: a gap in the centre lines longer than that, or
    1.5 % of them; thin: 5 % of the body see-through; extra: 1.5 % of the product's area kept outside of it; halo: off
    by more than 0.2 along the edge.
    """
    is_product = truth > 0.5
    extent = max(np.ptp(np.flatnonzero(is_product.any(axis))) + 1 for axis in (0, 1))
    disc = ndi.iterate_structure(ndi.generate_binary_structure(2, 1), max(2, round(0.005 * extent)))
    body, is_near = ndi.binary_erosion(is_product, disc), ndi.binary_dilation(is_product, disc)
    lines = skeletonize(is_product)
    lost = lines & (ndi.maximum_filter(alpha, footprint=disc) <= 0.75)
    gap = np.bincount(ndi.label(lost, np.ones((3, 3)))[0].ravel())[1:].max(initial=0)
    found = {
        "missing": gap > 0.005 * extent or lost.sum() > 0.015 * lines.sum(),
        "thin": (1 - alpha)[body].mean() > 0.05,
        "extra": alpha[~is_near].sum() > 0.015 * is_product.sum(),
        "halo": np.abs(alpha - truth)[is_near & ~body].mean() > 0.2,
    }
    return {name for name, is_found in found.items() if is_found}


def matted(photo: Studio, prior: np.ndarray, product_class: ProductClass) -> tuple[np.ndarray, Verdict]:
    """What becomes of the network's matte: the cleaned alpha, and what the gate would say."""
    backdrop, shape = fit_backdrop(photo.rgb), photo.alpha.shape
    *colour, doubt, is_reached = (
        look_at_fit(np.ascontiguousarray(layer, np.float32), CropBox(0, 0, *shape), shape, shape)
        for layer in (*np.moveaxis(backdrop.colour, 2, 0), backdrop.doubt, backdrop.is_reached)
    )
    distance = difference.distance_from(photo.rgb, np.dstack(colour), is_reached > 0.5)
    alpha = difference.fuse(prior, distance, doubt, is_reached > 0.5, product_class)
    left_out = difference.left_out(alpha, distance, is_reached > 0.5)
    metrics = measure(
        photo.rgb,
        Matte(alpha, 0.0, 1.0, left_out),
        None,
        crop_expected=False,
        product_class=product_class,
        view=None,
    )
    result = scoring.score(metrics, POLICY, crop_expected=False)
    verdict = scoring.judge(result, POLICY, product_class, None)
    return refine.drop_specks(refine.snap(alpha)), verdict


def with_veil(photo: Studio) -> np.ndarray:
    """Mist around the product, as between a frame and a white backdrop."""
    is_around = ndi.maximum_filter(photo.alpha > 0, 33)
    return np.maximum(photo.alpha, 0.3 * ndi.gaussian_filter(is_around.astype(np.float32), 3))


def half_lost(photo: Studio) -> np.ndarray:
    return scenes.with_fading(photo.alpha, photo.alpha.shape[1] // 2, 0.1)


REPAIRED = {
    "a narrow halo": ("angled", lambda p: scenes.with_halo(p.alpha, 2)),
    "a narrow halo on white": ("angled, white", lambda p: scenes.with_halo(p.alpha, 2)),
    "a half see-through place in a lens": ("angled", lambda p: scenes.with_hole(p.alpha, 300, 288, 32)),
    "a half see-through place in a white lens": ("angled, white", lambda p: scenes.with_hole(p.alpha, 300, 288, 32)),
    "a half see-through place in a dial": ("watch", lambda p: scenes.with_hole(p.alpha, 300, 300, 60)),
    "a dial cut out, dark on dark": ("watch, dark", lambda p: scenes.with_hole(p.alpha, 300, 300, 90, 0)),
    "half a watch faded": ("watch", half_lost),
    "half a watch faded, dark on dark": ("watch, dark", half_lost),
    "a faint haze": ("angled", lambda p: scenes.with_haze(p.alpha, 0.05)),
    "haze": ("angled, white", lambda p: scenes.with_haze(p.alpha, 0.1)),
    "a temple half seen": ("angled", lambda p: scenes.with_fading(p.alpha, 232, 0.4)),
    "a temple hardly seen": ("angled, white", lambda p: scenes.with_fading(p.alpha, 232, 0.2)),
    "a temple hardly seen, dark on dark": ("angled, dark", lambda p: scenes.with_fading(p.alpha, 232, 0.2)),
    "a folded temple hardly seen": ("folded", lambda p: scenes.with_fading(p.alpha, 160, 0.2)),
}
NAMED = {
    "a wide halo": ("angled", lambda p: scenes.with_halo(p.alpha, 6), "wide-band"),
    "a wide halo around a watch": ("watch", lambda p: scenes.with_halo(p.alpha, 6), "wide-band"),
    "mist around the frame": ("angled, white", with_veil, "haze"),
    "a temple cut off": ("angled", lambda p: scenes.with_cut(p.alpha, 160, 8), "torn"),
    "a watch cut in two": ("watch", lambda p: scenes.with_cut(p.alpha, 300, 24), "torn"),
    "a lens cut through": ("folded", lambda p: scenes.with_hole(p.alpha, 300, 272, 48, 0), "left-out"),
    "a trace of a temple": ("angled", lambda p: scenes.with_fading(p.alpha, 232, 0.05), "haze"),
    "a soft shadow kept": ("angled", lambda p: scenes.with_shadow(p.alpha, p.shadow, 0.6), "edge-not-in-photo"),
    "a hard shadow kept": (
        "angled, hard shadow",
        lambda p: scenes.with_shadow(p.alpha, p.shadow, 0.6),
        "edge-not-in-photo",
    ),
    "a watch's shadow kept": ("watch", lambda p: scenes.with_shadow(p.alpha, p.shadow, 0.6), "edge-not-in-photo"),
    "glasses shifted": ("angled, white", lambda p: scenes.with_shift(p.alpha, 8), "edge-not-in-photo"),
    "folded glasses shifted": ("folded", lambda p: scenes.with_shift(p.alpha, 8), "edge-not-in-photo"),
    "a watch shifted": ("watch", lambda p: scenes.with_shift(p.alpha, 8), "edge-not-in-photo"),
}


@pytest.mark.parametrize("name", PHOTOS)
def test_a_true_matte_stays_true_and_is_published(name):
    photo, product_class = PHOTOS[name]
    alpha, verdict = matted(photo, photo.alpha, product_class)
    assert defects(alpha, photo.alpha) == set()
    assert verdict.publish


@pytest.mark.parametrize("case", REPAIRED)
def test_an_injected_defect_is_repaired(case):
    name, degrade = REPAIRED[case]
    photo, product_class = PHOTOS[name]
    prior = degrade(photo)
    assert defects(prior, photo.alpha), "the network's matte is meant to be bad"
    alpha, _ = matted(photo, prior, product_class)
    assert defects(alpha, photo.alpha) == set()


@pytest.mark.parametrize("case", NAMED)
def test_what_is_not_repaired_is_named_and_held(case):
    name, degrade, reason = NAMED[case]
    photo, product_class = PHOTOS[name]
    prior = degrade(photo)
    assert defects(prior, photo.alpha), "the network's matte is meant to be bad"
    _, verdict = matted(photo, prior, product_class)
    assert reason in verdict.reasons
    assert not verdict.publish
