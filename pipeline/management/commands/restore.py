"""manage.py restore: a backup into an empty database and empty buckets."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from pipeline.engines.database_tools import ToolError
from pipeline.engines.object_store import ObjectStoreError
from pipeline.upkeep import backup


class Command(BaseCommand):
    help = "Put back what manage.py backup saved, into a database without tables and empty buckets; it refuses others."
    requires_system_checks = ()  # there is no database yet that they could like

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="what manage.py backup wrote")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            count = backup.restore(folder)
        except (backup.BackupError, ObjectStoreError, ToolError, DatabaseError, OSError) as error:
            raise CommandError(f"Not restored: {error}") from error
        self.stdout.write(f"Restored: the database and {count:,} files. Run manage.py migrate, then manage.py verify.")
