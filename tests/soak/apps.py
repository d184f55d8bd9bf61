"""Loaded into each process of a product under load: answers that tell their time, workers that give way to pages."""

import os
import sys
from collections.abc import Callable
from time import perf_counter, thread_time

from django.apps import AppConfig
from django.http import HttpRequest, HttpResponse

NICENESS = 10
View = Callable[[HttpRequest], HttpResponse]


class Soak(AppConfig):
    name = "tests.soak"

    def ready(self) -> None:
        if "rqworker-pool" in sys.argv:
            os.nice(NICENESS)
        if os.environ.get("MATTES") == "stand-in":
            _cut_without_weights()


def timed(view: View) -> View:
    def answer(request: HttpRequest) -> HttpResponse:
        start, used = perf_counter(), thread_time()
        response = view(request)
        took, used = 1000 * (perf_counter() - start), 1000 * (thread_time() - used)
        response["Server-Timing"] = f"app;dur={took:.1f}, cpu;dur={used:.1f}"
        return response

    return answer


def _cut_without_weights() -> None:
    from pipeline.cutout import matte_models
    from tests.pipeline.conftest import ColourKeyMatter

    instead = {"matter": ColourKeyMatter, "second_matter": lambda: None, "warm_up": dict}
    for name, value in instead.items():
        setattr(matte_models, name, value)
