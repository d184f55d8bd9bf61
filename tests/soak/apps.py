"""Loaded into each process of a product under load: answers that tell their time, workers that give way to pages."""

import os
import sys
from collections.abc import Callable
from time import perf_counter, thread_time

from django.apps import AppConfig
from django.http import HttpRequest, HttpResponse

from tests.quick.apps import cut_without_weights

NICENESS = 10
View = Callable[[HttpRequest], HttpResponse]


class Soak(AppConfig):
    name = "tests.soak"

    def ready(self) -> None:
        from pipeline.shop import publish
        from tests.small_files import drawn_small

        if "rqworker-pool" in sys.argv:
            os.nice(NICENESS)
        if os.environ.get("MATTES") == "stand-in":
            cut_without_weights()
        if os.environ.get("SOAK") == "small":
            publish.render = drawn_small(publish.render)


def timed(view: View) -> View:
    def answer(request: HttpRequest) -> HttpResponse:
        start, used = perf_counter(), thread_time()
        response = view(request)
        took, used = 1000 * (perf_counter() - start), 1000 * (thread_time() - used)
        response["Server-Timing"] = f"app;dur={took:.1f}, cpu;dur={used:.1f}"
        return response

    return answer
