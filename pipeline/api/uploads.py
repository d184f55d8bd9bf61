"""Big photos in parts: each goes straight to the store by a signed link, and the whole is taken in like any other."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from http import HTTPStatus
from typing import NamedTuple
from uuid import uuid4

from django.conf import settings
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.access import signed_in
from accounts.api.idempotency import idempotent
from accounts.api.problems import Refused
from accounts.api.views import ApiView
from pipeline import intake, naming
from pipeline.api import serializers
from pipeline.api.views import KEY, batches_seen, receipts_for, require_room
from pipeline.engines import object_store
from pipeline.engines.object_store import MissingObjectError, ObjectStoreError
from pipeline.models import Batch
from pipeline.views.pages import found
from pipeline.views.upload import take

log = logging.getLogger(__name__)
PART_BYTES = 8_000_000
"""S3 wants 5 MiB at least of all but the last."""
KEPT = timedelta(days=1)
GONE = "This upload is complete, or was not completed within a day: start another."
AWAY = "The picture store does not answer; try again."
MAY_BE_ASKED_AGAIN = frozenset({"held", "failed"})


class Upload(NamedTuple):
    """What its signed id says, so that no row is needed."""

    key: str
    at_store: str
    batch: int
    name: str
    size: int

    @property
    def signed(self) -> str:
        return signing.dumps(self, salt=naming.UPLOADS)

    @property
    def part_sizes(self) -> list[int]:
        return [min(PART_BYTES, self.size - begin) for begin in range(0, self.size, PART_BYTES)]


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
        key = f"{naming.UPLOADS}{uuid4()}"
        with _store():
            upload = Upload(key, object_store.begin_parts(key), batch.pk, **said)
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
            file = SimpleUploadedFile(opened.name, _joined(opened))
        receipt = take(batch, file, user=signed_in(request), **said)
        if receipt["outcome"] not in MAY_BE_ASKED_AGAIN:
            with suppress(ObjectStoreError):  # then the nightly job removes it
                object_store.delete_work(opened.key)
        return receipts_for(batch, [receipt])


def forget_old() -> int:
    """What nobody completed in time, and what is left of those that were."""
    return object_store.remove_unfinished(naming.UPLOADS, timezone.now() - KEPT)


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
        upload = Upload(*signing.loads(signed, salt=naming.UPLOADS, max_age=KEPT))
    except signing.BadSignature as error:
        raise Http404(GONE) from error
    return found(batches_seen(request), str(upload.batch)), upload


def _told(upload: Upload) -> dict[str, object]:
    parts = [
        {"number": number, "size": size, "url": object_store.part_link(upload.key, upload.at_store, number, size)}
        for number, size in enumerate(upload.part_sizes, start=1)
    ]
    return {"id": upload.signed, "batch": upload.batch, "parts": parts, "expires_in": settings.API_LINK_SECONDS}


def _joined(upload: Upload) -> bytes:
    try:
        there = object_store.parts_of(upload.key, upload.at_store)
    except MissingObjectError:
        return object_store.load_work(upload.key)  # joined before, by a request that broke off or was held
    if [part["Size"] for part in there] != upload.part_sizes:
        come = ", ".join(str(part["PartNumber"]) for part in there) or "none"
        words = f"Not all parts are there: {come} of {len(upload.part_sizes)}. Send what is missing, then complete it."
        raise Refused(HTTPStatus.CONFLICT, words)
    with suppress(MissingObjectError):  # somebody else joins them just now
        object_store.join_parts(upload.key, upload.at_store, there)
    return object_store.load_work(upload.key)


@contextmanager
def _store() -> Iterator[None]:
    """What the store says, in words."""
    try:
        yield
    except MissingObjectError as error:
        raise Http404(GONE) from error
    except ObjectStoreError as error:
        log.error("%s", error)
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, AWAY, wait=5) from error
