"""How fast Gemini may be asked, by all workers of all hosts together: kept in Redis."""

import logging
import math
from uuid import uuid4

from django.conf import settings
from redis import Redis, RedisError

from pipeline.engines import redis_server

log = logging.getLogger(__name__)
PAUSE_SECONDS = 5
KEY = "mattegate:gemini:{}"
LAPSES_AFTER = 10
"""Seconds beyond the time-out of a call: whoever still has a turn then is dead."""
# A token bucket that holds a minute's worth at most; Redis's own clock serves all hosts. Gives 0, or the milliseconds
# to wait.
TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = tonumber(redis.call('GET', KEYS[3]) or 0)
if held > now then return held - now end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[2]) then return 1000 end
local rate = tonumber(ARGV[1]) / 60000
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = math.min(tonumber(ARGV[1]), tonumber(bucket[1] or ARGV[1]) + (now - tonumber(bucket[2] or now)) * rate)
local wait = 0
if tokens >= 1 then
  tokens = tokens - 1
  redis.call('ZADD', KEYS[2], now + tonumber(ARGV[3]), ARGV[4])
  redis.call('PEXPIRE', KEYS[2], ARGV[3])
else
  wait = math.ceil((1 - tokens) / rate)
end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(now))
redis.call('PEXPIRE', KEYS[1], 120000)
return wait
"""


class Turn:
    """One call's place among those that may run at once; it lapses if its worker dies."""

    def __init__(self) -> None:
        self.name = uuid4().hex

    def take(self) -> float:
        """Take the turn: 0, or the seconds to wait before trying again."""
        lapses_in_ms = int((settings.GEMINI_TIMEOUT_SECONDS + LAPSES_AFTER) * 1000)
        keys = [KEY.format(part) for part in ("tokens", "turns", "held-back-until")]
        limits = settings.GEMINI_REQUESTS_PER_MINUTE, settings.GEMINI_CONCURRENCY, lapses_in_ms
        try:
            wait: int = _redis().register_script(TAKE)(keys=keys, args=[*limits, self.name])
        except RedisError as error:
            log.warning("Redis does not say whether Gemini may be asked, next try in %d s: %s", PAUSE_SECONDS, error)
            return PAUSE_SECONDS
        return wait / 1000

    def end(self) -> None:
        try:
            _redis().zrem(KEY.format("turns"), self.name)
        except RedisError as error:
            log.warning("A turn at Gemini was not given back, and lapses: %s", error)


def hold_back(seconds: float) -> None:
    """Gemini asked for a pause: nobody asks it anything before."""
    try:
        _hold_back(_redis(), math.ceil(seconds * 1000))
    except RedisError as error:
        log.warning("Other workers were not told that Gemini wants a pause of %d s: %s", seconds, error)


def _hold_back(redis: Redis, milliseconds: int) -> None:
    now, micro = redis.time()
    until = now * 1000 + micro // 1000 + milliseconds
    key = KEY.format("held-back-until")
    if until > int(redis.get(key) or 0):
        redis.set(key, until, px=max(1, milliseconds))


def _redis() -> Redis:
    return redis_server.kept(settings.REDIS_URL)
