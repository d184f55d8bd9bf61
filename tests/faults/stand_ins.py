"""What takes the place of weights, of long pauses and of the clock. Each pause keeps its proportion to the others."""

import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from pipeline import leases, reaper, worker
from pipeline.cutout import matte_models
from pipeline.engines import object_store
from pipeline.management.commands import cron
from pipeline.shop import publish
from tests.faults import places
from tests.pipeline.conftest import ColourKeyMatter
from tests.small_files import drawn_small


def install() -> None:
    instead: list[tuple[Any, str, Any]] = [
        (matte_models, "matter", ColourKeyMatter),
        (matte_models, "second_matter", lambda: None),
        (matte_models, "warm_up", dict),
        (publish, "render", drawn_small(publish.render)),
        (leases, "BEAT_SECONDS", 0.5),
        (leases, "LEFT_FOR_A_CALL", 3),
        (object_store, "QUICK", 0.2),
        (reaper, "SETTLE_SECONDS", 0.3),
        (worker, "HEARTBEAT_SECONDS", 1),
        (worker, "TTL_SECONDS", 4),
        (worker, "ROOM_SECONDS", 0.5),
        (cron, "PERIOD_SECONDS", 1),
        (cron, "ROLL_UP_SECONDS", float("inf")),
        (cron, "tick", unless_at_rest(cron.tick)),
    ]
    for owner, name, value in instead:
        setattr(owner, name, value)
    _shift_clocks()


def unless_at_rest(tick: Callable[[], None]) -> Callable[[], None]:
    """Between two tests the rows go away, and nobody may look at them."""

    def maybe() -> None:
        if places.is_there("rest"):
            places.note("rested")
        else:
            tick()

    return maybe


def _shift_clocks() -> None:
    """This process's clock is as far off as the file says, whoever asks for the time."""
    seconds, now = time.time, timezone.now

    def shifted() -> datetime:
        return now() + timedelta(seconds=places.clock_is_off())

    time.time = lambda: seconds() + places.clock_is_off()
    timezone.now = shifted
    for name, module in [*sys.modules.items()]:
        if name.partition(".")[0] == "rq" and hasattr(module, "now"):
            vars(module)["now"] = shifted
