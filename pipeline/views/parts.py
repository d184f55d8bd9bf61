"""Large photos sent by the upload page in parts, so that a broken connection costs one part, and not all."""

import logging
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.access import allowed, signed_in
from config import no_room
from config.asked import problem, read
from pipeline import intake, parts, sharing
from pipeline.engines import object_store
from pipeline.engines.object_store import MissingObjectError, ObjectStoreError
from pipeline.models import Batch
from pipeline.parts import Upload
from pipeline.views.pages import found
from pipeline.views.upload import Receipt, batch_named, rejected, said_of, take

log = logging.getLogger(__name__)
MAY_BE_ASKED_AGAIN = frozenset({"held", "failed"})
AWAY = "The picture store does not answer; try again."

Answers = Callable[..., HttpResponse]


class Announced(forms.Form):
    filename = forms.CharField(strip=False)
    size = forms.IntegerField(min_value=1)


def _in_words(answer: Answers) -> Answers:
    """What can't be done is told to the page's script as a problem."""

    @wraps(answer)
    def told(*asked: Any, **named: Any) -> HttpResponse:
        try:
            return answer(*asked, **named)
        except parts.IncompleteError as error:
            return problem(HTTPStatus.CONFLICT, str(error))
        except (parts.GoneError, MissingObjectError):
            return problem(HTTPStatus.GONE, parts.GONE)
        except ObjectStoreError as error:
            log.error("%s", error)
            return problem(HTTPStatus.BAD_GATEWAY, AWAY)
        except intake.NoRoomError as full:
            return no_room.told(problem(HTTPStatus.SERVICE_UNAVAILABLE, str(full)))
        except intake.IntakeError as error:
            return problem(HTTPStatus.BAD_REQUEST, str(error))

    return told


@allowed("pipeline.add_batch", "POST")
@_in_words
def begin(request: HttpRequest) -> HttpResponse:
    """Begin a photo into the batch that the form names; one that can't be taken gets its receipt at once."""
    said = read(Announced, request.POST)
    try:
        intake.check_announced(said["filename"], said["size"])
    except intake.RejectedError as error:
        return JsonResponse({"receipts": [{"name": said["filename"], **rejected(error)}]})
    intake.require_room()
    batch = batch_named(request)
    upload = parts.begin(batch.pk, said["filename"], said["size"])
    return JsonResponse({"upload": upload.signed, "part_bytes": parts.PART_BYTES})


@allowed("pipeline.add_batch", "GET")
@_in_words
def which(request: HttpRequest, upload: str) -> HttpResponse:
    """Which parts are there, for a page that goes on where another one stopped."""
    _, begun = _opened(request, upload)
    return JsonResponse({"there": parts.there(begun), "part_bytes": parts.PART_BYTES})


@allowed("pipeline.add_batch", "POST")
@_in_words
def part(request: HttpRequest, upload: str, number: int) -> HttpResponse:
    """Keep one part."""
    _, begun = _opened(request, upload)
    file = request.FILES.get("part")
    if not file or not 1 <= number <= len(begun.part_sizes) or file.size != begun.part_sizes[number - 1]:
        return problem(HTTPStatus.BAD_REQUEST, "This is no part of that photo; choose the photo anew.")
    intake.require_room()
    object_store.put_part(begun.key, begun.at_store, number, file.read())
    return JsonResponse({})


@allowed("pipeline.add_batch", "POST")
@_in_words
def complete(request: HttpRequest, upload: str) -> HttpResponse:
    """Take the photo in, under the name that it has by now."""
    batch, begun = _opened(request, upload)
    named = begun._replace(name=request.POST.get("filename") or begun.name)
    receipt = completed(batch, named, **said_of(request.POST, signed_in(request)))
    return JsonResponse({"batch": batch.pk, "receipts": [receipt]})


def completed(batch: Batch, upload: Upload, **said: Any) -> Receipt:
    """The whole photo taken in like any other; what may be completed once more stays at the store."""
    receipt = take(batch, SimpleUploadedFile(upload.name, parts.joined(upload)), **said)
    if receipt["outcome"] not in MAY_BE_ASKED_AGAIN:
        parts.forget(upload)
    return receipt


def _opened(request: HttpRequest, signed: str) -> tuple[Batch, Upload]:
    """For whoever sees its batch."""
    upload = parts.opened(signed)
    batch: Batch = found(sharing.batches_for(signed_in(request)), str(upload.batch))
    return batch, upload
