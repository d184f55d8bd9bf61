"""The samples of a first start: they are taken in, and the terminal says how far they are."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from django.core.management import call_command
from django.db import connections

from pipeline import progress
from pipeline.models import Batch
from pipeline.states import Segment

NAME = "Samples: "
PAUSE = 5.0
"""Seconds from one look to the next."""


def take_in(folder: Path, enhancement: str) -> None:
    """The watches in the urgent lane, for what it shows with Gemini."""
    for product_class, prefix, lane in (("eyewear", "AURA", "standard"), ("watch", "TEMPO", "urgent")):
        photos = [str(photo) for photo in sorted(folder.glob(f"{prefix}*.jpg"))]
        chosen = {"product_class": product_class, "enhancement": enhancement, "lane": lane}
        call_command("ingest", *photos, batch=NAME + product_class, **chosen)


def tell(say: Callable[[str], None]) -> None:
    """Say how many are through whenever that changed, until all are."""
    told = ""
    try:
        while True:
            words, is_moving = how_far()
            if words != told:
                say(words)
            if not is_moving:
                return
            told = words
            time.sleep(PAUSE)
    finally:
        connections.close_all()  # this thread's own


def how_far() -> tuple[str, bool]:
    """In words, and whether there is more to come."""
    batches = Batch.objects.filter(name__startswith=NAME).values_list("pk", flat=True)
    counts = sum((tally.counts for tally in progress.tallies(batches).values()), Counter[str]())
    total, review = counts.total(), counts[Segment.REVIEW]
    through = total - counts[Segment.IN_LINE] - counts[Segment.WORKING]
    people = f"{review} {'waits' if review == 1 else 'wait'} for a person"
    return f"Samples: {through} of {total} through: {counts[Segment.PUBLISHED]} published, {people}.", through < total
