"""Every refusal as RFC 9457 has it."""

import logging
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.views import set_rollback

from config import no_room
from config.asked import MisunderstoodError, problem

log = logging.getLogger(__name__)
FAULT = "A fault in the program stopped this request, maybe after it was carried out. An admin finds it in the log."
SAID: dict[type[Exception], tuple[HTTPStatus, str]] = {
    Http404: (HTTPStatus.NOT_FOUND, "There is nothing here, or nothing that this account may see."),
    PermissionDenied: (HTTPStatus.FORBIDDEN, "This account's role may not do that."),
    RequestDataTooBig: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "This request is too large; send it in smaller parts."),
    SuspiciousOperation: (HTTPStatus.BAD_REQUEST, "This request can't be understood."),
    RecursionError: (HTTPStatus.BAD_REQUEST, "This request is nested too deeply."),
}
"""Of several that fit, the first."""


class Refused(APIException):
    """What can't be done, with the status that says so; `more` are further members of the problem."""

    def __init__(self, status: int, detail: str, *, wait: int | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.status_code = int(status)
        self.wait = wait
        self.more = more


def answer(error: Exception, context: Any) -> HttpResponse:
    """DRF's exception handler."""
    set_rollback()
    if isinstance(error, ValidationError):
        return _invalid(error)
    if isinstance(error, APIException):
        return _told(error)
    if isinstance(error, MisunderstoodError):
        return problem(error.status, str(error))
    for kind, (status, words) in SAID.items():
        if isinstance(error, kind):
            return problem(status, words)
    if no_room.is_full(error):
        log.error("%s: %s", context["request"].path, error)
        return no_room.refused()
    log.error("%s", context["request"].path, exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, FAULT)


def _told(error: APIException) -> HttpResponse:
    response = problem(error.status_code, str(error.detail), **getattr(error, "more", {}))
    wait, header = getattr(error, "wait", None), getattr(error, "auth_header", None)
    if wait is not None:
        response["Retry-After"] = str(max(1, round(wait)))
    if header:
        response["WWW-Authenticate"] = header
    return response


def _invalid(error: ValidationError) -> HttpResponse:
    found = list(_errors("", error.detail))
    words = "; ".join(f"{one['field']}: {one['detail']}" if one["field"] else one["detail"] for one in found)
    return problem(HTTPStatus.BAD_REQUEST, words, errors=found)


def _errors(field: str, detail: Any) -> Any:
    """Every leaf with the way that leads there."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _errors(f"{field}.{name}".strip("."), inner)
    elif isinstance(detail, list):
        for inner in detail:
            yield from _errors(field, inner)
    else:
        yield {"field": field, "detail": str(detail)}


def not_there(request: HttpRequest) -> HttpResponse:
    """For addresses below /api/ that lead nowhere."""
    return problem(HTTPStatus.NOT_FOUND, "There is no such address; /api/v1/schema lists those that there are.")


not_there.csrf_exempt = True  # type: ignore[attr-defined]
