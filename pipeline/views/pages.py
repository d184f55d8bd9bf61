"""What all pages of this folder share."""

import logging
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render

from config.asked import row_number
from pipeline.engines.object_store import MissingObjectError, ObjectStoreError
from pipeline.imaging.pictures.decode import DecodeError

log = logging.getLogger(__name__)


def page(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    return render(request, template, admin.site.each_context(request) | context, status=status)


def found(rows: QuerySet[Any], number: str) -> Any:
    """The row of that number; whatever else stands in the address is not found either."""
    return get_object_or_404(rows, pk=row_number(number))


def one_of(values: Iterable[str]) -> forms.ChoiceField:
    return forms.ChoiceField(required=False, choices=[(value, value) for value in values])


def from_the_store(answer: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Tells in words where a picture is gone, or the bucket does not answer."""

    @wraps(answer)
    def told(*asked: Any, **named: Any) -> HttpResponseBase:
        try:
            return answer(*asked, **named)
        except (MissingObjectError, DecodeError) as error:
            raise Http404("This picture was not made, or is gone.") from error
        except ObjectStoreError as error:
            log.error("%s", error)
            return HttpResponse("The picture store does not answer; try again.", status=503, content_type="text/plain")

    return told
