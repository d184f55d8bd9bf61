"""Say again and again that somebody is at work, from a thread beside the work."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def beating(beat: Callable[[], bool], every: float) -> Iterator[None]:
    """Call `beat` every so many seconds while the block runs, for as long as it returns True."""
    done = threading.Event()

    def beat_on() -> None:
        while not done.wait(every) and beat():
            pass

    thread = threading.Thread(target=beat_on, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
