"""Loaded into each process of a product; MATTES=stand-in: without weights, which take longer to load than all else."""

import os

from django.apps import AppConfig


class Quick(AppConfig):
    name = "tests.quick"

    def ready(self) -> None:
        if os.environ.get("MATTES") == "stand-in":
            cut_without_weights()


def cut_without_weights() -> None:
    from pipeline.cutout import matte_models
    from tests.pipeline.conftest import ColourKeyMatter

    instead = {"matter": ColourKeyMatter, "second_matter": lambda: None, "warm_up": dict}
    for name, value in instead.items():
        setattr(matte_models, name, value)
