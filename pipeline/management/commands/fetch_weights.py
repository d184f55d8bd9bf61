"""Fetch the matting models' weights, unless they are already there, and find the faster runtime for each."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pipeline.engines import runtime_check, weights


class Command(BaseCommand):
    help = "Fetch the weights of MATTE_MODEL and SECOND_MATTE_MODEL into WEIGHTS_DIR, unless they are there."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._prepare(settings.MATTE_MODEL)
        except weights.WeightsError as error:
            raise CommandError(f"{self._fetch_fallback(settings.MATTE_MODEL)}{error}") from None
        if settings.SECOND_MATTE_MODEL:
            self._prepare_second(settings.SECOND_MATTE_MODEL)

    def _prepare(self, name: str) -> None:
        path = self._locate_or_fetch(name)
        self.stdout.write(f"Weights: {path} ({weights.lookup(name).licence})")
        runtime_check.choose(name, path, weights.sha256(path))  # here, so that no worker pays for the trial

    def _locate_or_fetch(self, name: str) -> Path:
        try:
            return weights.locate(name, settings.WEIGHTS_DIR)
        except weights.WeightsError:
            self.stdout.write(f"Fetching the weights of {name} …")
            return weights.fetch(name, settings.WEIGHTS_DIR)

    def _prepare_second(self, name: str) -> None:
        """The product works without it, only with fewer ways to repair a doubtful matte."""
        try:
            self._prepare(name)
        except weights.WeightsError as error:
            self.stdout.write(f"{error}\nDoubtful photos go without this second model until `make setup` can fetch it.")

    def _fetch_fallback(self, name: str) -> str:
        """Fetch the other model, and say how to use it: it is for a person to choose, not for us."""
        if name != weights.DEFAULT:
            return ""
        try:
            weights.fetch(weights.FALLBACK, settings.WEIGHTS_DIR)
        except weights.WeightsError as error:
            return f"{error}\n"
        return (
            f"{weights.FALLBACK} was fetched in its place. To the policies it is a different model, uncalibrated; "
            f"to use it all the same, set MATTE_MODEL={weights.FALLBACK}\n"
        )
