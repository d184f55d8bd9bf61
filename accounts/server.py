"""The server of pages. It reads a request whole before a thread is spent on it, so slow senders block nobody; what is
larger than its sender may send is refused before a byte of it is kept."""

import logging
from copy import copy
from typing import Any

import waitress
from django.conf import settings
from django.http import HttpResponse
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.utilities import Error as WaitressError
from waitress.utilities import RequestEntityTooLarge

from accounts import bodies
from config import no_room
from config.asked import problem

log = logging.getLogger(__name__)
Told = tuple[str, list[tuple[str, str]], bytes]
"""Status, headers and body, as waitress wants them."""
SILENT_SECONDS = 30
"""A connection on which nothing moves is closed after so long."""
ADJUSTED: dict[str, Any] = {
    "threads": 8,
    "channel_timeout": SILENT_SECONDS,
    "cleanup_interval": SILENT_SECONDS // 3,
    "connection_limit": 1000,
    "asyncore_use_poll": True,
    "max_request_body_size": settings.MAX_UPLOAD_BYTES,
    # Only a proxy that ends TLS tells by which scheme somebody came.
    "clear_untrusted_proxy_headers": not settings.HTTPS,
    "ident": None,
}


class NoRoom(WaitressError):
    """What comes is kept on disk until all of it is here."""

    code, reason = 503, "Service Unavailable"

    def to_response(self, ident: str | None = None) -> Told:
        status, headers, body = super().to_response(ident)
        return status, [*headers, ("Retry-After", str(no_room.RETRY_SECONDS))], body


class NoRoomForPrograms(WaitressError):
    code, reason = NoRoom.code, NoRoom.reason

    def to_response(self, ident: str | None = None) -> Told:
        return _as_problem(self, no_room.refused())


class TooLargeForPrograms(RequestEntityTooLarge):
    body: str

    def to_response(self, ident: str | None = None) -> Told:
        return _as_problem(self, problem(self.code, self.body))


def _as_problem(error: WaitressError, told: HttpResponse) -> Told:
    """In the form of all of the API's refusals."""
    return f"{error.code} {error.reason}", list(told.items()), told.content


class LimitedParser(HTTPRequestParser):
    """waitress has one limit for all requests; here each has its own."""

    adj: Any
    error: Any

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if self.chunked or self.content_length >= settings.MAX_STRANGERS_BYTES:
            self.adj = copy(self.adj)
            told = (self.headers.get(name, "") for name in ("COOKIE", "AUTHORIZATION"))
            self.adj.max_request_body_size = bodies.most(self.path, *told)

    @property
    def is_programs(self) -> bool:
        return bool(self.path.startswith("/api/"))

    def received(self, data: bytes) -> int:
        try:
            consumed = super().received(data)
        except OSError as error:
            if not no_room.is_full(error):
                raise
            log.error("a request for %s was cut off, because the disk is full", self.path)
            kind = NoRoomForPrograms if self.is_programs else NoRoom
            self.error, self.completed, self.expect_continue = kind(no_room.TRY_AGAIN), True, False
            return len(data)
        if isinstance(self.error, RequestEntityTooLarge):
            megabytes = self.adj.max_request_body_size / 1e6
            words = f"{megabytes:,.1f} MB is the most that you can send here."
            self.error = TooLargeForPrograms(words) if self.is_programs else RequestEntityTooLarge(words)
            self.expect_continue = False  # else it would be told to send the rest
        return consumed


def create(application: Any, host: str, port: int) -> Any:
    HTTPChannel.parser_class = LimitedParser  # waitress makes its channels itself, and asks nobody of which kind
    return waitress.create_server(application, host=host, port=port, **ADJUSTED)
