import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from PIL import Image

from pipeline.engines import rembg_matter, runtime_check, weights
from pipeline.engines.rembg_matter import RembgMatter
from pipeline.engines.runtime_check import Runtime, agreement

ROOT = Path(settings.BASE_DIR)
RUNTIMES = ("onnxruntime", "openvino")
pytestmark = pytest.mark.slow


def locate(name: str) -> Path:
    try:
        return weights.locate(name, settings.WEIGHTS_DIR)
    except weights.WeightsError:
        if name == weights.DEFAULT:
            raise
        pytest.skip(f"set-up could not fetch {name}, which the product does without")


@cache
def matter_on(runtime: Runtime, name: str = weights.DEFAULT) -> RembgMatter:
    return RembgMatter(name=name, model_file=locate(name), threads=2, runtime=runtime)


@pytest.fixture(params=RUNTIMES)
def matter(request):
    return matter_on(request.param)


def sample(name: str) -> np.ndarray:
    return np.asarray(Image.open(ROOT / "samples" / f"{name}.jpg").convert("RGB"))


def test_a_sample_gets_a_full_size_matte_of_its_product(matter):
    rgb = sample("AURA1000_1")
    matte = matter.matte(rgb)
    assert matte.alpha.shape == rgb.shape[:2] and matte.alpha.dtype == np.float32
    assert matte.alpha.min() >= 0 and matte.alpha.max() <= 1
    assert (matte.alpha > 0.5).mean() == pytest.approx(0.473, abs=0.02)  # of the truth it was rendered with
    assert matte.raw_max > 0.95


def test_a_flat_photograph_is_not_stretched_to_a_full_matte(matter):
    matte = matter.matte(np.full((300, 500, 3), 200, np.uint8))
    assert np.isfinite(matte.alpha).all()
    assert matte.alpha.max() == pytest.approx(matte.raw_max, abs=0.1)


def test_the_weights_hash_names_the_canonical_model(matter):
    assert matter.sha256 == "b6e8497ba978a6f5fbb647e419d2696cd80df5a23cb6a8ea532021911bd76acb"


@pytest.mark.parametrize("name", [weights.DEFAULT, weights.SECOND])
@pytest.mark.parametrize("photo", ["AURA1000_1", "AURA1001_2", "TEMPO1000_1"])
def test_both_runtimes_give_the_same_matte_even_of_a_thin_temple(name, photo):
    mattes = [matter_on(runtime, name).matte(sample(photo)).alpha for runtime in RUNTIMES]
    iou, difference = agreement(*mattes)
    assert iou > runtime_check.LEAST_IOU and difference < 2e-4  # bf16 has 8 bits: 1.03e-4 on a CPU that has it


def test_the_second_model_finds_the_product_too():
    matte = matter_on("openvino", weights.SECOND).matte(sample("AURA1000_1"))
    iou, _ = agreement(matte.alpha, matter_on("openvino").matte(sample("AURA1000_1")).alpha)
    assert iou > 0.9


@pytest.mark.parametrize("name", [weights.DEFAULT, weights.SECOND])
def test_rembg_itself_removes_a_backdrop_with_our_session(name):
    from rembg import remove

    matter, rgb = matter_on("openvino", name), sample("AURA1000_1")
    cutout = remove(Image.fromarray(rgb), session=matter.session)
    assert cutout.mode == "RGBA" and cutout.size == (rgb.shape[1], rgb.shape[0])
    iou, _ = agreement(np.asarray(cutout.getchannel("A"), np.float32) / 255, matter.matte(rgb).alpha)
    assert iou > 0.99


def test_one_matte_is_not_overwritten_by_the_next(matter):
    session = matter.session.inner_session
    name, inputs = session.get_inputs()[0].name, np.zeros((1, 3, 1024, 1024), np.float32)
    first = session.run(None, {name: inputs})[0]
    before = first.copy()
    session.run(None, {name: inputs + np.random.default_rng(0).random(inputs.shape, np.float32)})
    assert np.array_equal(first, before)


def test_when_openvino_cannot_load_a_model_after_all_onnxruntime_does(monkeypatch, caplog):
    def refuse(*_):
        raise RuntimeError("Unsupported CPU")

    monkeypatch.setattr(rembg_matter, "choose", lambda *_: "openvino")
    monkeypatch.setattr(rembg_matter, "OpenvinoSession", refuse)
    matter = RembgMatter(name=weights.DEFAULT, model_file=locate(weights.DEFAULT))
    assert matter.runtime == "onnxruntime"
    assert "runs on onnxruntime, as OpenVINO can't load it: Unsupported CPU" in caplog.text
    assert matter.matte(sample("AURA1000_1")).raw_max > 0.95


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_neither_runtime_reports_to_its_makers(runtime, tmp_path):
    """Each would write itself an identity under HOME first; both hold back under CI, so there is no CI here."""
    home = tmp_path / "home"
    home.mkdir()
    trial = [runtime, weights.DEFAULT, str(locate(weights.DEFAULT)), str(tmp_path / "trial.npz")]
    command = [sys.executable, "-m", "pipeline.engines.runtime_trial", *trial]
    # The proxy that is not there keeps even a failing test from reporting.
    env = {"HOME": str(home), "PATH": os.environ["PATH"], "HTTPS_PROXY": "http://127.0.0.1:9"}
    subprocess.run(command, cwd=ROOT, env=env, check=True)
    assert list(home.iterdir()) == []
