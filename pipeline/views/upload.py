"""Photos in by the page: what became of each is said in words."""

import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any, get_args

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from accounts.access import allowed, signed_in
from config.asked import problem, read
from pipeline import intake, jobs
from pipeline.engines import object_store
from pipeline.gemini import budget
from pipeline.imaging.types import ProductClass
from pipeline.models import Batch
from pipeline.views.pages import one_of, page

log = logging.getLogger(__name__)


class UploadQuery(forms.Form):
    """What a batch's page fills in for more photos."""

    name = forms.CharField(required=False, max_length=intake.MAX_BATCH_NAME)
    product_class = one_of(intake.KNOWN["product_class"])
    enhancement = one_of(intake.KNOWN["enhancement"])
    lane = one_of(intake.KNOWN["lane"])


@allowed("pipeline.add_batch", "GET", "POST")
def upload(request: HttpRequest) -> HttpResponse:
    """Take photos in. The page's script sends them a few at a time and asks for JSON; without it one form will do."""
    if request.method != "POST":
        return page(request, "pipeline/upload.html", **_upload_form(read(UploadQuery, request.GET)))
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
        return page(request, "pipeline/upload.html", status=status, batch=batch, **_upload_form(request.POST), **answer)
    if "error" in answer:
        return problem(status, answer["error"])
    if batch:
        answer["batch"] = batch.pk
    return JsonResponse(answer)
