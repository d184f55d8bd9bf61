"""manage.py backup: database, both buckets and the audit key into a folder."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from pipeline.engines.database_tools import ToolError
from pipeline.engines.object_store import ObjectStoreError
from pipeline.upkeep import backup


class Command(BaseCommand):
    help = "Save all that can't be made anew into an empty folder: the database, both buckets, and the audit key."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="a new folder, or an empty one")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            count = backup.make(folder)
        except (backup.BackupError, ObjectStoreError, ToolError, DatabaseError, OSError) as error:
            raise CommandError(f"No backup was made: {error}") from error
        self.stdout.write(f"Saved in {folder}: the database and {count:,} files. Keep it where only you can read it.")
