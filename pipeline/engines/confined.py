"""RAW and HEIC decoded in a process of their own, so that no file takes a worker down: it is killed at a limit, and the
next photo finds another."""

import fcntl
import json
import mmap
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pipeline.imaging.pictures.boxes import main_item
from pipeline.imaging.pictures.refusals import DAMAGED, DecodeError, Kind

MESSAGE_BYTES = 4096
# The child's own limit is of CPU time; this one is for a machine that has none left.
WAIT_SECONDS = 300
MOST_BYTES = 1 << 30
TOO_LONG = "it took too long"
SINGLE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
UNREADABLE = {
    "RAW": "this camera's RAW file can't be read; convert it to DNG, or develop it and send an sRGB JPEG or TIFF",
    "HEIC": f"this HEIC picture can't be read: {DAMAGED}, or send it as JPEG",
}


class ConfinedDecoder:
    """A PhotoDecoder of one kind, asked over the line to the child."""

    def __init__(self, kind: Kind, child: "Child | None" = None) -> None:
        self.kind = kind
        self.child = child or the_child

    def size(self, file: BinaryIO) -> tuple[int, int]:
        width, height = self.child.ask(self.kind, "size", file)[0]["size"]
        return width, height

    def pixels(self, file: BinaryIO) -> NDArray[np.uint8]:
        answer, pixels = self.child.ask(self.kind, "pixels", file)
        return pixels.reshape(answer["shape"])


class ConfinedHeicDecoder(ConfinedDecoder):
    """Its header is read by ourselves, which starts no process at the door."""

    def size(self, file: BinaryIO) -> tuple[int, int]:
        size = main_item(file).size
        if size is None:
            raise DecodeError(UNREADABLE["HEIC"])
        return size


class Child:
    """The process: started for the first photo, kept for the next, replaced when it died or was killed."""

    def __init__(self, cpu_seconds: int = 60, address_bytes: int = 2 << 30) -> None:
        self.limits = str(cpu_seconds), str(address_bytes)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None

    def ask(self, kind: Kind, what: str, file: BinaryIO) -> tuple[dict[str, Any], NDArray[np.uint8]]:
        """The child's answer, and the pixels that came with it.

        Raises
        ------
        DecodeError
            The decoder doesn't read the file, or the child ended over it.
        """
        question = json.dumps({"kind": kind, "what": what}).encode()
        with self._lock, _numbered(file) as number:
            message, files = self._told(question, number)
            ended = "" if message else self.end()
            # By what another photo left, or for want of memory: once more, by a new one.
            if ended and ended != TOO_LONG:
                message, files = self._told(question, number)
                ended = "" if message else self.end()
        answer = {"error": ended} if ended else json.loads(message)
        pixels = _pixels(files)
        if "error" in answer:
            raise DecodeError(f"{UNREADABLE[kind]} ({answer['error']})")
        return answer, pixels

    def _told(self, question: bytes, number: int) -> tuple[bytes, list[int]]:
        """The answer and the file in memory that came with it; nothing if the child ended over it, or says nothing."""
        try:
            line = self._running()
            socket.send_fds(line, [question], [number])
            message, files, _, _ = socket.recv_fds(line, MESSAGE_BYTES, 1)
        except OSError:  # a timeout is one
            return b"", []
        return message, files

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def _running(self) -> socket.socket:
        if self._line and self._process and self._process.poll() is None:
            return self._line
        self.end()
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._line.settimeout(WAIT_SECONDS)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pipeline.engines.decoding_child", str(theirs.fileno()), *self.limits],
                pass_fds=[theirs.fileno()],
                env={**os.environ, **SINGLE_THREAD},
                stdin=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # decoders complain there of what we tell in words
                start_new_session=True,  # Ctrl-C is for its parent; it ends with the line
            )
        return self._line

    def end(self) -> str:
        """Have no child any more; why it ended, in words."""
        process, line = self._process, self._line
        self._process = self._line = None
        if line:
            line.close()
        if not process:
            return "its decoder can't be started"
        with suppress(subprocess.TimeoutExpired):
            return _ending(process.wait(0.5))
        process.kill()
        process.wait()
        return TOO_LONG


the_child = Child()
"""This process' own. Both kinds share it: one decodes at a time."""


def _ending(code: int) -> str:
    return TOO_LONG if code == -signal.SIGPROF else f"its decoder ended with {code}"


@contextmanager
def _numbered(file: BinaryIO) -> Iterator[int]:
    """The file's number, or that of a copy in memory if it has none."""
    number = None
    with suppress(OSError, AttributeError):
        number = file.fileno()
    if number is not None:
        yield number
        return
    with os.fdopen(os.memfd_create("photo"), "wb", buffering=0) as copy:
        file.seek(0)
        shutil.copyfileobj(file, copy, 1 << 23)
        yield copy.fileno()


def _pixels(files: list[int]) -> NDArray[np.uint8]:
    """Those of the file in memory that came, mapped."""
    if not files:
        return np.empty(0, np.uint8)
    with open(files[0], "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        # If the child could shrink what we have mapped, reading on would end us.
        if size > MOST_BYTES or not fcntl.fcntl(file, fcntl.F_GET_SEALS) & fcntl.F_SEAL_SHRINK:
            raise DecodeError("it holds more pixels than its header says; export it anew")
        return np.frombuffer(mmap.mmap(file.fileno(), size, prot=mmap.PROT_READ), np.uint8)
