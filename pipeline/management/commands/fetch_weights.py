"""Fetch the matting model's weights, unless they are already there."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pipeline.engines import weights


class Command(BaseCommand):
    help = "Fetch the weights of MATTE_MODEL into WEIGHTS_DIR; nothing to do when they are there."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        name = settings.MATTE_MODEL
        try:
            path = weights.locate(name, settings.WEIGHTS_DIR)
        except weights.WeightsError:
            self.stdout.write(f"Fetching the weights of {name} …")
            path = self._fetch(name)
        self.stdout.write(f"Weights: {path} ({weights.lookup(name).licence})")

    def _fetch(self, name: str) -> Any:
        try:
            return weights.fetch(name, settings.WEIGHTS_DIR)
        except weights.WeightsError as error:
            raise CommandError(f"{self._fetch_fallback(name)}{error}") from None

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
