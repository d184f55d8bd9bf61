"""A disk that is full, as whoever asks is told of it: 503 and when to try again, never a fault of the program."""

import errno
import logging
import sys
from http import HTTPStatus
from typing import TypeVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.defaults import server_error

from config.asked import problem

log = logging.getLogger(__name__)
Answer = TypeVar("Answer", bound=HttpResponse)
FULL = (errno.ENOSPC, errno.EDQUOT)
SAID = ("No space left on device", "disk is full", "Disk quota exceeded")
"""As databases say it, which have numbers of their own for it."""
RETRY_SECONDS = 60
TRY_AGAIN = (
    "The disk is full, so nothing new is taken in for now. What was taken in is safe. Try again in a few minutes; an "
    "admin sees under Operations what to do."
)


def is_full(error: BaseException | None) -> bool:
    """Whether a full disk is at the bottom of it."""
    while error is not None:
        if (isinstance(error, OSError) and error.errno in FULL) or any(words in str(error) for words in SAID):
            return True
        error = error.__cause__ or error.__context__
    return False


def told(answer: Answer) -> Answer:
    answer["Retry-After"] = str(RETRY_SECONDS)
    return answer


def refused() -> HttpResponse:
    """For programs and scripts."""
    return told(problem(HTTPStatus.SERVICE_UNAVAILABLE, TRY_AGAIN))


def fault(request: HttpRequest) -> HttpResponse:
    """Django's answer to whatever went wrong, wherever it did: a photo that comes is written to disk before any page of
    ours hears of it."""
    error = sys.exc_info()[1]
    if not is_full(error):
        return server_error(request)
    log.error("%s was not answered, because the disk is full: %s", request.path, error)
    if not request.path.startswith("/api/") and request.accepts("text/html"):
        return told(render(request, "no_room.html", {"words": TRY_AGAIN}, status=HTTPStatus.SERVICE_UNAVAILABLE))
    return refused()
