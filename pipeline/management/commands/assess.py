"""manage.py assess: what the pipeline makes of a folder of photos, without a server."""

import os
from pathlib import Path
from typing import Any, get_args

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from pipeline.cutout import matte_models
from pipeline.engines.weights import WeightsError
from pipeline.imaging.types import ProductClass
from pipeline.management import dryrun
from pipeline.policies.shipped import shipped_policy


class Command(BaseCommand):
    help = "Try the pipeline on a folder of photos: mattes, confidences and a contact sheet. Needs no server."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--out", type=Path, required=True, help="where mattes, report.jsonl and index.html go")
        parser.add_argument("--class", dest="product_class", choices=get_args(ProductClass), default="eyewear")

    def handle(self, *args: Any, folder: Path, out: Path, product_class: ProductClass, **options: Any) -> None:
        if not folder.is_dir():
            raise CommandError(f"{folder}: no such folder.")
        photos = dryrun.find_photos(folder)
        if not photos:
            raise CommandError(f"{folder}: no photos here (looked for {', '.join(sorted(dryrun.PHOTO_SUFFIXES))}).")
        policy = shipped_policy()
        try:
            matter = matte_models.load_matter(settings.MATTE_MODEL, threads=os.cpu_count() or 1)
        except WeightsError as error:
            raise CommandError(str(error)) from error
        if matter.sha256 != policy["model_sha256"]:
            self.stderr.write(f"Uncalibrated: the policy was fitted on another model than {matter.name}.")
        rows: list[dryrun.Row] = []
        try:
            # One by one, so that what was done before an interruption is reported.
            examined = dryrun.assess(photos, out, matter, product_class, policy)
            for row in tqdm(examined, total=len(photos), desc="Assessing", unit="photo"):
                rows.append(row)
        except KeyboardInterrupt:
            self.stderr.write(f"Stopped after {len(rows)} of {len(photos)} photos.")
        except OSError as error:
            raise CommandError(f"{out}: can't be written to ({error.strerror}).") from error
        if rows:
            dryrun.write_report(out, rows)
            self._summarise(rows, out)

    def _summarise(self, rows: list[dryrun.Row], out: Path) -> None:
        published = sum(row.verdict == "publish" for row in rows)
        seconds = sum(row.seconds for row in rows) / len(rows)
        self.stdout.write(
            f"{len(rows)} photos: {published} would be published unseen, {len(rows) - published} sent to review "
            f"({1 - published / len(rows):.0%}); {seconds:.1f} s a photo with {settings.MATTE_MODEL}.\n"
            f"Look at {out / 'index.html'}"
        )
