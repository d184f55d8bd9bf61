"""Photos in by the page: what became of each is said in words."""

import json
import logging
from collections import defaultdict
from collections.abc import Mapping
from itertools import count
from typing import Any, BinaryIO, cast, get_args

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Case, When
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from accounts.access import allowed, signed_in
from config import no_room
from config.asked import problem, read, row_numbers
from pipeline import intake, jobs, naming, rivals, sharing
from pipeline.engines import object_store
from pipeline.gemini import budget
from pipeline.imaging.types import ProductClass
from pipeline.listing_spec import HOUSE
from pipeline.models import Batch, Frame, Spec
from pipeline.views.pages import one_of, page

log = logging.getLogger(__name__)
MOST_LISTED = 200

Receipt = dict[str, Any]
"""What became of one file, for the page's script and its template."""


class Kept(forms.Form):
    keep_days = forms.TypedChoiceField(
        required=False, choices=[(days, days) for days in intake.KEEP_DAYS], coerce=int, empty_value=None
    )


class UploadQuery(Kept):
    """What a batch's page fills in for more photos."""

    name = forms.CharField(required=False, max_length=intake.MAX_BATCH_NAME)
    product_class = one_of(intake.KNOWN["product_class"])
    enhancement = one_of(intake.KNOWN["enhancement"])
    lane = one_of(intake.KNOWN["lane"])
    spec = forms.CharField(required=False, max_length=100)


@allowed("pipeline.add_batch", "GET", "POST")
def upload(request: HttpRequest) -> HttpResponse:
    """Take photos in. The page's script sends them a few at a time and asks for JSON; without it one form will do."""
    if "again" in request.GET:
        return render(request, "pipeline/send_again.html", _to_be_sent_again(request))
    if request.method != "POST":
        return page(request, "pipeline/upload.html", **_upload_form(request, read(UploadQuery, request.GET)))
    files = request.FILES.getlist("photos")
    try:
        intake.require_room()
        if not files:
            raise intake.IntakeError("Choose at least one photo.")
        batch = _batch_for(request, files)
    except intake.NoRoomError as full:
        return no_room.told(_upload_answer(request, error=str(full), status=503))
    except intake.IntakeError as error:
        return _upload_answer(request, error=str(error), status=400)
    said = said_of(request.POST, signed_in(request))
    return _upload_answer(request, batch=batch, receipts=[take(batch, file, **said) for file in files])


def said_of(form: QueryDict, user: User) -> dict[str, Any]:
    """Who sends these files, what they answered to what was asked of them before, and about which frames."""
    answers = form.getlist("meant")
    meant = frozenset(meaning for meaning in get_args(rivals.Meaning) if meaning in answers)
    return {"meant": meant, "about": frozenset(row_numbers(form.getlist("about"))), "user": user}


def _batch_for(request: HttpRequest, files: list[UploadedFile]) -> Batch | None:
    """The batch that the form names; none is opened for photos that will all be rejected."""
    return None if all(map(_refusal, files)) else batch_named(request)


def batch_named(request: HttpRequest) -> Batch:
    return intake.open_batch(
        request.POST.get("name", ""),
        request.POST.get("product_class", ""),
        signed_in(request),
        enhancement=request.POST.get("enhancement", "local"),
        lane=request.POST.get("lane", "standard"),
        spec=request.POST.get("spec", HOUSE),
        **read(Kept, request.POST),
    )


def _refusal(file: UploadedFile) -> Receipt | None:
    """Why it can't be taken, told before its bytes fill the memory."""
    if naming.is_no_photo(file.name or ""):
        return {"outcome": "skipped", "words": "not a photo"}
    try:
        intake.check(file.name or "", cast(BinaryIO, file))
    except intake.RejectedError as error:
        return rejected(error)
    return None


def rejected(error: intake.RejectedError) -> Receipt:
    return {"outcome": "rejected", "words": error.why, "isMisnamed": error.is_misnamed}


def _held(error: intake.HeldError, user: User) -> Receipt:
    choices = [{"meant": meant, "words": words} for meant, words in error.question.choices.items()]
    question = {"choices": choices, "otherwise": error.question.otherwise, "about": error.question.about}
    return {"outcome": "held", "words": str(error.question), **question, "pictures": _pictures(error.question, user)}


def _pictures(question: rivals.HeldError, user: User) -> list[dict[str, str]]:
    """Of the photos that are there, as far as the sender may see them and they were looked at by a worker."""
    frames = sharing.frames_for(user).filter(pk__in=question.about).select_related("batch")
    return [
        {
            "name": f"{frame}, in batch {frame.batch.name}",
            "address": reverse("picture", args=[frame.pk, frame.attempt, "thumb.webp"]) if frame.has_pictures else "",
        }
        for frame in frames
    ]


def _to_be_sent_again(request: HttpRequest) -> dict[str, Any]:
    user = signed_in(request)
    found = list(sharing.to_be_sent_again(user).order_by("-state_since")[:MOST_LISTED])
    return {"unreadable": [(frame, sharing.may_remove(user, frame)) for frame in found]}


