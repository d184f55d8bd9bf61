"""A batch: how far it is, its photos, and what becomes of it when it is done with."""

import logging
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import Case, Max, OuterRef, Q, QuerySet, Subquery, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.access import allowed, signed_in
from config.asked import read
from pipeline import intake, progress, queues, removal, reshoots, sharing, shelving
from pipeline.gemini import budget
from pipeline.models import Batch, Frame, Transition
from pipeline.shop import looks
from pipeline.states import MOVES, Segment, State
from pipeline.views.pages import found, one_of, page
from pipeline.views.published import rendered_again

PHOTOS_PER_PAGE = 96
IS_FAULT = When(Q(state=State.UNREADABLE) | Q(state=State.EXCEPTION) & ~Q(cause=""), then=Value(True))
SHELVED = {
    "close": (shelving.close, "{} is closed: it takes no more photos. Those that are in it go on."),
    "reopen": (shelving.reopen, "{} is open: it takes photos."),
    "archive": (shelving.archive, "{} is archived: the list of batches shows it when asked for."),
}
log = logging.getLogger(__name__)


class BatchQuery(forms.Form):
    segment = one_of(segment.value for segment in Segment)
    page = forms.IntegerField(required=False, min_value=1)


@allowed("pipeline.add_batch", "POST")
def remove(request: HttpRequest, frame_id: int) -> HttpResponse:
    """Take back a photo that one sent; then on with the page where it was listed."""
    user = signed_in(request)
    frame = found(sharing.frames_for(user).select_related("batch"), str(frame_id))
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
    """Its bar and the photos; `?progress` is the part that the page asks for again and again."""
    user = signed_in(request)
    shown = found(sharing.batches_for(user), batch_id)
    query = read(BatchQuery, request.GET)
    [how_far_it_is] = how_far([shown])
    photos = Paginator(_grid(shown, query["segment"]), PHOTOS_PER_PAGE).get_page(query["page"] or 1)
    context = {
        "title": shown.name,
        "opts": Batch._meta,
        "object": shown,
        "batch": shown,
        "segment": query["segment"],
        **how_far_it_is,
        "removable": [state.value for state in State if State.REMOVED in MOVES[state]],
        "may_delete": user.has_perm("pipeline.delete_batch") and not shown.frames.exists(),
        "may_shelve": sharing.may_shelve(user, shown),
        "may_remove": sharing.may_remove(user, Frame(batch=shown)),
        "gemini": budget.summary(shown) if shown.enhancement == "gemini" else None,
        "page": photos,
        "spreads": [] if "progress" in request.GET else looks.spreads(shown),
        **(rendered_again(shown) if user.has_perm("pipeline.recall") else {}),
        "same_choices": choices_of([shown]),
        "tiles": reshoots.told_of_frames(photos, user),
    }
    if "progress" in request.GET:
        return render(request, "pipeline/batch_progress.html", context)
    return page(request, "pipeline/batch.html", **context)


@allowed("pipeline.add_batch", "POST")
def shelve(request: HttpRequest, batch_id: int, kind: str) -> HttpResponse:
    """Close, reopen or archive a batch that one opened."""
    user = signed_in(request)
    batch = found(sharing.batches_for(user), str(batch_id))
    act, done = SHELVED[kind]
    if not sharing.may_shelve(user, batch):
        messages.warning(request, f"{batch} was not opened by you, so who opened it or a manager can {kind} it.")
    else:
        _told(request, batch, kind, act, done)
    return redirect("admin:pipeline_batch_change", batch.pk)


@allowed("pipeline.delete_batch", "POST")
def delete(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Delete a batch that never had a photo."""
    batch = found(sharing.batches_for(signed_in(request)), str(batch_id))
    if _told(request, batch, "delete", shelving.delete, "{} is deleted."):
        return redirect("admin:pipeline_batch_changelist")
    return redirect("admin:pipeline_batch_change", batch.pk)


def _told(request: HttpRequest, batch: Batch, kind: str, act: Callable[[Batch], None], done: str) -> bool:
    """Whether it was done; who did it stands in the batch's history."""
    number = batch.pk
    try:
        act(batch)
    except shelving.ShelvingError as error:
        messages.warning(request, str(error))
        return False
    batch.pk = number  # which deleting takes
    admin.site.get_model_admin(Batch).log_change(request, batch, kind)
    log.info("batch %s: %s by %s", batch, kind, signed_in(request).get_username())
    messages.success(request, done.format(batch))
    return True


def choices_of(batches: Iterable[Batch], product_class: str = "") -> str:
    """What more photos of these are sent with, where they agree in it, for the upload page's address."""
    said = [_choices(batch, product_class or batch.product_class) for batch in batches]
    return urlencode({field: value for field, value in said[0].items() if all(one[field] == value for one in said)})


def _choices(batch: Batch, product_class: str) -> dict[str, Any]:
    """Without its name if it takes no such photos any more."""
    name = "" if batch.closed_at or batch.product_class != product_class else batch.name
    days = batch.keep_days if batch.keep_days in intake.KEEP_DAYS else ""  # others have it from `manage.py keep`
    same = {"product_class": product_class, "enhancement": batch.enhancement, "lane": batch.lane}
    return same | {"name": name, "spec": batch.spec_name, "keep_days": days}


def how_far(batches: list[Batch]) -> list[dict[str, Any]]:
    """Each batch's tally and place in line; as many queries for one as for all. Gemini takes its own time."""
    tallies = progress.tallies(batch.pk for batch in batches)
    told = [tallies.get(batch.pk, progress.EMPTY) for batch in batches]
    if not any(tally.in_line for tally in told):
        return [{"tally": tally, "place": None} for tally in told]
    line = progress.line(queues.workers_alive())
    places = [line.place_of(batch.pk) if batch.enhancement == "local" else None for batch in batches]
    return [{"tally": tally, "place": place} for tally, place in zip(told, places, strict=True)]


def _grid(batch: Batch, segment: str) -> QuerySet[Frame]:
    """The batch's photos, each with the last attempt that left a cut-out; those that failed come first."""
    frames = progress.with_components(progress.with_segment(batch.frames.all()))
    frames = frames.annotate(card_attempt=Max("scorecards__attempt"), has_fault=Case(IS_FAULT, default=Value(False)))
    withdrawals = Transition.objects.filter(frame=OuterRef("pk"), target=State.WITHDRAWING).order_by("-pk")
    frames = frames.annotate(withdrawn_why=Subquery(withdrawals.values("why")[:1]))
    frames = frames.order_by("-has_fault", "code", "filename", "pk")
    return frames.filter(segment=segment) if segment else frames
