"""manage.py seed_history: months of made-up work, to see how pages stand it."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from pipeline.models import Frame
from review.management.history.seeding import seed_history


class Command(BaseCommand):
    help = "Fill an empty database with a made-up history: batches, frames, decisions and audits, but no pictures."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--frames", type=_count, default=100_000, help="how many photos came in (100000)")
        parser.add_argument("--seed", type=int, default=1, help="another number makes another history (1)")
        parser.add_argument(
            "--among-real-frames", action="store_true", help="write even into a database that holds frames already"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if Frame.objects.exists() and not options["among_real_frames"]:
            raise CommandError(
                "This database holds frames already, and what is made up could never be told from them again. "
                "Point DATABASE_URL to an empty one, or add --among-real-frames if nothing here is real."
            )
        start, frames = time.monotonic(), options["frames"]
        until = timezone.now().replace(minute=0, second=0, microsecond=0)
        told = seed_history(frames, options["seed"], until, lambda done: self._say(done, frames))
        for fate, count in told.most_common():
            self.stdout.write(f"{count:>9} {fate}")
        self.stdout.write(f"{frames} frames in {time.monotonic() - start:.0f} s")

    def _say(self, done: int, frames: int) -> None:
        self.stdout.write(f"{done} of {frames}", ending="\n")
        self.stdout.flush()


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(text)
    return int(text)
