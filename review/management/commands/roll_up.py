"""manage.py roll_up: the daily figures kept in step with what happened, or made anew."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from review.insights import rollups

SECONDS = 5


class Command(BaseCommand):
    help = "Bring the daily figures, which make the page of figures fast, up to now. Cron runs it every minute."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="make them all anew, however long that takes")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["rebuild"]:
            rollups.keep_up(SECONDS)  # what is left is taken up the next time
            return
        rollups.rebuild()
        self.stdout.write("The daily figures are made anew.")
