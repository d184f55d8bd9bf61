"""One vendor a file. Both matting runtimes report their use to their makers from the first import on: not from here."""

import os
import sys

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # openvino then falls back to its silent stub
