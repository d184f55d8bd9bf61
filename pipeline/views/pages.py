"""What all pages of this folder share."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from config.asked import row_number


def page(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    return render(request, template, admin.site.each_context(request) | context, status=status)


def found(rows: QuerySet[Any], number: str) -> Any:
    """The row of that number; whatever else stands in the address is not found either."""
    return get_object_or_404(rows, pk=row_number(number))


def one_of(values: Iterable[str]) -> forms.ChoiceField:
    return forms.ChoiceField(required=False, choices=[(value, value) for value in values])
