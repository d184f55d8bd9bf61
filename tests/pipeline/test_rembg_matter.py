from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from PIL import Image

from pipeline.engines import weights
from pipeline.engines.rembg_matter import RembgMatter

ROOT = Path(settings.BASE_DIR)


@pytest.fixture(scope="module")
def matter():
    model_file = weights.locate(weights.DEFAULT, settings.WEIGHTS_DIR)
    return RembgMatter(name=weights.DEFAULT, model_file=model_file, threads=2)


@pytest.mark.slow
def test_a_sample_gets_a_full_size_matte_of_its_product(matter):
    rgb = np.asarray(Image.open(ROOT / "samples/AURA1000_1.jpg").convert("RGB"))
    matte = matter.matte(rgb)
    assert matte.alpha.shape == rgb.shape[:2] and matte.alpha.dtype == np.float32
    assert matte.alpha.min() >= 0 and matte.alpha.max() <= 1
    assert 0.1 < (matte.alpha > 0.5).mean() < 0.2
    assert matte.raw_max > 0.95


@pytest.mark.slow
def test_a_flat_photograph_is_not_stretched_to_a_full_matte(matter):
    matte = matter.matte(np.full((300, 500, 3), 200, np.uint8))
    assert np.isfinite(matte.alpha).all()
    assert matte.alpha.max() == pytest.approx(matte.raw_max, abs=0.1)


@pytest.mark.slow
def test_the_weights_hash_names_the_canonical_model(matter):
    assert matter.sha256 == "b6e8497ba978a6f5fbb647e419d2696cd80df5a23cb6a8ea532021911bd76acb"
