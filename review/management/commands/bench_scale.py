"""manage.py bench_scale: how long pages take over a made-up history, in a database of its own."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from review.management import stopwatch


class Command(BaseCommand):
    help = "Make a temporary database beside the one that DATABASE_URL names, seed it, and time the pages over it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--frames", type=int, default=1_000_000, help="of the made-up history (1000000)")

    def handle(self, *args: Any, **options: Any) -> None:
        with stopwatch.temporary_database():
            call_command("seed_history", frames=options["frames"], stdout=self.stdout)
            call_command("roll_up", rebuild=True, stdout=self.stdout)
            self.stdout.write("")
            stopwatch.tidy()
            for race in stopwatch.races():
                self.stdout.write(str(stopwatch.measure(race)))
