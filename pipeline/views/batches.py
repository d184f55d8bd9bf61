"""A batch: how far it is, and its photos."""

from collections import Counter

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.access import allowed, signed_in
from config.asked import read
from pipeline import removal, sharing
from pipeline.gemini import budget
from pipeline.models import Batch, Frame
from pipeline.states import MOVES, UNFINISHED, State
from pipeline.views.pages import found, one_of, page

# Shown even when none is there, so that the row of figures stands still while a batch runs.
ALWAYS_COUNTED = {State.RECEIVED, State.PROCESSING, State.EXCEPTION, State.PUBLISHED}
PHOTOS_PER_PAGE = 96


class BatchQuery(forms.Form):
    state = one_of(state.value for state in State)
    page = forms.IntegerField(required=False, min_value=1)


@allowed("pipeline.add_batch", "POST")
def remove(request: HttpRequest, frame_id: int) -> HttpResponse:
    """Take back a photo that one sent; then on with the page where it was listed."""
    user = signed_in(request)
    frame = found(Frame.objects.select_related("batch").filter(batch__in=sharing.batches_for(user)), str(frame_id))
    try:
        removal.remove(frame, user)
        messages.success(request, f"{frame} is removed; its history stays.")
    except removal.RemovalError as error:
        messages.warning(request, str(error))
    back = request.POST.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return redirect(back if is_ours else reverse("admin:pipeline_batch_change", args=[frame.batch_id]))


@allowed("pipeline.view_batch")
def batch(request: HttpRequest, batch_id: str) -> HttpResponse:
    """Counts by state and the photos; `?progress` is the part that the page asks for again and again."""
    shown = found(sharing.batches_for(signed_in(request)), batch_id)
    states = Counter(shown.frames.values_list("state", flat=True))
    total = states.total() - states[State.REMOVED]
    unfinished = sum(states[state] for state in UNFINISHED)
    query = read(BatchQuery, request.GET)
    context = {
        "title": shown.name,
        "opts": Batch._meta,
        "object": shown,
        "batch": shown,
        "state": query["state"],
        "counts": [(state.value, states[state]) for state in State if states[state] or state in ALWAYS_COUNTED],
        "total": total,
        "removable": [state.value for state in State if State.REMOVED in MOVES[state]],
        "may_remove": sharing.may_remove(signed_in(request), Frame(batch=shown)),
        "finished": total - unfinished,
        "is_unfinished": unfinished > 0,
        "gemini": budget.summary(shown) if shown.enhancement == "gemini" else None,
        "page": Paginator(_grid(shown, query["state"]), PHOTOS_PER_PAGE).get_page(query["page"] or 1),
    }
    if "progress" in request.GET:
        return render(request, "pipeline/batch_progress.html", context)
    return page(request, "pipeline/batch.html", **context)


def _grid(batch: Batch, state: str) -> QuerySet[Frame]:
    """The batch's photos, each with the last attempt that left a cut-out."""
    frames = batch.frames.annotate(card_attempt=Max("scorecards__attempt")).order_by("code", "filename", "pk")
    return frames.filter(state=state) if state else frames.exclude(state=State.REMOVED)
