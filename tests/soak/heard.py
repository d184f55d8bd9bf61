"""What the server answered, and how long it was at it."""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["upload", "API", "page", "script"]


@dataclass(frozen=True)
class Answer:
    kind: Kind
    address: str
    status: int
    server_ms: float
    cpu_ms: float
    waited_ms: float


class Heard:
    """All answers, by whoever asked; and what went wrong with those who did."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.faults: list[str] = []
        self.over = threading.Event()

    def note(self, kind: Kind, address: str, status: int, headers: Mapping[str, str], waited: float) -> None:
        """What bears no time was told by the server in front of our pages, and is no answer of theirs."""
        if told := re.findall(r"dur=([\d.]+)", headers.get("server-timing", "")):
            took, used = map(float, told)
            self.answers.append(Answer(kind, address, status, took, used, 1000 * waited))
        if status >= 500 and "retry-after" not in headers:
            self.faults.append(f"{address} answered {status}")

    def begin(self, work: Callable[..., None], *about: object) -> threading.Thread:
        def watched() -> None:
            try:
                work(*about)
            except Exception as error:
                self.faults.append(f"{work.__qualname__} stopped: {error!r}"[:300])

        thread = threading.Thread(target=watched, daemon=True)
        thread.start()
        return thread

    def of(self, *kinds: Kind) -> list[Answer]:
        return [answer for answer in self.answers if answer.kind in kinds]
