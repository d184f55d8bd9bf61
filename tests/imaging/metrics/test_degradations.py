"""Over many known scenes: whatever is done to a true matte, the confidence falls, and nothing talks a doubt away."""

import json
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest

from pipeline.imaging.metrics.measure import measure
from pipeline.imaging.types import Matte
from pipeline.imaging.verdict import score as scoring
from tests.imaging import scenes

POLICY = json.loads(resources.files("pipeline").joinpath("policies/default.json").read_text())
PRODUCTS = {
    "angled": (scenes.angled_glasses(width=800, height=600), "eyewear"),
    "folded": (scenes.folded_glasses(width=800, height=600), "eyewear"),
    "watch": (scenes.watch_head(size=600), "watch"),
}
LOOKS = {
    "grey": {},
    "white": {"product": (225, 226, 224)},
    "dark": {"product": (20, 20, 22), "backdrop": (60, 60, 62)},
    "noisy": {"noise": 4.0},
}


def somewhere(photo, rng):
    rows, columns = np.nonzero(photo.alpha > 0.99)
    at = rng.integers(rows.size)
    return int(rows[at]), int(columns[at])


def hole(photo, rng):
    y, x = somewhere(photo, rng)
    return scenes.with_hole(photo.alpha, y, x, rng.integers(12, 30), rng.uniform(0, 0.6))


def cut(photo, rng):
    return scenes.with_cut(photo.alpha, somewhere(photo, rng)[1], rng.integers(6, 20))


DEGRADATIONS = {
    "halo": lambda photo, rng: scenes.with_halo(photo.alpha, rng.uniform(2, 8)),
    "haze": lambda photo, rng: scenes.with_haze(photo.alpha, rng.uniform(0.05, 0.3)),
    "hole": hole,
    "cut": cut,
    "shift": lambda photo, rng: scenes.with_shift(photo.alpha, int(rng.integers(4, 25))),
    "shadow": lambda photo, rng: scenes.with_shadow(photo.alpha, photo.shadow, rng.uniform(0.4, 1)),
}


def confidence(photo, alpha, product_class):
    metrics = measure(
        photo.rgb, Matte(alpha, 0.0, 1.0), None, crop_expected=False, product_class=product_class, view=None
    )
    return scoring.score(metrics, POLICY, crop_expected=False).confidence


@pytest.fixture(scope="module")
def photos():
    return [
        (scenes.on_sweep(scene, **look), product_class)
        for scene, product_class in PRODUCTS.values()
        for look in LOOKS.values()
    ]


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_a_degradation_lowers_the_confidence_in_19_of_20_cases(name, photos):
    rng, lowered = np.random.default_rng(11), []
    for photo, product_class in photos:
        true = confidence(photo, photo.alpha, product_class)
        lowered += [confidence(photo, DEGRADATIONS[name](photo, rng), product_class) < true for _ in range(3)]
    assert np.mean(lowered) >= 0.95


def test_no_degradation_lifts_a_flagged_matte_over_the_threshold(photos):
    rng, threshold = np.random.default_rng(12), POLICY["thresholds"]["eyewear"]["front"]
    for photo, product_class in photos:
        flagged = scenes.with_halo(photo.alpha, 6)
        assert confidence(photo, flagged, product_class) < threshold
        for degrade in DEGRADATIONS.values():
            worse = degrade(replace(photo, alpha=flagged), rng)
            assert confidence(photo, worse, product_class) < threshold
