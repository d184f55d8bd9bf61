"""Mattes by rembg's sessions, read before rembg stretches them, on the runtime that is the faster one here."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.engines import onnxruntime_session, weights
from pipeline.engines.openvino_session import OpenvinoSession
from pipeline.engines.runtime_check import Runtime, choose
from pipeline.imaging.types import RGB, Matte

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Architecture:
    """rembg's session for a kind of network, and what that network wants to see."""

    session: str
    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    openvino_precision: str | None = None
    seen: tuple[str, ...] = ()
    """The outputs that tell what it saw, fine to coarse."""


# A quarter to a 64th of the picture; names as in imgly's export.
ISNET_SEEN = ("input.1088", "input.948", "input.832", "input.740", "input.656")
# bf16 would move U²-Net's soft edges: mask IoU 0.975 on a thin temple.
ARCHITECTURES = {
    "isnet": Architecture("dis_custom", 1024, (0.5, 0.5, 0.5), (1.0, 1.0, 1.0), seen=ISNET_SEEN),
    "u2net": Architecture("u2net_custom", 320, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "f32"),
}


class RembgMatter:
    """A warm session of one model. Make one per process: sessions must not cross a fork.

    `runtime` is chosen by a check of time and mask, unless it is given.
    `session` is rembg's own, for its `remove(…, session=…)`.
    """

    def __init__(self, *, name: str, model_file: Path, threads: int = 1, runtime: Runtime | None = None) -> None:
        model_file = model_file.resolve()
        self.name = name
        self.sha256 = weights.sha256(model_file)
        self.architecture = ARCHITECTURES[weights.lookup(name).architecture]
        self.runtime: Runtime = runtime or choose(name, model_file, self.sha256)
        try:
            inner_session = self._open(model_file, threads)
        except (ImportError, RuntimeError) as error:
            if runtime or self.runtime == "onnxruntime":
                raise
            reason = " ".join(str(error).split())  # OpenVINO's take several lines
            log.warning("%s runs on onnxruntime, as OpenVINO can't load it: %s", name, reason)
            self.runtime = "onnxruntime"
            inner_session = self._open(model_file, threads)
        self.session = _rembg_session(self.architecture, name, inner_session)

    def _open(self, model_file: Path, threads: int) -> Any:
        if self.runtime == "openvino":
            wants = self.architecture
            return OpenvinoSession(model_file, threads, wants.openvino_precision, wants.seen)
        return onnxruntime_session.open_session(model_file, threads)

    def matte(self, rgb: RGB) -> Matte:
        """Matte one photograph, at the photograph's own size."""
        prediction, *seen = self._predict(rgb)
        prediction = prediction[0]
        return Matte(
            alpha=_resize(prediction.clip(0, 1), rgb.shape[1], rgb.shape[0]),
            raw_min=float(prediction.min()),
            raw_max=float(prediction.max()),
            seen=tuple(np.sqrt(layer.clip(0)) for layer in seen),
        )

    def _predict(self, rgb: RGB) -> list[NDArray[np.float32]]:
        """The prediction (1 × H × W), and what the network saw of the picture (C × H × W each)."""
        # Not session.predict(): it stretches each mask min-max, so an empty scene becomes a full matte, a flat one NaN.
        wants = self.architecture
        size = (wants.size, wants.size)
        inputs = self.session.normalize(Image.fromarray(rgb), wants.mean, wants.std, size)
        first, *others = (port.name for port in self.session.inner_session.get_outputs())
        names = [first, *(name for name in wants.seen if name in others)]
        return [np.asarray(output[0], np.float32) for output in self.session.inner_session.run(names, inputs)]


def _rembg_session(architecture: Architecture, name: str, inner_session: Any) -> Any:
    from rembg.sessions import sessions  # here: the import takes seconds, which most commands need not pay

    kind = sessions[architecture.session]
    session = kind.__new__(kind)  # its constructor would load the model into onnxruntime
    session.model_name = name
    session.inner_session = inner_session
    return session


def _resize(alpha: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    resized = Image.fromarray(alpha).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(resized, np.float32).clip(0, 1)
