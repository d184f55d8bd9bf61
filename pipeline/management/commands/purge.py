"""manage.py purge: pictures deleted whose days are over."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from pipeline.engines.object_store import ObjectStoreError
from pipeline.upkeep import purging
from pipeline.upkeep.purging import Deletion


class Command(BaseCommand):
    help = (
        "Delete the pictures of photos whose days are over (RETENTION_DAYS, or their batch's own), and print of each "
        "how many files, how many bytes and which keys. Cron does so every night."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only print what would be deleted")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        found: list[Deletion] = []

        def tell(deletion: Deletion) -> None:
            found.append(deletion)
            self.stdout.write(str(deletion))

        try:
            purging.purge(tell, is_rehearsal=dry_run)
            self.stdout.write(purging.summary(found, is_rehearsal=dry_run))
        except (ObjectStoreError, DatabaseError) as error:
            raise CommandError(f"Not all is deleted; run it again, it goes on where it stopped: {error}") from error
