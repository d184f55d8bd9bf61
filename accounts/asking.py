"""Whose request is being answered, for what has no request at hand: a row's signal, say."""

import re
from collections.abc import Callable
from contextvars import ContextVar
from ipaddress import ip_address
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bound_contextvars

_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)


def current_request() -> HttpRequest | None:
    return _request.get()


def remember(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware."""

    def answer(request: HttpRequest) -> HttpResponse:
        token = _request.set(request)
        try:
            with bound_contextvars(request=id_of(request)):
                return get_response(request)
        finally:
            _request.reset(token)

    return answer


def id_of(request: HttpRequest) -> str:
    """What the proxy's log calls it; one of our own where there is no proxy of ours (HTTPS=1)."""
    told = request.headers.get("X-Request-ID", "") if settings.HTTPS else ""
    return told if re.fullmatch("[0-9a-f]{32}", told) else uuid4().hex


def address_of(request: HttpRequest) -> str | None:
    """Where it comes from. Behind our proxy (HTTPS=1), that is what the proxy wrote last; the rest may be invented."""
    named = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.HTTPS else ""
    text = named.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")
    try:
        return str(ip_address(text.partition("%")[0]))
    except ValueError:  # a Unix socket has none
        return None
