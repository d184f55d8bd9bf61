"""The photos that are to be taken anew: what is wrong with each, where, and who asked."""

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse

from accounts.access import allowed, signed_in
from config.asked import read
from pipeline import reshoots
from pipeline.views.pages import page

OPEN_PER_PAGE, CLOSED_SHOWN = 50, 20


class ReshootsQuery(forms.Form):
    page = forms.IntegerField(required=False, min_value=1)


@allowed("pipeline.view_batch")
def reshoot_list(request: HttpRequest) -> HttpResponse:
    """Those that are open, page by page; below them the last that were taken anew."""
    user = signed_in(request)
    still_open = Paginator(reshoots.open_for(user), OPEN_PER_PAGE)
    shown = still_open.get_page(read(ReshootsQuery, request.GET)["page"] or 1)
    context: dict[str, Any] = {
        "title": "To reshoot",
        "page": shown,
        "open": reshoots.told_of(shown.object_list, user),
        "closed": reshoots.told_of(reshoots.closed_for(user)[:CLOSED_SHOWN], user),
    }
    return page(request, "pipeline/reshoots.html", **context)
