"""How often an account may ask: so many requests a minute, counted in Redis for all web processes together."""

import logging
import time
from functools import cache
from typing import Any

from django.conf import settings
from redis import Redis, RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.asking import address_of

log = logging.getLogger(__name__)
WINDOW = 60


class PerAccount(BaseThrottle):
    """An account's tokens share one limit, since each can be renewed; who has none is counted by address."""

    def allow_request(self, request: Request, view: Any) -> bool:
        if request.user.is_authenticated:
            who, most = f"account:{request.user.pk}", settings.API_REQUESTS_PER_MINUTE
        else:
            who, most = f"address:{address_of(request._request)}", settings.API_STRANGERS_PER_MINUTE
        return _count(f"api:{who}:{int(time.time()) // WINDOW}") <= most

    def wait(self) -> float:
        return WINDOW - time.time() % WINDOW


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
