"""A session of onnxruntime, the runtime that rembg brings."""

from pathlib import Path
from typing import Any


def open_session(model_file: Path, threads: int) -> Any:
    import onnxruntime  # here: the import is slow, and most commands need not pay it

    options = onnxruntime.SessionOptions()
    options.enable_cpu_mem_arena = False  # with the next line: 0.5 GB resident in place of 2.1 GB
    options.enable_mem_pattern = False
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model_file, options, providers=["CPUExecutionProvider"])
