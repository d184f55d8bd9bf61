"""The photos that are to be taken anew: what is wrong with each, where, and who asked."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse

from accounts.access import allowed, signed_in
from config.asked import read
from pipeline import reshoots
from pipeline.models import Batch
from pipeline.views.batches import choices_of
from pipeline.views.pages import page

OPEN_PER_PAGE, CLOSED_SHOWN = 50, 20


class ReshootsQuery(forms.Form):
    page = forms.IntegerField(required=False, min_value=1)


@allowed("pipeline.view_batch")
def reshoot_list(request: HttpRequest) -> HttpResponse:
    """Those that are open, page by page; below them the last that were taken anew."""
    user = signed_in(request)
    # All of them once: to ask whether one is open takes longer than to read its number.
    asked = list(reshoots.open_for(user).values_list("pk", "frame__product_class", "frame__batch"))
    still_open = Paginator([pk for pk, *_ in asked], OPEN_PER_PAGE)
    shown = still_open.get_page(read(ReshootsQuery, request.GET)["page"] or 1)
    told = reshoots.told_of(reshoots.open_for(user).filter(pk__in=shown.object_list), user)
    context: dict[str, Any] = {
        "title": "To reshoot",
        "page": shown,
        "open": [(one, choices_of([one.frame.batch], one.frame.product_class)) for one in told],
        "choices": _choices_by_class({(name, batch) for _, name, batch in asked}),
        "closed": reshoots.told_of(reshoots.closed_for(user)[:CLOSED_SHOWN], user),
    }
    return page(request, "pipeline/reshoots.html", **context)


def _choices_by_class(asked: Iterable[tuple[str, int]]) -> dict[str, str]:
    """What the retakes of each class are sent with, by the batches that they are asked for in."""
    by_class: dict[str, list[int]] = defaultdict(list)
    for product_class, batch in sorted(asked):
        by_class[product_class].append(batch)
    batches = Batch.objects.select_related("spec").in_bulk([batch for alike in by_class.values() for batch in alike])
    return {name: choices_of([batches[batch] for batch in alike], name) for name, alike in by_class.items()}
