"""Mattes by rembg's ISNet (DIS) session, read before rembg stretches them."""

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.imaging.types import RGB, Matte

MODEL_SIZE = (1024, 1024)
MEAN, STD = (0.5, 0.5, 0.5), (1.0, 1.0, 1.0)


class RembgMatter:
    """A warm ISNet session. Make one per process: ONNX sessions must not cross a fork."""

    def __init__(self, *, name: str, model_file: Path, threads: int = 1) -> None:
        model_file = model_file.resolve()
        self.name = name
        self.sha256 = _sha256(model_file)
        self._session = _open_session(model_file, threads)

    def matte(self, rgb: RGB) -> Matte:
        """Matte one photograph, at the photograph's own size."""
        prediction = self._predict(rgb)
        return Matte(
            alpha=_resize(prediction.clip(0, 1), rgb.shape[1], rgb.shape[0]),
            raw_min=float(prediction.min()),
            raw_max=float(prediction.max()),
        )

    def _predict(self, rgb: RGB) -> NDArray[np.float32]:
        # Not session.predict(): it stretches each mask min-max, so an empty scene becomes a full matte, a flat one NaN.
        inputs = self._session.normalize(Image.fromarray(rgb), MEAN, STD, MODEL_SIZE)
        first_output = self._session.inner_session.get_outputs()[0].name
        prediction = self._session.inner_session.run([first_output], inputs)[0][0, 0]
        return np.asarray(prediction, np.float32)


def _open_session(model_file: Path, threads: int) -> Any:
    import onnxruntime  # imported here: this and rembg take seconds, which most commands need not pay

    os.environ["U2NET_HOME"] = str(model_file.parent)  # rembg refuses a model file outside its home
    from rembg.session_factory import new_session

    options = onnxruntime.SessionOptions()
    options.enable_cpu_mem_arena = False  # with the next line: 0.5 GB resident in place of 2.1 GB
    options.enable_mem_pattern = False
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return new_session("dis_custom", sess_opts=options, model_path=str(model_file), providers=["CPUExecutionProvider"])


def _resize(alpha: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    resized = Image.fromarray(alpha).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(resized, np.float32).clip(0, 1)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
