"""Redis: for work, and for whoever only looks, whom one that hangs must not hang."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

LOOK_SECONDS = 1


@cache
def kept(url: str) -> Redis:
    """One client a process: of those that are dropped, the connections stay until Python collects them."""
    return Redis.from_url(url)


@contextmanager
def looking() -> Iterator[Redis]:
    """A connection on which every answer is waited for briefly, and asked for once."""
    limits: dict[str, Any] = {"socket_timeout": LOOK_SECONDS, "socket_connect_timeout": LOOK_SECONDS}
    with Redis.from_url(settings.REDIS_URL, retry=Retry(NoBackoff(), 0), **limits) as redis:
        yield redis


def ping() -> None:
    """Raises RedisError where Redis does not answer."""
    with looking() as redis:
        redis.ping()


def texts(redis: Redis, key: str) -> dict[str, str]:
    """A hash of Redis', as text."""
    found: Any = redis.hgetall(key)
    return {name.decode(): value.decode(errors="replace") for name, value in found.items()}
