"""The shapes of the Gemini API: what is asked, what is answered, and Google's form of an error."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

REQUEST_FIELDS = {"model", "contents", "generationConfig"}
URL_SAFE = str.maketrans("-_", "+/")  # the SDK sends the URL-safe alphabet
STATUSES = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


@dataclass(frozen=True)
class Call:
    """One HTTP request; header names in small letters."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        try:
            body = json.loads(self.body)
        except ValueError:
            raise Problem(400, "Invalid JSON payload received.") from None
        return body if isinstance(body, dict) else {}


@dataclass(frozen=True)
class Reply:
    """One HTTP answer; a body that is not bytes is sent as JSON."""

    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    code: int = 200

    def encoded(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Problem(Exception):
    """An error answer."""

    def __init__(self, code: int, message: str, *, status: str = "", headers: Any = None, details: Any = ()) -> None:
        super().__init__(message)
        error = {"code": code, "message": message, "status": status or STATUSES[code], "details": list(details)}
        self.reply = Reply({"error": error}, headers or {}, code)


def read_request(request: dict[str, Any]) -> bytes:
    """The photo of a request to generate, which must hold a prompt too and nothing that Google does not know."""
    if unknown := request.keys() - REQUEST_FIELDS:
        raise Problem(400, f'Invalid JSON payload received. Unknown name "{min(unknown)}": Cannot find field.')
    parts = [part for content in request.get("contents", []) for part in content.get("parts", [])]
    photos = [part["inlineData"] for part in parts if "inlineData" in part]
    if not any(part.get("text") for part in parts) or not photos or _mime_type(photos[0]) != "image/jpeg":
        raise Problem(400, "Expected a prompt and an image/jpeg.")
    try:
        return base64.b64decode(photos[0]["data"].translate(URL_SAFE), validate=True)
    except binascii.Error:
        raise Problem(400, "Base64 decoding failed.") from None


def _mime_type(image: dict[str, Any]) -> str:
    """Google takes a field's name in either spelling; the SDK sends this one as it is in Python."""
    return str(image.get("mimeType") or image.get("mime_type"))


def image_part(image: bytes, mime_type: str = "image/jpeg") -> dict[str, Any]:
    return {"inlineData": {"mimeType": mime_type, "data": base64.b64encode(image).decode()}}


def response(parts: list[dict[str, Any]], finish_reason: str = "STOP") -> dict[str, Any]:
    """A GenerateContentResponse."""
    candidate: dict[str, Any] = {"finishReason": finish_reason, "index": 0}
    if parts:
        candidate["content"] = {"role": "model", "parts": parts}
    return {"candidates": [candidate], "usageMetadata": usage(1290 if parts else 0), "modelVersion": "contract-server"}


def blocked() -> dict[str, Any]:
    return {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": usage(0)}


def usage(candidates: int) -> dict[str, int]:
    counts = {"promptTokenCount": 300, "candidatesTokenCount": candidates, "totalTokenCount": 300 + candidates}
    return {name: count for name, count in counts.items() if count}
