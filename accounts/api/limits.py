"""How often a program may ask: so many requests a minute, counted in Redis for all web processes together."""

import logging
import time
from functools import cache
from typing import Any

from django.conf import settings
from redis import Redis, RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.asking import address_of
from accounts.models import TokenFamily

log = logging.getLogger(__name__)
WINDOW = 60
AT_ONCE = 4
"""So many programs may work under one account without a wait for each other."""


class PerToken(BaseThrottle):
    """By token, and by whatever it is renewed to; by address for who has none.

    An account's sign-ins together have a limit too: to ask for one token after another is no way around the first.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        minute = int(time.time()) // WINDOW
        return all(_count(f"api:{who}:{minute}") <= most for who, most in _limits(request).items())

    def wait(self) -> float:
        return WINDOW - time.time() % WINDOW


def _limits(request: Request) -> dict[str, int]:
    if not request.user.is_authenticated:
        return {f"address:{address_of(request._request)}": settings.API_STRANGERS_PER_MINUTE}
    token: Any = request.auth
    most = settings.API_REQUESTS_PER_MINUTE
    return {f"token:{token[TokenFamily.CLAIM]}": most, f"account:{request.user.pk}": AT_ONCE * most}


def _count(key: str) -> int:
    """Requests in this window; none where Redis is away: photos come in all the same."""
    try:
        counting = _redis(settings.REDIS_URL).pipeline()
        counting.incr(key)
        counting.expire(key, 2 * WINDOW)
        return int(counting.execute()[0])
    except RedisError as error:
        log.warning("nobody counts the API's requests: %s", error)
        return 0


@cache
def _redis(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
