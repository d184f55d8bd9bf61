"""The clock: calls the reaper every few seconds."""

import logging
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone
from redis.exceptions import RedisError

from pipeline import clock, jobs
from pipeline.clock import PERIOD_SECONDS
from pipeline.inbox import watch
from pipeline.upkeep import purging, verify

logger = logging.getLogger(__name__)
ROLL_UP_SECONDS = 60


class Command(BaseCommand):
    help = (
        f"Every {PERIOD_SECONDS} s: give lapsed frames back to the queue, and enqueue what is due; "
        "every minute: roll_up; daily: nightly, "
        "then pictures deleted whose days are over, and database and buckets compared. "
        "Meanwhile photos are taken in from INBOX_DIR and S3_INBOX."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        threading.Thread(target=watch.until, args=(stop,), name="inbox", daemon=True).start()
        done_on, rolled_up = None, float("-inf")
        while not stop.is_set():
            tick()
            if done_on != timezone.localdate():
                done_on = timezone.localdate()
                run("nightly")
                beside(purging.nightly, verify.nightly)
            if time.monotonic() - rolled_up >= ROLL_UP_SECONDS:
                rolled_up = time.monotonic()
                run("roll_up")
            stop.wait(PERIOD_SECONDS)


def run(command: str) -> None:
    """By name: what it does is no business of the pipeline's."""
    try:
        call_command(command)
    except DatabaseError as error:
        logger.error("%s could not run, and is tried again when it is due next: %s", command, error)
    except Exception:
        logger.exception("%s failed", command)


def beside(*works: Callable[[], None]) -> None:
    """One after the other, in a thread: they take minutes, and what a dead worker left must not wait for them."""

    def carry_out() -> None:
        try:
            for work in works:
                carry_out_one(work)
        finally:
            connection.close()

    threading.Thread(target=carry_out, name="upkeep", daemon=True).start()


def carry_out_one(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:
        logger.exception("%s failed", work.__module__)


def tick() -> None:
    """Reap once, and say so. A server that is away is one line in the log, and tried again at the next tick."""
    close_old_connections()
    failed = ""
    try:
        jobs.reap()
    except (RedisError, DatabaseError) as error:
        failed = str(error)
        logger.error("the reaper could not run, next try in %d s: %s", PERIOD_SECONDS, error)
    except Exception as error:
        # A bug, with its traceback; but without a reaper nothing would ever be retried.
        failed = f"{type(error).__name__}: {error}"
        logger.exception("the reaper failed")
    clock.note(failed)
