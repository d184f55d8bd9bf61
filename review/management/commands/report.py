"""manage.py report --week 2026-W47: the weekly report, in a terminal."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.asked import MisunderstoodError
from review.insights import report
from review.insights.whole import read


class Command(BaseCommand):
    help = "Print the weekly report: the same figures as on the printable page."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--week", nargs="?", default="", const="", help="such as 2026-W47; else the last whole one")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            scope = report.week_scope(options["week"])
        except MisunderstoodError as error:
            raise CommandError(str(error)) from error
        for line in report.in_lines(read(scope)):
            self.stdout.write(line)
