import json
import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.engines import runtime_check, weights
from pipeline.engines.runtime_check import Trial, TrialError, choose, pick
from pipeline.engines.runtime_trial import drawn_photo

SHA256 = "0" * 64


def disc(shift: int = 0, haze: float = 0.0) -> np.ndarray:
    y, x = np.mgrid[:400, :400]
    return np.maximum((np.hypot(x - 200 - shift, y - 200) < 120).astype(np.float32), np.float32(haze))


def trials(onnxruntime: Trial, openvino: Trial):
    asked = []

    def run(runtime, name, model_file):
        asked.append(runtime)
        return {"onnxruntime": onnxruntime, "openvino": openvino}[runtime]

    return run, asked


@pytest.fixture
def model_file(tmp_path):
    path = tmp_path / "small.onnx"
    path.write_bytes(b"a model")
    return path


@given(st.floats(0.01, 100), st.floats(0.01, 100))
def test_of_two_that_agree_the_slower_is_never_taken(onnxruntime_seconds, openvino_seconds):
    choice = pick(Trial(disc(), onnxruntime_seconds), Trial(disc(), openvino_seconds))
    taken = openvino_seconds if choice.runtime == "openvino" else onnxruntime_seconds
    assert taken == min(onnxruntime_seconds, openvino_seconds)


@pytest.mark.parametrize(
    "wrong",
    [disc(shift=1), disc(haze=0.01), np.zeros((400, 400), np.float32), np.full((400, 400), np.nan, np.float32)],
    ids=["shifted by a pixel", "hazy", "empty", "not a number"],
)
def test_a_fast_runtime_with_a_wrong_mask_is_refused(wrong):
    assert pick(Trial(disc(), 2.0), Trial(wrong, 0.1)).runtime == "onnxruntime"


def test_two_empty_masks_prove_nothing(model_file):
    nothing = np.zeros((400, 400), np.float32)
    assert pick(Trial(nothing, 2.0), Trial(nothing, 0.1)).runtime == "onnxruntime"


def test_the_outcome_is_remembered_and_the_second_start_tries_nothing(model_file, monkeypatch):
    run, asked = trials(Trial(disc(), 2.0), Trial(disc(), 0.5))
    monkeypatch.setattr(runtime_check, "try_runtime", run)
    assert choose("small", model_file, SHA256) == "openvino"
    assert choose("small", model_file, SHA256) == "openvino"
    assert asked == ["onnxruntime", "openvino"]


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", '{"key": 1, "choice": {"runtime": "openvino"}}'])
def test_a_damaged_memory_is_measured_anew_and_mended(damage, model_file, monkeypatch):
    run, asked = trials(Trial(disc(), 2.0), Trial(disc(), 0.5))
    monkeypatch.setattr(runtime_check, "try_runtime", run)
    choose("small", model_file, SHA256)
    (memory,) = model_file.parent.glob("*.runtime.json")
    memory.write_text(damage)
    assert choose("small", model_file, SHA256) == "openvino"
    assert len(asked) == 4
    assert json.loads(memory.read_text())["choice"]["runtime"] == "openvino"


def test_another_model_another_version_and_another_cpu_are_measured_anew(model_file, monkeypatch):
    run, asked = trials(Trial(disc(), 2.0), Trial(disc(), 0.5))
    monkeypatch.setattr(runtime_check, "try_runtime", run)
    choose("small", model_file, SHA256)
    choose("small", model_file, "1" * 64)
    monkeypatch.setattr(runtime_check, "version", lambda package: "99")
    choose("small", model_file, "1" * 64)
    monkeypatch.setattr(runtime_check, "_cpu", lambda: "another")
    choose("small", model_file, "1" * 64)
    assert len(asked) == 2 * 4


def test_a_folder_that_cannot_be_written_only_costs_the_trial_again(tmp_path, monkeypatch):
    run, asked = trials(Trial(disc(), 2.0), Trial(disc(), 0.5))
    monkeypatch.setattr(runtime_check, "try_runtime", run)
    for _ in range(2):
        assert choose("small", tmp_path / "no folder" / "small.onnx", SHA256) == "openvino"
    assert len(asked) == 4


def test_a_trial_that_takes_too_long_leaves_the_reference_and_is_not_remembered(model_file, monkeypatch, caplog):
    monkeypatch.setattr(runtime_check, "TRIAL_SECONDS", 0.01)
    assert choose("small", model_file, SHA256) == "onnxruntime"
    assert "took more than" in caplog.text
    assert not list(model_file.parent.glob("*.runtime.json"))


@pytest.mark.slow
def test_a_runtime_that_crashes_leaves_the_reference_and_says_why_in_one_line(model_file, caplog):
    assert choose(weights.DEFAULT, model_file, SHA256) == "onnxruntime"
    (message,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert "the trial failed: onnxruntime ended with exit status 1" in message and "\n" not in message
    with pytest.raises(TrialError, match="openvino ended with exit status 1"):
        runtime_check.try_runtime("openvino", weights.DEFAULT, model_file)


@pytest.mark.slow
def test_a_real_trial_leaves_openvino_a_mask_to_be_measured_by(settings):
    model_file = weights.locate(weights.DEFAULT, settings.WEIGHTS_DIR)
    trial = runtime_check.try_runtime("openvino", weights.DEFAULT, model_file)
    assert trial.alpha.shape == drawn_photo().shape[:2]
    assert 0.1 < (trial.alpha > 0.5).mean() < 0.2
    assert trial.seconds > 0
