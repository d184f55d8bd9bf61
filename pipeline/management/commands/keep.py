"""manage.py keep: how long a batch's pictures stay, where that isn't RETENTION_DAYS."""

import logging
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pipeline.models import Batch
from pipeline.upkeep import retention

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Keep a batch's pictures for another time than RETENTION_DAYS. Without --days, as long as all others'."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the batch's name")
        parser.add_argument("--days", type=int, help="after a photo's last move; 0: for good")

    def handle(self, *args: Any, name: str, days: int | None, **options: Any) -> None:
        if days is not None and not 0 <= days <= 36_500:
            raise CommandError("--days: expected 0 to 36500")
        batch = Batch.objects.filter(name=name).first()
        if batch is None:
            raise CommandError(f"There is no batch {name!r}; write its name as the list of batches does.")
        batch.keep_days = days
        batch.save(update_fields=["keep_days"])
        said = f"The pictures of {batch} are kept {retention.words(batch)}"
        log.info("%s", said)
        self.stdout.write(f"{said}.")
