"""Upload, batch progress, one frame's history, and pictures from the private bucket."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any, get_args

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db.models import Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import condition

from accounts.access import allowed, signed_in
from config.asked import problem, read, row_number
from pipeline import intake, jobs, naming, pictures, sharing
from pipeline.engines import object_store
from pipeline.gemini import budget
from pipeline.imaging.pictures.decode import DecodeError
from pipeline.imaging.types import ProductClass
from pipeline.models import Batch, Frame
from pipeline.models.gemini import UNDER_WAY
from pipeline.states import UNFINISHED, State

log = logging.getLogger(__name__)
# Shown even when none is there, so that the row of figures stands still while a batch runs.
ALWAYS_COUNTED = {State.RECEIVED, State.PROCESSING, State.EXCEPTION, State.PUBLISHED}
PHOTOS_PER_PAGE = 96
RELIT = [
    ("original.webp", "The photo as it came"),
    ("gemini.webp", "Gemini's picture"),
    ("preview.webp", "The photo as it was cut out"),
]


def _one_of(values: Iterable[str]) -> forms.ChoiceField:
    return forms.ChoiceField(required=False, choices=[(value, value) for value in values])


class UploadQuery(forms.Form):
    """What a batch's page fills in for more photos."""

    name = forms.CharField(required=False, max_length=intake.MAX_BATCH_NAME)
    product_class = _one_of(intake.KNOWN["product_class"])
    enhancement = _one_of(intake.KNOWN["enhancement"])
    lane = _one_of(intake.KNOWN["lane"])


class BatchQuery(forms.Form):
    state = _one_of(state.value for state in State)
    page = forms.IntegerField(required=False, min_value=1)


