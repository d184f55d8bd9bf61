"""Which runtime is the faster one on this machine, and gives the mask it should: measured once, then remembered.

Each runtime is tried in a process of its own, so that a worker never holds both, and survives one that crashes.
"""

import contextlib
import hashlib
import json
import logging
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

log = logging.getLogger(__name__)

Runtime = Literal["onnxruntime", "openvino"]
ROOT = Path(__file__).resolve().parents[2]
TRIAL_SECONDS = 300
# ISNet in bf16 stays ten times closer on the trial's photo; what u2net does in bf16 (0.997) is refused.
LEAST_IOU = 0.998
MOST_DIFFERENCE = 0.002


class TrialError(RuntimeError):
    """A runtime could not matte the trial's photo."""


@dataclass(frozen=True)
class Trial:
    """One runtime's alpha of the trial's photo, and the median seconds that it took."""

    alpha: NDArray[np.float32]
    seconds: float


@dataclass(frozen=True)
class Choice:
    """The runtime to use, and what was measured: seconds a photo, and how alike the masks are."""

    runtime: Runtime
    onnxruntime_seconds: float
    openvino_seconds: float
    iou: float
    difference: float

    def __str__(self) -> str:
        return (
            f"{self.runtime}; a photo takes OpenVINO {self.openvino_seconds:.2f} s, "
            f"onnxruntime {self.onnxruntime_seconds:.2f} s; mask IoU {self.iou:.4f}"
        )


def choose(name: str, model_file: Path, sha256: str) -> Runtime:
    """The runtime for this model on this machine; the reference, onnxruntime, when a trial fails."""
    memory, key = _memory(model_file), _key(sha256)
    known = _recall(memory, key)
    if known:
        return known.runtime
    log.info("%s: trying both runtimes, once on this machine …", name)
    try:
        choice = pick(try_runtime("onnxruntime", name, model_file), try_runtime("openvino", name, model_file))
    except (TrialError, OSError) as error:
        log.warning("%s runs on onnxruntime, as the trial failed: %s", name, error)
        return "onnxruntime"
    log.info("%s runs on %s", name, choice)
    _remember(memory, key, choice)
    return choice.runtime


def remembered(model_file: Path) -> Choice | None:
    """What the last trial on this machine found; the next start of a worker may have to try anew."""
    try:
        return Choice(**json.loads(_memory(model_file).read_text())["choice"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _memory(model_file: Path) -> Path:
    return model_file.with_name(f".{model_file.name}.runtime.json")


def pick(reference: Trial, candidate: Trial) -> Choice:
    """OpenVINO, the candidate, when its mask is onnxruntime's and it is faster."""
    iou, difference = agreement(reference.alpha, candidate.alpha)
    is_right = iou >= LEAST_IOU and difference <= MOST_DIFFERENCE
    is_better = is_right and candidate.seconds < reference.seconds
    runtime: Runtime = "openvino" if is_better else "onnxruntime"
    return Choice(runtime, reference.seconds, candidate.seconds, iou, difference)


def agreement(one: NDArray[np.float32], other: NDArray[np.float32]) -> tuple[float, float]:
    """Intersection over union of the masks (0 where both are empty), and the mean absolute difference."""
    is_fg, is_fg_other = one > 0.5, other > 0.5
    union = int(np.count_nonzero(is_fg | is_fg_other))
    iou = float(np.count_nonzero(is_fg & is_fg_other) / max(union, 1))
    return iou, float(np.abs(one - other).mean())


def try_runtime(runtime: Runtime, name: str, model_file: Path) -> Trial:
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "trial.npz"
        command = [sys.executable, "-m", "pipeline.engines.runtime_trial", runtime, name, str(model_file), str(result)]
        try:
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TRIAL_SECONDS)
        except subprocess.TimeoutExpired:
            raise TrialError(f"{runtime} took more than {TRIAL_SECONDS} s") from None
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
            raise TrialError(f"{runtime} ended with exit status {done.returncode}: {reason}")
        with np.load(result) as trial:
            return Trial(trial["alpha"], float(trial["seconds"]))


def _key(sha256: str) -> dict[str, str]:
    """What the outcome depends on."""
    return {
        "weights": sha256,
        "onnxruntime": version("onnxruntime"),
        "openvino": version("openvino"),
        "cpu": _cpu(),
        "cpu_limit": os.environ.get("ONEDNN_MAX_CPU_ISA", ""),
    }


def _cpu() -> str:
    """A hash of the CPU's model and of what it can do."""
    telling = ("model name", "flags", "CPU part", "Features")  # the latter two on Arm
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    told = sorted({line for line in lines if line.startswith(telling)})
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _recall(memory: Path, key: dict[str, str]) -> Choice | None:
    try:
        known = json.loads(memory.read_text())
        return Choice(**known["choice"]) if known["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # never measured, or a damaged file: measured anew


def _remember(memory: Path, key: dict[str, str], choice: Choice) -> None:
    text = json.dumps({"key": key, "choice": asdict(choice)}, indent=1)
    with contextlib.suppress(OSError):  # a read-only folder only costs the trial at each start
        memory.write_text(text)
