"""Big photos in parts: each goes straight to the store by a signed link, and the whole is taken in like any other."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from django.conf import settings
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.access import signed_in
from accounts.api.idempotency import idempotent
from accounts.api.problems import Refused
from accounts.api.views import ApiView
from pipeline import intake, parts
from pipeline.api import serializers
from pipeline.api.views import KEY, batches_seen, receipts_for, require_room
from pipeline.engines import object_store
from pipeline.engines.object_store import MissingObjectError, ObjectStoreError
from pipeline.models import Batch
from pipeline.parts import Upload
from pipeline.views.pages import found
from pipeline.views.parts import AWAY, completed

log = logging.getLogger(__name__)


class Uploads(ApiView):
    may = {"POST": "pipeline.add_batch"}

    @extend_schema(
        operation_id="start_upload",
        parameters=[KEY],
        request=serializers.NewUpload,
        responses={201: serializers.UploadTold},
        tags=["batches"],
    )
    @idempotent
    def post(self, request: Request, batch_id: int) -> Response:
        """Starts a photo that is sent in parts: PUT each to its link, then complete it, within a day."""
        batch: Batch = found(batches_seen(request), str(batch_id))
        said = self.read(serializers.NewUpload)
        _check(**said)
        require_room()
        _require_open(batch)
        with _store():
            upload = parts.begin(batch.pk, **said)
        where = reverse("api-upload", args=[upload.signed], request=request)
        return Response(_told(upload), status=HTTPStatus.CREATED, headers={"Location": where})


class OneUpload(ApiView):
    may = {"GET": "pipeline.add_batch"}

    @extend_schema(operation_id="get_upload", responses=serializers.UploadTold, tags=["batches"])
    def get(self, request: Request, upload: str) -> Response:
        """Its links anew, when the first have run out."""
        return Response(_told(_opened(request, upload)[1]))


class CompleteUpload(ApiView):
    may = {"POST": "pipeline.add_batch"}

    @extend_schema(
        operation_id="complete_upload",
        parameters=[KEY],
        request=serializers.Meant,
        responses={201: serializers.Receipts},
        tags=["batches"],
    )
    @idempotent
    def post(self, request: Request, upload: str) -> Response:
        """Takes the photo in once all parts are there: with a receipt, as if it had come in one."""
        batch, opened = _opened(request, upload)
        said = {name: frozenset(told) for name, told in self.read(serializers.Meant).items()}
        with _store():
            receipt = completed(batch, opened, user=signed_in(request), **said)
        return receipts_for(batch, [receipt])


def _check(name: str, size: int) -> None:
    try:
        intake.check_announced(name, size)
    except intake.RejectedError as error:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error


def _require_open(batch: Batch) -> None:
    """Told before a part of it is sent; whoever closes it later refuses the whole."""
    try:
        intake.require_open(batch)
    except intake.ClosedError as closed:
        raise Refused(HTTPStatus.CONFLICT, str(closed)) from closed


def _opened(request: Request, signed: str) -> tuple[Batch, Upload]:
    """For whoever sees its batch."""
    try:
        upload = parts.opened(signed)
    except parts.GoneError as error:
        raise Http404(str(error)) from error
    return found(batches_seen(request), str(upload.batch)), upload


def _told(upload: Upload) -> dict[str, object]:
    links = [
        {"number": number, "size": size, "url": object_store.part_link(upload.key, upload.at_store, number, size)}
        for number, size in enumerate(upload.part_sizes, start=1)
    ]
    return {"id": upload.signed, "batch": upload.batch, "parts": links, "expires_in": settings.API_LINK_SECONDS}


@contextmanager
def _store() -> Iterator[None]:
    """What the store says, in words."""
    try:
        yield
    except MissingObjectError as error:
        raise Http404(parts.GONE) from error
    except parts.IncompleteError as error:
        raise Refused(HTTPStatus.CONFLICT, str(error)) from error
    except ObjectStoreError as error:
        log.error("%s", error)
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, AWAY, wait=5) from error
