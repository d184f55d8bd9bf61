"""A process that decodes one photo after another within limits of its own, and is started by confined.py.

python -m pipeline.engines.decoding_child SOCKET CPU_SECONDS ADDRESS_BYTES
"""

import fcntl
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engines.confined import MESSAGE_BYTES
from pipeline.engines.heif_decoder import HeifDecoder
from pipeline.engines.raw_decoder import RawDecoder
from pipeline.imaging.types import PhotoDecoder

DECODERS: Mapping[str, PhotoDecoder] = {"RAW": RawDecoder(), "HEIC": HeifDecoder()}


def main(number: str, cpu_seconds: str, address_bytes: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (int(address_bytes),) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with socket.socket(fileno=int(number)) as line:
        while _served(line, int(cpu_seconds)):
            pass


def _served(line: socket.socket, cpu_seconds: int) -> bool:
    """Answer one question; False when nobody is there to ask."""
    message, files, _, _ = socket.recv_fds(line, MESSAGE_BYTES, 1)
    if not message:
        return False
    # Over the limit, SIGPROF ends this process, whatever the decoder is at.
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
    answer, pixels = _answer(json.loads(message), files[0])
    signal.setitimer(signal.ITIMER_PROF, 0)
    socket.send_fds(line, [json.dumps(answer).encode()], [pixels] if pixels else [])
    for file in filter(None, (files[0], pixels)):
        os.close(file)
    return True


def _answer(question: dict[str, str], file: int) -> tuple[dict[str, Any], int | None]:
    decoder = DECODERS[question["kind"]]
    try:
        with open(f"/proc/self/fd/{file}", "rb") as photo:
            if question["what"] == "size":
                return {"size": [int(side) for side in decoder.size(photo)]}, None
            pixels = decoder.pixels(photo)
        return {"shape": pixels.shape}, _shared(pixels)
    except MemoryError:
        return {"error": "it takes more memory than a photo may"}, None
    except Exception as error:  # parsers of hostile bytes raise whatever they like
        return {"error": _words(error)}, None


def _words(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(error)  # rawpy's are bytes
    return text[:200] or type(error).__name__


def _shared(pixels: NDArray[np.uint8]) -> int:
    number = os.memfd_create("pixels", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with open(number, "wb", closefd=False) as memory:
        memory.write(np.ascontiguousarray(pixels).data)
    fcntl.fcntl(number, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
    return number


if __name__ == "__main__":
    main(*sys.argv[1:])
