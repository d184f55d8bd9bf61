"""Places in the way of a photo where a process kills, stops or crashes itself, once, if a test has said so.

A test says it by a file of that name in the folder FAULTS; who comes by first takes the file away, leaving its process
id in another.
"""

import ctypes
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline import work_files
from pipeline.engines import object_store
from pipeline.shop import listings, publish
from tests.pipeline.conftest import ColourKeyMatter

FOLDER = Path(os.environ.get("FAULTS", "/nonexistent"))
POISON = b"this photo kills whoever decodes it"
Condition = Callable[..., bool]


def is_there(name: str) -> bool:
    return (FOLDER / name).exists()


def note(name: str) -> None:
    (FOLDER / name).write_text(str(os.getpid()))


def clock_is_off() -> float:
    try:
        return float((FOLDER / "clock").read_text() or 0)
    except FileNotFoundError:
        return 0.0


def pass_by(place: str) -> None:
    """Whatever was to happen here happens to this process."""
    taken = FOLDER / f"{place}-{os.getpid()}"
    try:
        (FOLDER / place).rename(taken)
    except FileNotFoundError:
        return
    number = signal.Signals[taken.read_text()]
    taken.rename(FOLDER / f"{place}-by")
    note(f"{place}-by")
    os.kill(os.getpid(), number)


def install() -> None:
    _before(work_files, "original", "decode")
    _before(ColourKeyMatter, "matte", "matte")
    _before(publish, "render", "render")
    _before(object_store, "put_published", "upload", lambda key, _: key.endswith("_white.jpg"))
    _before(object_store, "copy_published", "place", lambda _, to: to.endswith("_white.jpg"))
    _before(object_store, "put_published", "manifest", _is_manifest)
    _after(object_store, "put_published", "promised", _is_manifest)
    _before(listings, "release", "transaction")
    _crash_over_poison()


def _is_manifest(key: str, _: bytes) -> bool:
    return key.endswith(".json")


def _always(*_: Any, **_more: Any) -> bool:
    return True


def _before(owner: Any, name: str, place: str, here: Condition = _always) -> None:
    call = getattr(owner, name)

    def wrapped(*arguments: Any, **more: Any) -> Any:
        if here(*arguments, **more):
            pass_by(place)
        return call(*arguments, **more)

    setattr(owner, name, wrapped)


def _after(owner: Any, name: str, place: str, here: Condition) -> None:
    call = getattr(owner, name)

    def wrapped(*arguments: Any, **more: Any) -> Any:
        done = call(*arguments, **more)
        if here(*arguments, **more):
            pass_by(place)
        return done

    setattr(owner, name, wrapped)


def _crash_over_poison() -> None:
    """As a bug in a decoder written in C would have it."""
    decode = work_files.decoded

    def crash(data: bytes) -> Any:
        if POISON in data:
            ctypes.string_at(0)
        return decode(data)

    work_files.decoded = crash
