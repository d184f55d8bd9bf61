"""Starts services and, as `restart: unless-stopped` would, starts them again when they end."""

import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from deploy.smoke.stack import ROOT, Command
from pipeline import tether

PAUSE_SECONDS = 1.0
STOP_SECONDS = 15


class Service:
    """One process that is kept alive; its log is kept over restarts."""

    def __init__(self, command: Command, log: Path) -> None:
        self.command, self.log = command, log
        self.starts = 0
        self._is_wanted = True
        self.process = self._start()
        self._watch = threading.Thread(target=self._keep, daemon=True)
        self._watch.start()

    def _start(self) -> subprocess.Popen[bytes]:
        self.starts += 1
        with self.log.open("ab") as log:
            return subprocess.Popen(self.command.arguments, **self._how(log))

    def _how(self, log: IO[bytes]) -> dict[str, Any]:
        user = self.command.user
        as_user = {"user": user, "group": user, "extra_groups": []} if user else {}
        folder = "/" if user else ROOT
        told = {"cwd": folder, "env": self.command.environment, "stdin": subprocess.DEVNULL}
        return {
            **told,
            **as_user,
            "stdout": log,
            "stderr": log,
            "start_new_session": True,
            "preexec_fn": tether.to_parent,
        }

    def _keep(self) -> None:
        while self._is_wanted:
            self.process.wait()
            self._end_the_rest()
            time.sleep(PAUSE_SECONDS)
            if self._is_wanted:
                self.process = self._start()

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def end(self) -> None:
        self._is_wanted = False
        self.process.send_signal(signal.SIGINT if self.command.name == "postgres" else signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        self._end_the_rest()
        self._watch.join(PAUSE_SECONDS + STOP_SECONDS)

    def _end_the_rest(self) -> None:
        """A container takes along what its first process started: here, what is in its session."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_seconds(pid: int) -> float:
    """What it used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mb(pid: int) -> int:
    """The most memory that it held at once."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1000


def tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
