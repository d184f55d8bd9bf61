"""manage.py verify: what database and buckets disagree about."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from pipeline.upkeep import verify
from pipeline.upkeep.findings import Finding


class Command(BaseCommand):
    help = (
        "Compare the database with the buckets, reading every file, and print each disagreement: which photo or file, "
        "what is wrong, what to do. Exits with 0 if there is none left, 1 if there is, 2 if it could not be told."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--repair",
            action="store_true",
            help="mend what can be mended without losing anything: docs/upkeep.md says what, and why that is safe",
        )

    def handle(self, *args: Any, repair: bool, **options: Any) -> None:
        try:
            done = verify.everything(self._tell, repair=repair)
        except DatabaseError as error:
            raise CommandError(f"The database can't be used ({error}).", returncode=2) from error
        if done.error:
            raise CommandError(verify.summary(done), returncode=2)
        if done.found:
            raise CommandError(verify.summary(done), returncode=1)
        self.stdout.write(verify.summary(done))

    def _tell(self, finding: Finding, is_mended: bool) -> None:
        self.stdout.write(f"{'Mended: ' if is_mended else ''}{finding}")
