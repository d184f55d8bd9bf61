"""A process that doesn't outlive the one that started it, however that ended."""

import ctypes
import os
import select
import signal
import threading

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def to(supervisor: int) -> None:
    """Have this process asked to stop when the one of that number is gone."""
    try:
        watched = os.pidfd_open(supervisor)
    except ProcessLookupError:
        os.kill(os.getpid(), signal.SIGTERM)
        return
    threading.Thread(target=_wait, args=(watched,), name="tether", daemon=True).start()


def _wait(watched: int) -> None:
    select.select([watched], [], [])
    os.kill(os.getpid(), signal.SIGTERM)


def to_parent() -> None:
    """The same for a program that isn't ours: called between its fork and its exec (prctl(2), PR_SET_PDEATHSIG)."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
