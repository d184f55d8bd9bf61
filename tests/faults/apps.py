"""Loaded into each process of a product under trial: mattes without weights, short pauses, places to fail at."""

from django.apps import AppConfig


class StandIns(AppConfig):
    name = "tests.faults"

    def ready(self) -> None:
        from tests.faults import places, stand_ins

        stand_ins.install()
        places.install()
