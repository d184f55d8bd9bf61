"""manage.py ingest: photos in from the command line, as the upload page takes them."""

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone
from tqdm import tqdm

from pipeline import intake, jobs, naming, rivals
from pipeline.engines.object_store import ObjectStoreError
from pipeline.imaging.types import ProductClass
from pipeline.listing_spec import HOUSE
from pipeline.models import Batch, Frame
from pipeline.states import UNFINISHED, Enhancement, Lane


class Command(BaseCommand):
    help = "Take photos in, from files and folders."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a photo, or a folder")
        parser.add_argument("--batch", metavar="NAME", help="the batch's name (default: today's date and time)")
        parser.add_argument("--class", dest="product_class", choices=get_args(ProductClass), default="eyewear")
        parser.add_argument(
            "--enhance",
            dest="enhancement",
            choices=get_args(Enhancement),
            default="local",
            help="with gemini the photos leave the house: they are sent to Google",
        )
        parser.add_argument("--lane", choices=get_args(Lane), default="standard", help="urgent photos come first")
        parser.add_argument("--spec", default=HOUSE, metavar="NAME", help="the listing spec that files are made by")
        parser.add_argument(
            "--meant",
            choices=get_args(rivals.Meaning),
            action="append",
            default=[],
            help="of photos that are held: move, they belong to this name and not to the other; share, to both; "
            "replace, they take the place of another photo of the same code and view in the batch",
        )
        parser.add_argument("--wait", action="store_true", help="until every photo is published or sent to review")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._ingest(**options)
        except intake.IntakeError as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            hint = "Start `make run`, or run manage.py migrate."
            raise CommandError(f"The database can't be used ({error}). {hint}") from error

    def _ingest(self, *, paths: list[Path], wait: bool, meant: list[rivals.Meaning], **options: Any) -> None:
        found = self._without_notes(list(_files(paths)))
        photos = [photo for photo in found if self._is_acceptable(photo)]
        if not photos:
            raise CommandError(f"None of the {len(found)} files found can be taken in.")
        name = options["batch"] or timezone.localtime().strftime("%Y-%m-%d %H:%M:%S")
        batch = intake.open_batch(name, **{field: options[field] for field in intake.CHOICES})
        taken = self._submit_all(batch, photos, frozenset(meant))
        self.stdout.write(f"{taken} of {len(found)} photos taken in.")
        if wait:
            _wait_for(batch)
            self._print_states(batch)
        if not taken:
            raise CommandError("No photo was taken in.")

    def _without_notes(self, files: list[Path]) -> list[Path]:
        skipped = [path.name for path in files if naming.is_no_photo(path.name)]
        if skipped:
            self.stderr.write(f"Skipped, not photos: {', '.join(skipped[:5])}{', …' if len(skipped) > 5 else ''}")
        return [path for path in files if not naming.is_no_photo(path.name)]

    def _is_acceptable(self, photo: Path) -> bool:
        try:
            with photo.open("rb") as file:
                intake.check(photo.name, file)
        except (intake.IntakeError, OSError) as error:
            self.stderr.write(f"Not taken: {error}")
            return False
        return True

    def _submit_all(self, batch: Batch, photos: list[Path], meant: frozenset[rivals.Meaning]) -> int:
        """How many were taken in, or were there already."""
        taken = 0
        for photo in tqdm(photos, desc=f"Batch {batch.name}", unit="photo"):
            try:
                receipt = jobs.submit(batch, photo.name, photo.read_bytes(), meant=meant)
            except intake.NoRoomError as full:
                raise CommandError(
                    f"{full} {taken} of these photos were taken in; {photo.name} and what follows were not."
                ) from full
            except intake.HeldError as held:
                tqdm.write(f"Not taken: {held}. {_how_to_say(held)}", file=sys.stderr)
                continue
            except (intake.IntakeError, ObjectStoreError, OSError) as error:
                tqdm.write(f"Not taken: {photo}: {error}", file=sys.stderr)
                continue
            taken += 1
            if receipt.is_duplicate:
                tqdm.write(f"{photo.name}: already in the batch, as {receipt.frame.filename}", file=sys.stderr)
        return taken

    def _print_states(self, batch: Batch) -> None:
        for frame in batch.frames.order_by("code", "view"):
            self.stdout.write(f"{frame.filename:30} {frame.state:10} {'; '.join(frame.reason_words)}")


def _how_to_say(held: intake.HeldError) -> str:
    choices = (f"--meant {meant}: {words}" for meant, words in held.question.choices.items())
    return f"Send it again with {'; or with '.join(choices)}."


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.is_file() and not _is_hidden(p.relative_to(path)))
        elif path.is_file():
            yield path
        else:
            raise CommandError(f"{path}: no such file or folder.")


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _wait_for(batch: Batch) -> None:
    with tqdm(total=batch.frames.count(), desc="Finished", unit="photo") as bar:
        while bar.n < bar.total:
            busy = Frame.objects.filter(batch=batch, state__in=UNFINISHED).count()
            bar.update(bar.total - busy - bar.n)
            time.sleep(0.5)
