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
    """A compiled model with its first output, and those that are named: the others only serve training."""

    def __init__(
        self, model_file: Path, threads: int, precision: str | None = None, further: Sequence[str] = ()
    ) -> None:
        import openvino  # here: the import is slow, and most commands need not pay it

        self.further = further
        core = openvino.Core()
        model = core.read_model(model_file)
        wanted = [port for port in model.outputs[1:] if port.get_names().intersection(further)]
        without_the_rest = openvino.Model([model.outputs[0], *wanted], model.get_parameters())
        # No CACHE_DIR: it saves 0.5 s at start, but a damaged cache is not noticed and gives empty mattes.
        config: dict[str, Any] = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1}
        config["ENABLE_CPU_PINNING"] = False  # else the workers of one machine all pin themselves to its first core
        if precision:  # else OpenVINO takes bf16 where the CPU has it; bf16 as a hint is emulated, slowly, elsewhere
            config["INFERENCE_PRECISION_HINT"] = precision
        self._compiled: Any = core.compile_model(without_the_rest, "CPU", config)

    def get_inputs(self) -> list[Port]:
        return [Port(port.any_name) for port in self._compiled.inputs]

    def get_outputs(self) -> list[Port]:
        """By the names that were asked for: a port may have several."""
        ports = self._compiled.outputs
        return [Port(next(iter(port.names.intersection(self.further)), port.any_name)) for port in ports]

    def run(self, output_names: Sequence[str] | None, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
        # Shared outputs would be overwritten by the next run.
        results = self._compiled(inputs, share_outputs=False)
        return [results[name] for name in output_names or [port.name for port in self.get_outputs()]]
