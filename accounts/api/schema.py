"""The API described for programs (OpenAPI) and shown to people, with assets from here."""

from typing import Any

from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.headers import API_PAGE, HEADER

PROBLEM = {
    "type": "object",
    "required": ["title", "status", "detail"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened, and what to do."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
ALWAYS = {
    "400": "The request can't be understood.",
    "401": "No token, or one that is not valid any more.",
    "403": "The account's role may not do that.",
    "404": "There is nothing here, or nothing that this account may see.",
    "429": "Too many requests in this minute; `Retry-After` says for how long to wait.",
}
OF_WRITES = {
    "409": "It can't be done as things stand now.",
    "413": "The request is too large.",
    "415": "This kind of body is not read here.",
    "422": "What was sent can't be taken.",
    "503": "A server that is needed does not answer; try again.",
}
LINKS: dict[str, dict[str, tuple[str, dict[str, str]]]] = {
    "obtain_token": {"refresh": ("refresh_token", {})},
    "open_batch": {
        "batch": ("get_batch", {"batch_id": "$response.body#/id"}),
        "photos": ("send_photos", {"batch_id": "$response.body#/id"}),
        "frames": ("list_frames", {"batch": "$response.body#/id"}),
    },
    "start_upload": {
        "upload": ("get_upload", {"upload": "$response.body#/id"}),
        "complete": ("complete_upload", {"upload": "$response.body#/id"}),
    },
    "complete_upload": {"batch": ("get_batch", {"batch_id": "$response.body#/batch"})},
    "send_photos": {
        "batch": ("get_batch", {"batch_id": "$response.body#/batch"}),
        "frame": ("get_frame", {"frame_id": "$response.body#/receipts/0/frame"}),
    },
    "list_frames": {"frame": ("get_frame", {"frame_id": "$response.body#/results/0/id"})},
    "get_frame": {
        "batch": ("get_batch", {"batch_id": "$response.body#/batch"}),
        "files": ("get_frame_renditions", {"frame_id": "$response.body#/id"}),
        "of_product": ("get_product_renditions", {"code": "$response.body#/code"}),
        "exception": ("get_exception", {"frame_id": "$response.body#/id"}),
    },
    "list_exceptions": {"exception": ("get_exception", {"frame_id": "$response.body#/results/0/id"})},
    "get_exception": {"decide": ("decide", {"frame_id": "$response.body#/id"})},
    "decide": {"frame": ("get_frame", {"frame_id": "$response.body#/frame"})},
}
"""Where an answer leads: by operation, the name of a link, the next operation, and what it is asked with."""


class TokenScheme(SimpleJWTScheme):
    """A bearer token, as the library describes its own."""

    target_class = "accounts.api.authentication.TokenAuthentication"
    name = "token"


def operations(schema: dict[str, Any]) -> Any:
    for item in schema["paths"].values():
        yield from ((method, found) for method, found in item.items() if "operationId" in found)


def with_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Every operation says how it refuses."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for method, operation in operations(result):
        told = ALWAYS | (OF_WRITES if method != "get" else {})
        for status, words in told.items():
            operation["responses"].setdefault(status, {"description": words, "content": content})
        if method == "get":
            operation["responses"]["304"] = {"description": "As the `ETag` in `If-None-Match` has it."}
    return result


def with_links(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    for _method, operation in operations(result):
        links = LINKS.get(operation["operationId"], {})
        told = {name: {"operationId": to, "parameters": asked} for name, (to, asked) in links.items()}
        for status, response in operation["responses"].items():
            if told and status.startswith("2"):
                response["links"] = told
    return result


READING = ["get", "head"]


class Schema(SpectacularJSONAPIView):
    """For whoever asks: it tells nothing that docs/api.md doesn't."""

    http_method_names = READING


@extend_schema(exclude=True)
class Pages(SpectacularSwaggerSplitView):
    url_name = "api-schema"
    http_method_names = READING

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().get(request, *args, **kwargs)
        response[HEADER] = API_PAGE
        return response
