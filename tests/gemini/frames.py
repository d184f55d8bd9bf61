"""Frames on their way through Gemini, and a clock and workers that move them on."""

import io
import time
from collections.abc import Callable

from PIL import Image, ImageDraw

from pipeline import jobs
from pipeline.models import Batch, Frame
from pipeline.states import UNFINISHED
from tests.gemini.conftest import work


def small_photo(number: int) -> bytes:
    """A shape on white, each one another, so that Gemini is sent other bytes for each."""
    image = Image.new("RGB", (160, 120), "white")
    ImageDraw.Draw(image).ellipse((30 + number % 16, 35, 130, 70 + number // 16), fill=(40, 40, 40))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def submit(batch: Batch, count: int = 1, first: int = 0) -> list[Frame]:
    photos = (jobs.submit(batch, f"P{number}_1.png", small_photo(number)) for number in range(first, first + count))
    return [receipt.frame for receipt in photos]


def run_until(is_over: Callable[[], object], *, rounds: int = 300) -> None:
    """Let clock and workers run."""
    for _ in range(rounds):
        jobs.reap()
        work()
        if is_over():
            return
        time.sleep(0.05)
    states = list(Frame.objects.values_list("state", "gemini", "ask_until"))
    raise AssertionError(f"not within {rounds} rounds: {states}")


def all_finished() -> bool:
    return not Frame.objects.filter(state__in=UNFINISHED).exists()
