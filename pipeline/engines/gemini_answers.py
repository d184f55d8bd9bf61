"""What Gemini's JSON says: the answers to requests, and how a job stands. Nothing in it is taken for granted."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Literal

MAX_ENCODED_BYTES = 64_000_000  # of one image in base64, and of one line in a file of results
QUOTED_CHARACTERS = 200
WITHHELD = (
    *("SAFETY", "IMAGE_SAFETY", "PROHIBITED_CONTENT", "IMAGE_PROHIBITED_CONTENT", "RECITATION", "IMAGE_RECITATION"),
    *("BLOCKLIST", "SPII", "ESCALATION", "PUP_LIMITED_DISABLED"),
)
URL_SAFE = str.maketrans("-_", "+/")

Outcome = Literal["image", "blocked", "safety", "text-only", "unreadable", "failed"]
JobState = Literal["running", "succeeded", "partly", "failed", "cancelled", "expired"]

# Any other state, also one that Google has yet to think of, is on its way to one of these.
END_STATES: dict[str, JobState] = {
    "SUCCEEDED": "succeeded",
    "PARTIALLY_SUCCEEDED": "partly",
    "FAILED": "failed",
    "CANCELLED": "cancelled",
    "EXPIRED": "expired",
}

JOB_WORDS: dict[JobState, str] = {
    "running": "The job is on its way",
    "succeeded": "The job succeeded",
    "partly": "The job succeeded in part",
    "failed": "The job failed",
    "cancelled": "The job was cancelled",
    "expired": "Gemini did not get to the job in time",
}


@dataclass(frozen=True)
class Answer:
    """What came of one request; `key` is empty when the metadata was lost, `images` counts what is billed."""

    key: str
    outcome: Outcome
    image: bytes | None = field(repr=False)
    words: str
    usage: Mapping[str, int]
    images: int


@dataclass(frozen=True)
class Job:
    """A Batch job; its answers come when it no longer runs, in Gemini's order, duplicates included."""

    name: str
    state: JobState
    answers: tuple[Answer, ...]
    words: str


def lines(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file; of a line that is too long only its start, which is not JSON."""
    while line := file.readline(MAX_ENCODED_BYTES):
        yield line
        while line and not line.endswith(b"\n"):
            line = file.readline(MAX_ENCODED_BYTES)


def read_line(line: bytes) -> Answer:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        entry = None
    if not isinstance(entry, dict):
        # Whose it was is lost; that it was billed can't be ruled out.
        return Answer("", "unreadable", None, "A line of Gemini's results is damaged.", _usage({}), 1)
    return read_entry(entry)


def read_entry(entry: Any) -> Answer:
    """One result of a job: a response or an error, under the key that was sent along."""
    entry = as_dict(entry)
    key = entry.get("key") or as_dict(entry.get("metadata")).get("key")
    key = key if isinstance(key, str) else ""
    if error := entry.get("error"):
        return Answer(key, "failed", None, f"Gemini could not do it: {_error_words(error)}", _usage({}), 0)
    return read_answer(key, as_dict(entry.get("response")))


def read_answer(key: str, response: Any) -> Answer:
    """What one response brought: its first image that can be read, or the reason why there is none."""
    candidates = [as_dict(each) for each in as_list(as_dict(response).get("candidates"))]
    parts = [as_dict(part) for each in candidates for part in as_list(as_dict(each.get("content")).get("parts"))]
    # Thoughts may hold drafts of the image, which are not billed.
    images = [as_dict(part["inlineData"]) for part in parts if "inlineData" in part and not part.get("thought")]
    usage = _usage(as_dict(as_dict(response).get("usageMetadata")))
    if not images:
        outcome, words = _without_image(as_dict(response), candidates, parts)
        return Answer(key, outcome, None, words, usage, 0)
    image = next(filter(None, map(_decoded, images)), None)
    if image is None:
        words = f"Gemini sent an image that can't be read ({str(images[0].get('mimeType'))[:40]})."
        return Answer(key, "unreadable", None, words, usage, len(images))
    return Answer(key, "image", image, "", usage, len(images))


def _decoded(image: dict[str, Any]) -> bytes | None:
    data, kind = image.get("data"), image.get("mimeType")
    if not isinstance(data, str) or len(data) > MAX_ENCODED_BYTES or not str(kind).startswith("image/"):
        return None
    try:
        return base64.b64decode(data.translate(URL_SAFE), validate=True)
    except ValueError:
        return None


def _without_image(
    response: dict[str, Any], candidates: list[dict[str, Any]], parts: list[dict[str, Any]]
) -> tuple[Outcome, str]:
    feedback = as_dict(response.get("promptFeedback"))
    if reason := feedback.get("blockReason"):
        return "blocked", _quoted("Gemini refused this photo", reason, feedback.get("blockReasonMessage"))
    if not candidates:
        return "failed", "Gemini's answer was empty."
    reason, message = candidates[0].get("finishReason"), candidates[0].get("finishMessage")
    if reason in WITHHELD:
        return "safety", _quoted("Gemini held its image back", reason, message)
    text = " ".join(str(part["text"]) for part in parts if part.get("text") and not part.get("thought"))
    if text:
        return "text-only", f"Gemini answered in words, without an image: {text[:QUOTED_CHARACTERS]}"
    return "text-only", _quoted("Gemini sent no image", reason, message)


def _quoted(what: str, reason: Any, message: Any) -> str:
    more = f": {message}" if message else ""
    return f"{what} ({reason or 'no reason given'}{more})"[:QUOTED_CHARACTERS]


def _usage(metadata: dict[str, Any]) -> dict[str, int]:
    names = {"prompt": "promptTokenCount", "candidates": "candidatesTokenCount", "total": "totalTokenCount"}
    counts = {name: metadata.get(field_name) for name, field_name in names.items()}
    return {name: count if isinstance(count, int) else 0 for name, count in counts.items()}


def read_state(operation: dict[str, Any]) -> JobState:
    state = str(as_dict(operation.get("metadata")).get("state"))
    state = state.removeprefix("BATCH_STATE_").removeprefix("JOB_STATE_")
    if operation.get("done") and state not in END_STATES:
        return "failed" if operation.get("error") else "succeeded"
    return END_STATES.get(state, "running")


def job_words(state: JobState, operation: dict[str, Any]) -> str:
    error = operation.get("error") or as_dict(operation.get("metadata")).get("error")
    return f"{JOB_WORDS[state]}: {_error_words(error)}" if error else f"{JOB_WORDS[state]}."


def _error_words(error: Any) -> str:
    error = as_dict(error)
    return f"{error.get('message') or 'no reason given'} ({error.get('code', 'no code')})"[:QUOTED_CHARACTERS]


def as_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
