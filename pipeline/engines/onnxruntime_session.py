"""A session of onnxruntime, the runtime that rembg brings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def open_session(model_file: Path, threads: int) -> Any:
    import onnxruntime  # here: the import is slow, and most commands need not pay it

    options = onnxruntime.SessionOptions()
    options.enable_cpu_mem_arena = False  # with the next line: 0.5 GB resident in place of 2.1 GB
    options.enable_mem_pattern = False
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model_file, options, providers=["CPUExecutionProvider"])


def run(session: Any, layers: Mapping[str, Floats]) -> list[Floats]:
    """Ask a network about one picture: what it is shown by name, and what it says, without the axis of batches."""
    shown = {name: np.ascontiguousarray(layer[None]) for name, layer in layers.items()}
    return [output[0] for output in session.run(None, shown)]
