"""OpenVINO behind the part of onnxruntime's session that rembg uses."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Port(NamedTuple):
    """An input or output of the model."""

    name: str


class OpenvinoSession:
    """A compiled model with one output, its first: the others of ISNet and U²-Net only serve training."""

    def __init__(self, model_file: Path, threads: int, precision: str | None = None) -> None:
        import openvino  # here: the import is slow, and most commands need not pay it

        core = openvino.Core()
        model = core.read_model(model_file)
        first_output_only = openvino.Model(model.outputs[:1], model.get_parameters())
        # No CACHE_DIR: it saves 0.5 s at start, but a damaged cache is not noticed and gives empty mattes.
        config: dict[str, Any] = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1}
        config["ENABLE_CPU_PINNING"] = False  # else the workers of one machine all pin themselves to its first core
        if precision:  # else OpenVINO takes bf16 where the CPU has it; bf16 as a hint is emulated, slowly, elsewhere
            config["INFERENCE_PRECISION_HINT"] = precision
        self._compiled: Any = core.compile_model(first_output_only, "CPU", config)

    def get_inputs(self) -> list[Port]:
        return [Port(port.any_name) for port in self._compiled.inputs]

    def get_outputs(self) -> list[Port]:
        return [Port(port.any_name) for port in self._compiled.outputs]

    def run(self, output_names: Sequence[str] | None, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
        # Shared outputs would be overwritten by the next run.
        results = self._compiled(inputs, share_outputs=False)
        return [results[name] for name in output_names or [port.name for port in self.get_outputs()]]
