"""Relights photos with one of Google's image models, singly or as a Batch job at half the price.

The only file that knows google-genai. The SDK sends; gemini_answers.py reads what comes back from the raw JSON, because
the SDK's typed parsing raises for a whole job when one image in it is damaged, or one error has details.
"""

import base64
import contextlib
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from pipeline.engines.gemini_answers import (
    QUOTED_CHARACTERS,
    Answer,
    Job,
    JobState,
    Outcome,
    as_dict,
    as_list,
    job_words,
    lines,
    read_answer,
    read_entry,
    read_line,
    read_state,
)

if TYPE_CHECKING:
    from google.genai.types import ContentDict, GenerateContentConfigDict

__all__ = [
    "Answer",
    "Busy",
    "Failed",
    "Gemini",
    "GeminiConfig",
    "GeminiError",
    "Job",
    "JobState",
    "NoAnswer",
    "Outcome",
]

GOOGLE_URL = "https://generativelanguage.googleapis.com/"
MAX_INLINE_BYTES = 15_000_000  # Google takes 20 MB; the rest is left to what the SDK wraps around
DEFAULT_RETRY_SECONDS, MAX_RETRY_SECONDS = 30.0, 3600.0
BUSY_CODES, BUSY_STATUSES = (429, 503), ("RESOURCE_EXHAUSTED", "UNAVAILABLE")
ADVICE = {
    400: "Check the key and the model; trying again will not help.",
    401: "Check the key; trying again will not help.",
    403: "Check the key and what it may do; trying again will not help.",
    404: "There is no such model or job; trying again will not help.",
}
MAYBE_BILLED = "A photo that was sent may have been billed."
IMAGE_ONLY: "GenerateContentConfigDict" = {"response_modalities": ["IMAGE"]}


class GeminiError(RuntimeError):
    """Gemini made no image; the text says why, for a person, and never holds the key."""


class Busy(GeminiError):
    """Too many requests, or an overloaded model: nothing was made, nothing is billed."""

    def __init__(self, text: str, retry_after: float) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class Failed(GeminiError):
    """An error answer, or no connection at all: nothing is billed. A lasting one will not go away by itself."""

    def __init__(self, text: str, *, is_lasting: bool) -> None:
        super().__init__(text)
        self.is_lasting = is_lasting


class NoAnswer(GeminiError):
    """The request was sent and no readable answer came: it may have been billed."""


@dataclass(frozen=True)
class GeminiConfig:
    """An empty `base_url` is Google's own."""

    api_key: str = field(repr=False)
    model: str
    base_url: str
    timeout_seconds: int


