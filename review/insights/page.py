"""The page of figures, each of its tables as CSV, and the week on one sheet."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.access import allowed
from config.asked import NotThereError
from pipeline.imaging.types import ProductClass, View
from pipeline.models import Batch
from pipeline.models.base import choices_of
from review.insights import report
from review.insights.lists import uploaders
from review.insights.scope import PERIODS, Scope, asked_scope
from review.insights.tables import in_csv
from review.insights.whole import read

SHOWN, BATCHES = 20, 200
SECTIONS = [
    ("Sent to review", ["day", "week", "reasons", "batch", "product-class", "view", "uploader", "model"]),
    ("What slips through", ["escapes"]),
    ("The repair ladder", ["ladder"]),
    ("Time", ["to-s3", "parts", "backlog"]),
    ("Operators", ["operators", "agreement"]),
    ("Money", ["money"]),
    ("What to mend first", ["mend"]),
]


@allowed("pipeline.see_figures")
def figures_page(request: HttpRequest) -> HttpResponse:
    """How much was looked at, how much slipped through, how long it took, what it cost, and how sure all that is."""
    scope = asked_scope(request.GET, request.session)
    found = read(scope)
    sections = [
        (heading, [(found.tables[name], scope.address("figures-csv", name)) for name in names])
        for heading, names in SECTIONS
    ]
    context = _choices(scope) | {"title": "Figures", "found": found, "sections": sections, "shown": SHOWN}
    return render(request, "review/figures.html", admin.site.each_context(request) | context)


def _choices(scope: Scope) -> dict[str, Any]:
    latest = Batch.objects.order_by("-created_at").values_list("pk", "name")[:BATCHES]
    return {
        "scope": scope,
        "periods": PERIODS.items(),
        "choices": [
            ("product_class", "Class", choices_of(ProductClass), scope.product_class),
            ("view", "View", choices_of(View), scope.view),
            ("batch", "Batch", [(str(pk), name) for pk, name in latest], _text(scope.batch)),
            ("uploader", "Uploader", uploaders(), _text(scope.uploader)),
        ],
    }


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


@allowed("pipeline.see_figures")
def figures_csv(request: HttpRequest, name: str) -> HttpResponse:
    """One of the tables, whole."""
    scope = asked_scope(request.GET, request.session)
    table = read(scope).tables.get(name)
    if table is None:
        raise NotThereError("There is no such table among the figures.")
    file = f"{name}_{scope.first}_{scope.last}.csv"
    written = in_csv(table).encode("utf-8-sig")  # its mark is how spreadsheets know UTF-8
    kept_as = {"Content-Disposition": f'attachment; filename="{file}"'}
    return HttpResponse(written, "text/csv; charset=utf-8", headers=kept_as)


@allowed("pipeline.see_figures")
def weekly_report(request: HttpRequest) -> HttpResponse:
    """The week on one sheet of paper."""
    scope = report.week_scope(request.GET.get("week", ""))
    found = read(scope)
    context = {
        "title": f"Week {scope.first:%V}, {scope.words}",
        "found": found,
        "tables": report.tables(found),
        "beside": report.weeks_beside(scope),
    }
    return render(request, "review/report.html", admin.site.each_context(request) | context)
