"""What can go wrong, by script: on the way, in an answer, or with a whole job.

On the way (sync, submit, poll and upload)
    429, 429-date, 429-info, 500, 503, timeout, disconnect; sync also disconnect-billed, submit also submit-timeout
In an answer (sync and entry)
    blocked, safety, text-only, truncated-base64, wrong-mime, huge-image, two-images
With an entry's place in the results
    error, missing, duplicated, lost-metadata, broken-line
With a job
    partial, failed, expired, cancelled, stuck, stuck-for-good, reordered
"""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Literal

from tests.gemini import relighting, wire

Kind = Literal["sync", "submit", "job", "entry", "poll", "upload"]

RETRY_HEADER_SECONDS, RETRY_DATE_SECONDS, RETRY_INFO_SECONDS = 2, 600, 3
HAS_IMAGE = {None, "truncated-base64", "wrong-mime", "huge-image", "two-images"}
PLACES = {"error", "missing", "duplicated", "lost-metadata", "broken-line"}


@dataclass(frozen=True)
class Request:
    """What a script decides about; `ordinal` counts within its kind from 1."""

    kind: Kind
    key: str  # an entry's own; of the others the job's display name, or nothing
    ordinal: int
    photo: bytes


Script = Callable[[Request], str | None]


class Hang(Exception):
    """No answer for longer than the client waits."""


class Disconnect(Exception):
    """The connection is closed without an answer."""


class Faults:
    """Numbers what comes in and asks the script about it."""

    def __init__(self) -> None:
        self.script: Script = lambda request: None
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def of(self, kind: Kind, key: str = "", photo: bytes = b"") -> str | None:
        with self._lock:
            self._counts[kind] += 1
            request = Request(kind, key, self._counts[kind], photo)
        return self.script(request)


def queue(**faults: Sequence[str | None]) -> Script:
    """A script that takes the faults of each kind in turn, and none after the last."""
    left = {kind: list(each) for kind, each in faults.items()}
    lock = threading.Lock()

    def script(request: Request) -> str | None:
        with lock:
            return left[request.kind].pop(0) if left.get(request.kind) else None

    return script


def on_the_way(fault: str | None) -> None:
    """Raise what keeps an answer from being made."""
    if fault == "timeout":
        raise Hang
    if fault == "disconnect":
        raise Disconnect
    if fault and fault.startswith("429"):
        raise _too_many(fault)
    if fault in ("500", "503"):
        raise wire.Problem(int(fault), "An internal error has occurred." if fault == "500" else "Overloaded.")


def _too_many(fault: str) -> wire.Problem:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=RETRY_DATE_SECONDS), usegmt=True)
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{RETRY_INFO_SECONDS}s"}
    headers = {"429": {"Retry-After": str(RETRY_HEADER_SECONDS)}, "429-date": {"Retry-After": date}}.get(fault, {})
    details = [info] if fault == "429-info" else []
    return wire.Problem(429, "You exceeded your current quota.", headers=headers, details=details)


def image_count(fault: str | None) -> int:
    """How many images an answer is billed for."""
    if fault == "two-images":
        return 2
    return int(fault in HAS_IMAGE | {"duplicated", "lost-metadata", "broken-line", "disconnect-billed"})


def answer(fault: str | None, photo: bytes) -> dict[str, Any]:
    """A GenerateContentResponse, as the fault has it.

    Raises
    ------
    Problem
        If the photo can't be read.
    """
    try:
        part = wire.image_part(relighting.relit(photo))
    except OSError:
        raise wire.Problem(400, "Unable to process input image.") from None
    data = part["inlineData"]["data"]
    responses: dict[str | None, Callable[[], dict[str, Any]]] = {
        "blocked": wire.blocked,
        "safety": lambda: wire.response([], "IMAGE_SAFETY"),
        "text-only": lambda: wire.response([{"text": "I can only describe this picture."}]),
        "truncated-base64": lambda: wire.response([_image("image/jpeg", data[: len(data) // 2 | 1])]),
        "wrong-mime": lambda: wire.response([_image("text/html", "PGh0bWw+")]),
        "huge-image": lambda: wire.response([wire.image_part(relighting.bomb(), "image/png")]),
        "two-images": lambda: wire.response([part, part]),
    }
    return responses.get(fault, lambda: wire.response([{"text": "Here it is."}, part]))()


def _image(mime_type: str, data: str) -> dict[str, Any]:
    return {"inlineData": {"mimeType": mime_type, "data": data}}