class Gemini:
    """One model behind one key. Nothing is retried here, or by the SDK, but for the pieces of an upload.

    Raises
    ------
    Busy, Failed, NoAnswer
        By every method; `Failed` also by the constructor, for a key that can't be one.
    """

    def __init__(self, config: GeminiConfig) -> None:
        from google import genai  # here: the import is slow, and most commands need not pay it

        # The SDK would look for another key, another address or Vertex in the environment; and an odd character in
        # the key would make an error that quotes it.
        if not re.fullmatch(r"[!-~]+", config.api_key):
            raise Failed("The Gemini key is missing or has blanks or odd characters in it. Set it.", is_lasting=True)
        self._config = config
        options = genai.types.HttpOptions(
            base_url=config.base_url or GOOGLE_URL, api_version="v1", timeout=config.timeout_seconds * 1000
        )
        self._client = genai.Client(api_key=config.api_key, vertexai=False, http_options=options)

    def relight(self, photo: bytes, prompt: str) -> Answer:
        """Relight one JPEG, and wait for it."""
        with self._asking():
            reply = self._client.models.generate_content(
                model=self._config.model,
                contents=_contents(photo, prompt),
                config={
                    **IMAGE_ONLY,
                    "automatic_function_calling": {"disable": True},
                    "should_return_http_response": True,
                },
            )
            body = reply.sdk_http_response.body if reply.sdk_http_response else None
            return read_answer("", json.loads(body or ""))

    def submit(self, display_name: str, photos: Mapping[str, bytes], prompt: str) -> str:
        """Start a Batch job for JPEGs by key, and return its name.

        After `NoAnswer` the job may be there all the same: `find` tells.
        """
        size = sum(_line_size(key, photo, prompt) for key, photo in photos.items())
        is_inline = size < MAX_INLINE_BYTES
        source: Any = _inline(photos, prompt) if is_inline else self._upload(display_name, photos, prompt)
        with self._asking():
            job = self._client.batches.create(
                model=self._config.model, src=source, config={"display_name": display_name}
            )
        if not job.name:
            raise NoAnswer("Gemini took the job and did not say its name. Look for it by its display name.")
        return job.name

    def _upload(self, display_name: str, photos: Mapping[str, bytes], prompt: str) -> str:
        with tempfile.TemporaryFile() as file:
            for key, photo in photos.items():
                file.write(_line(key, photo, prompt))
            file.seek(0)
            try:
                with self._asking():
                    uploaded = self._client.files.upload(
                        file=file, config={"display_name": display_name, "mime_type": "jsonl"}
                    )
            except NoAnswer:
                text = "The photos could not be uploaded: no job was started, nothing is billed. Try again later."
                raise Failed(text, is_lasting=False) from None
        return str(uploaded.name)

    def find(self, display_name: str) -> str | None:
        """The name of the job of that display name."""
        for operation in self._operations():
            if as_dict(operation.get("metadata")).get("displayName") == display_name:
                return str(operation.get("name"))
        return None

    def _operations(self) -> Iterator[dict[str, Any]]:
        page = self._get("batches")
        yield from map(as_dict, as_list(page.get("operations")))
        while token := page.get("nextPageToken"):
            page = self._get(f"batches?{urlencode({'pageToken': token})}")
            yield from map(as_dict, as_list(page.get("operations")))

    def poll(self, name: str) -> Job:
        """How a job stands, with its answers if it no longer runs."""
        operation = self._get(name)
        state = read_state(operation)
        answers = () if state == "running" else tuple(self._answers(operation))
        return Job(name, state, answers, job_words(state, operation))

    def _answers(self, operation: dict[str, Any]) -> Iterator[Answer]:
        output = as_dict(operation.get("response") or as_dict(operation.get("metadata")).get("output"))
        if file_name := output.get("responsesFile"):
            return self._downloaded(file_name)
        return map(read_entry, as_list(as_dict(output.get("inlinedResponses")).get("inlinedResponses")))

    def _downloaded(self, file_name: str) -> Iterator[Answer]:
        with tempfile.TemporaryFile() as file:
            with self._asking():
                self._client.files.download(file=file_name, destination=file)
            file.seek(0)
            yield from (read_line(line) for line in lines(file) if line.strip())

    def cancel(self, name: str) -> None:
        """Ask for a job's end; one that has ended already stays as it is."""
        try:
            with self._asking():
                self._client.batches.cancel(name=name)
        except Failed:
            if read_state(self._get(name)) == "running":
                raise

    def _get(self, path: str) -> dict[str, Any]:
        with self._asking():
            # The SDK's own client, and not `batches.get` or `list`: see the top of this file.
            body = self._client._api_client.request("get", path, {}).body
            return as_dict(json.loads(body or "{}"))

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        """Turn the SDK's errors into this file's; `from None`, because theirs hold the request, and so the key."""
        import httpx2
        from google.genai.errors import APIError

        unsent: tuple[type[Exception], ...] = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
        unsent += (httpx2.ProxyError, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError, httpx2.InvalidURL)
        try:
            yield
        except APIError as error:
            raise self._refusal(error) from None
        except unsent as error:
            text = f"Gemini could not be reached ({type(error).__name__}); nothing was sent. Check the network."
            raise Failed(text, is_lasting=False) from None
        except httpx2.TimeoutException:
            text = f"Gemini did not answer within {self._config.timeout_seconds} s. {MAYBE_BILLED}"
            raise NoAnswer(text) from None
        except httpx2.HTTPError as error:
            text = f"The connection to Gemini broke off ({type(error).__name__}). {MAYBE_BILLED}"
            raise NoAnswer(text) from None
        except (ValueError, KeyError) as error:
            text = f"Gemini's answer could not be understood ({type(error).__name__}). {MAYBE_BILLED}"
            raise NoAnswer(text) from None

    def _refusal(self, error: Any) -> GeminiError:
        said = f"{error.code} {error.status or ''}: {error.message or ''}".replace(self._config.api_key, "[key]")
        said = said[:QUOTED_CHARACTERS]
        if error.code in BUSY_CODES or error.status in BUSY_STATUSES:
            seconds = _retry_seconds(error.response.headers.get("retry-after", ""), error.details)
            return Busy(f"Gemini is busy, nothing is billed. Try again in {seconds:.0f} s. ({said})", seconds)
        advice = ADVICE.get(error.code, "Nothing is billed; try again later.")
        return Failed(f"Gemini refused the request. {advice} ({said})", is_lasting=error.code in ADVICE)


def _contents(photo: bytes, prompt: str) -> "ContentDict":
    return {"role": "user", "parts": [{"text": prompt}, {"inline_data": {"mime_type": "image/jpeg", "data": photo}}]}


def _inline(photos: Mapping[str, bytes], prompt: str) -> list[dict[str, Any]]:
    """The requests of a job, as a part of the job."""
    requests = ((key, _contents(photo, prompt)) for key, photo in photos.items())
    return [{"contents": contents, "metadata": {"key": key}, "config": IMAGE_ONLY} for key, contents in requests]


def _line(key: str, photo: bytes, prompt: str) -> bytes:
    """One request of a job, as a line of the file that is uploaded."""
    image = {"mimeType": "image/jpeg", "data": base64.b64encode(photo).decode()}
    contents = [{"role": "user", "parts": [{"text": prompt}, {"inlineData": image}]}]
    request = {"contents": contents, "generationConfig": {"responseModalities": IMAGE_ONLY["response_modalities"]}}
    return json.dumps({"key": key, "request": request}).encode() + b"\n"


def _line_size(key: str, photo: bytes, prompt: str) -> int:
    return len(_line(key, b"", prompt)) + (len(photo) + 2) // 3 * 4


def _retry_seconds(header: str, details: Any) -> float:
    """When to come back: the header's word, else the error's details', else a guess."""
    found = _header_seconds(header)
    found = _delay_seconds(details) if found is None else found
    return min(max(DEFAULT_RETRY_SECONDS if found is None else found, 0.0), MAX_RETRY_SECONDS)


def _header_seconds(header: str) -> float | None:
    if re.fullmatch(r"\d{1,9}", header.strip()):
        return float(header)
    try:
        date = parsedate_to_datetime(header)
    except ValueError:
        return None
    return (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds()


def _delay_seconds(details: Any) -> float | None:
    for detail in as_list(as_dict(as_dict(details).get("error")).get("details")):
        if found := re.fullmatch(r"(\d{1,9}(?:\.\d+)?)s", str(as_dict(detail).get("retryDelay"))):
            return float(found[1])
    return None
