"""When `manage.py cron` last ran, and where: noted in Redis, which every host can read."""

import logging
import socket
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from redis import RedisError

from pipeline.engines import redis_server

log = logging.getLogger(__name__)
KEY = "mattegate:cron"
PERIOD_SECONDS = 5
# A tick that finds much to do takes a while.
SILENT_SECONDS = 30


@dataclass(frozen=True)
class Tick:
    """One round of the clock; `error` says what went wrong in it."""

    host: str
    at: datetime
    error: str

    @property
    def is_silent(self) -> bool:
        return (timezone.now() - self.at).total_seconds() > SILENT_SECONDS

    @property
    def is_well(self) -> bool:
        return not (self.is_silent or self.error)


def note(error: str) -> None:
    said: dict[Any, Any] = {"at": timezone.now().isoformat(), "host": socket.gethostname(), "error": error}
    try:
        with redis_server.looking() as redis:
            redis.hset(KEY, mapping=said)
    except RedisError as gone:
        log.debug("Redis could not note that the clock ran: %s", gone)


def last_tick() -> Tick | None:
    with redis_server.looking() as redis:
        said = redis_server.texts(redis, KEY)
    return Tick(said["host"], datetime.fromisoformat(said["at"]), said["error"]) if said else None