def _page(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    return render(request, template, admin.site.each_context(request) | context, status=status)


def _found(rows: QuerySet[Any], number: str) -> Any:
    """The row of that number; whatever else stands in the address is not found either."""
    return get_object_or_404(rows, pk=row_number(number))


@allowed("pipeline.add_batch", "GET", "POST")
def upload(request: HttpRequest) -> HttpResponse:
    """Take photos in. The page's script sends them a few at a time and asks for JSON; without it one form will do."""
    if request.method != "POST":
        return _page(request, "pipeline/upload.html", **_upload_form(read(UploadQuery, request.GET)))
    files = request.FILES.getlist("photos")
    try:
        if not files:
            raise intake.IntakeError("Choose at least one photo.")
        batch = _batch_for(request, files)
    except intake.IntakeError as error:
        return _upload_answer(request, error=str(error), status=400)
    return _upload_answer(request, batch=batch, receipts=[_take(batch, file) for file in files])


def _batch_for(request: HttpRequest, files: list[UploadedFile]) -> Batch | None:
    """The batch that the form names; none is opened for photos that will all be rejected."""
    if all(map(_refusal, files)):
        return None
    return intake.open_batch(
        request.POST.get("name", ""),
        request.POST.get("product_class", ""),
        signed_in(request),
        enhancement=request.POST.get("enhancement", "local"),
        lane=request.POST.get("lane", "standard"),
    )


def _refusal(file: UploadedFile) -> str:
    """Why it can't be taken, told before its bytes fill the memory; or ''."""
    try:
        intake.check(file.name or "", file.size or 0)
    except intake.IntakeError as error:
        return str(error)
    return ""


def _upload_form(filled: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": "Upload",
        "name": filled.get("name") or timezone.localtime().strftime("Drop of %-d %B, %H:%M"),
        "chosen": {field: filled.get(field) for field in intake.CHOICES},
        "classes": get_args(ProductClass),
        "has_gemini": bool(settings.GEMINI_API_KEY),
        "prices": {"urgent": budget.price(in_job=False), "standard": budget.price(in_job=True)},
        "max_megabytes": settings.MAX_PHOTO_BYTES // 1_000_000,
    }


def _take(batch: Batch | None, file: UploadedFile) -> dict[str, str]:
    """One photo's outcome, in words: taken, duplicate, rejected, or failed through no fault of its own."""
    refusal = _refusal(file)
    outcome, words = _outcome(batch, file) if batch and not refusal else ("rejected", refusal)
    return {"name": file.name or "", "outcome": outcome, "words": words}


def _outcome(batch: Batch, file: UploadedFile) -> tuple[str, str]:
    try:
        receipt = jobs.submit(batch, file.name or "", file.read())
    except intake.IntakeError as error:
        return "rejected", str(error)
    except object_store.ObjectStoreError as error:
        log.error("%s was not taken: %s", file.name, error)
        return "failed", "the picture store does not answer; try again"
    return ("duplicate", f"same bytes as {receipt.frame.filename}") if receipt.is_duplicate else ("taken", "")


def _upload_answer(request: HttpRequest, status: int = 200, batch: Batch | None = None, **answer: Any) -> HttpResponse:
    if request.accepts("text/html"):
        answer["tally"] = Counter(receipt["outcome"] for receipt in answer.get("receipts", ()))
        return _page(
            request, "pipeline/upload.html", status=status, batch=batch, **_upload_form(request.POST), **answer
        )
    if "error" in answer:
        return problem(status, answer["error"])
    if batch:
        answer["batch"] = batch.pk
    return JsonResponse(answer)


@allowed("pipeline.view_batch")
def batch(request: HttpRequest, batch_id: str) -> HttpResponse:
    """Counts by state and the photos; `?progress` is the part that the page asks for again and again."""
    found = _found(sharing.batches_for(signed_in(request)), batch_id)
    states = Counter(found.frames.values_list("state", flat=True))
    unfinished = sum(states[state] for state in UNFINISHED)
    query = read(BatchQuery, request.GET)
    context = {
        "title": found.name,
        "opts": Batch._meta,
        "object": found,
        "batch": found,
        "state": query["state"],
        "counts": [(state.value, states[state]) for state in State if states[state] or state in ALWAYS_COUNTED],
        "total": states.total(),
        "finished": states.total() - unfinished,
        "is_unfinished": unfinished > 0,
        "gemini": budget.summary(found) if found.enhancement == "gemini" else None,
        "page": Paginator(_grid(found, query["state"]), PHOTOS_PER_PAGE).get_page(query["page"] or 1),
    }
    if "progress" in request.GET:
        return render(request, "pipeline/batch_progress.html", context)
    return _page(request, "pipeline/batch.html", **context)


def _grid(batch: Batch, state: str) -> QuerySet[Frame]:
    """The batch's photos, each with the last attempt that left a cut-out."""
    frames = batch.frames.annotate(card_attempt=Max("scorecards__attempt")).order_by("code", "filename", "pk")
    return frames.filter(state=state) if state else frames


@allowed("pipeline.view_frame")
def frame(request: HttpRequest, frame_id: str) -> HttpResponse:
    """Everything that happened to one frame."""
    found = _found(Frame.objects.select_related("batch"), frame_id)
    context = {
        "opts": Frame._meta,
        "object": found,
        "frame": found,
        "steps": sorted([*found.transitions.all(), *found.take_overs.all()], key=attrgetter("at")),
        "cards": found.scorecards.select_related("policy").order_by("-attempt"),
        "relit": RELIT,
        "compared": found.scorecards.exclude(fidelity=None).last(),
        "calls": found.calls.select_related("job"),
        "open_call": found.calls.filter(outcome=UNDER_WAY).select_related("job").first(),
        "cost": budget.spent(found.calls.all()),
    }
    return _page(request, "pipeline/frame.html", title=str(found), **context)


@allowed("pipeline.see_picture")
def picture(request: HttpRequest, frame_id: int, attempt: int, name: str) -> HttpResponse:
    """One picture of an attempt that was made."""
    frame = pictures.frame_of(frame_id, attempt, name)
    if frame is None or not sharing.may_see(signed_in(request), frame_id):
        raise Http404("There is no such picture.")
    return _picture(request, frame, attempt, name)


def _etag(request: HttpRequest, frame: Frame, attempt: int, name: str) -> str:
    """An attempt's pictures never change, so their name is their identity."""
    return f'"{naming.work_key(frame.pk, attempt, name)}"'


@condition(etag_func=_etag)
def _picture(request: HttpRequest, frame: Frame, attempt: int, name: str) -> HttpResponse:
    try:
        data = pictures.load(frame, attempt, name)
    except (object_store.MissingObjectError, DecodeError) as error:
        raise Http404("This picture was not made, or is gone.") from error
    except object_store.ObjectStoreError as error:
        log.error("%s", error)
        return HttpResponse("The picture store does not answer; try again.", status=503, content_type="text/plain")
    response = HttpResponse(data, content_type=object_store.CONTENT_TYPES[name.rpartition(".")[2]])
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    patch_vary_headers(response, ["Cookie"])
    return response