def _upload_form(request: HttpRequest, filled: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **_to_be_sent_again(request),
        "accept": ",".join(("image/*", *naming.NOT_OF_BROWSERS)),
        "no_photos": json.dumps(sorted(naming.OF_SYSTEMS | naming.NOTES)),
        "name_rules": naming.RULES_FOR_SCRIPTS,
        "title": "Upload",
        "name": filled.get("name") or _free_name(signed_in(request)),
        "chosen": {field: filled.get(field) for field in (*intake.CHOICES, "keep_days")},
        "days": intake.KEEP_DAYS,
        "usual_days": settings.RETENTION_DAYS,
        "purges_published": settings.PURGE_PUBLISHED,
        "classes": get_args(ProductClass),
        "specs": Spec.objects.filter(is_offered=True).order_by(Case(When(name=HOUSE, then=0), default=1), "name"),
        "has_gemini": bool(settings.GEMINI_API_KEY),
        "prices": {"urgent": budget.price(in_job=False), "standard": budget.price(in_job=True)},
        "max_megabytes": settings.MAX_PHOTO_BYTES // 1_000_000,
    }


def _free_name(user: User) -> str:
    """A name for a new batch that two people never share: who sends it, when, and the how many-th it is."""
    start = f"{user.get_username()[:60]}, {timezone.localtime():%-d %B %Y}, no. "
    # One that is empty still may be gone on with: a large photo was on its way into it.
    taken = set(Batch.objects.filter(name__startswith=start).exclude(frames=None).values_list("name", flat=True))
    return next(name for number in count(1) if (name := f"{start}{number}") not in taken)


def take(batch: Batch | None, file: UploadedFile, **said: Any) -> Receipt:
    """One file's outcome, in words: taken, duplicate, held for an answer, rejected, skipped, or failed by our fault."""
    receipt = _refusal(file)
    if batch and not receipt:
        receipt = _outcome(batch, file, **said)
    return {"name": file.name or "", **(receipt or {})}


def _outcome(batch: Batch, file: UploadedFile, **said: Any) -> Receipt:
    file.seek(0)
    try:
        receipt = jobs.submit(batch, file.name or "", file.read(), **said)
    except intake.HeldError as error:
        return _held(error, said["user"])
    except intake.RejectedError as error:
        return rejected(error)
    except intake.NoRoomError as full:
        return {"outcome": "failed", "words": str(full)}
    except object_store.ObjectStoreError as error:
        log.error("%s was not taken: %s", file.name, error)
        return {"outcome": "failed", "words": "the picture store does not answer; try again"}
    if receipt.is_duplicate:
        return {
            "outcome": "duplicate",
            "words": f"it is there as {receipt.frame.filename}, {receipt.frame.state_words}",
            "frame": receipt.frame.pk,
        }
    return {"outcome": "taken", "words": _unexpected(receipt.frame, said["user"]), "frame": receipt.frame.pk}


def _unexpected(frame: Frame, user: User) -> str:
    """What nobody may have meant of a photo: another batch has it too, its product is of another class, or its files
    take the place of files that were made by another spec.
    """
    words = []
    if other := rivals.elsewhere(frame):
        words.append(f"the same photo is there {_where(other, user)} too, {other.state_words}")
    if other := rivals.of_another_class(frame):
        ours, theirs = frame.product_class, other.product_class
        words.append(f"{frame.code} is there as {theirs} {_where(other, user)}, and this batch holds {ours} photos")
    if there := rivals.other_spec(frame):
        new = frame.batch.spec_name
        words.append(f"{frame}’s files in the shop are made for {there}; those of this photo, for {new}, replace them")
    return "; ".join(words)


def _where(frame: Frame, user: User) -> str:
    return f"in batch {frame.batch.name}" if sharing.may_see(user, frame.pk) else "in somebody else's batch"


def _told(receipts: list[Receipt]) -> dict[str, Any]:
    """The receipts by their outcome, and the rejections by what is wrong: said once for all that are alike."""
    by_outcome: dict[str, list[Receipt]] = defaultdict(list)
    alike: dict[str, list[str]] = defaultdict(list)
    for receipt in receipts:
        by_outcome[receipt["outcome"]].append(receipt)
    for receipt in by_outcome["rejected"]:
        alike[receipt["words"]].append(receipt["name"])
    again = [receipt for receipt in by_outcome["taken"] if receipt["words"]]
    return {"told": dict(by_outcome), "again": again, "alike": dict(alike), "has_answers": bool(receipts)}


def _upload_answer(request: HttpRequest, status: int = 200, batch: Batch | None = None, **answer: Any) -> HttpResponse:
    if request.accepts("text/html"):
        receipts = answer.pop("receipts", [])
        form = _upload_form(request, request.POST)
        return page(request, "pipeline/upload.html", status=status, batch=batch, **form, **_told(receipts), **answer)
    if "error" in answer:
        return problem(status, answer["error"])
    if batch:
        answer["batch"] = batch.pk
    return JsonResponse(answer)
