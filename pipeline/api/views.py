"""Photos in, how far they are, and finished files out, for programs: what the pages show, by the same rules."""

import hashlib
import time
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.access import signed_in
from accounts.api.idempotency import idempotent
from accounts.api.problems import Refused
from accounts.api.views import ApiView
from config import no_room
from pipeline import intake, progress, sharing
from pipeline.api import serializers
from pipeline.models import Batch, Rendition
from pipeline.shop import files
from pipeline.states import State
from pipeline.views.batches import how_far
from pipeline.views.pages import found
from pipeline.views.upload import said_of, take

KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[\\x20-\\x7e]+$"},
    OpenApiParameter.HEADER,
    description="Sent again with the same key, the request is carried out once and answered alike, for a day.",
)
IN = frozenset({"taken", "duplicate"})


class Batches(ApiView):
    may = {"GET": "pipeline.view_batch", "POST": "pipeline.add_batch"}

    @extend_schema(operation_id="list_batches", responses=serializers.BatchTold(many=True), tags=["batches"])
    def get(self, request: Request) -> Response:
        """The batches that this account sees, the newest first."""
        page = self.rows_of(batches_seen(request))
        return self.get_paginated_response(
            [_told(batch, told) for batch, told in zip(page, how_far(page), strict=True)]
        )

    @extend_schema(
        operation_id="open_batch",
        parameters=[KEY],
        request=serializers.NewBatch,
        responses={201: serializers.BatchTold},
        tags=["batches"],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Opens a batch, or finds the one of that name."""
        said = self.read(serializers.NewBatch)
        try:
            batch = intake.open_batch(said.pop("name"), said.pop("product_class"), signed_in(request), **said)
        except intake.IntakeError as error:
            raise Refused(HTTPStatus.CONFLICT, str(error)) from error
        where = reverse("api-batch", args=[batch.pk], request=request)
        return Response(_told(batch, *how_far([batch])), status=HTTPStatus.CREATED, headers={"Location": where})


class OneBatch(ApiView):
    may = {"GET": "pipeline.view_batch"}

    @extend_schema(operation_id="get_batch", responses=serializers.BatchTold, tags=["batches"])
    def get(self, request: Request, batch_id: int) -> Response:
        """How far a batch is."""
        batch = found(batches_seen(request), str(batch_id))
        return Response(_told(batch, *how_far([batch])))


class Photos(ApiView):
    may = {"POST": "pipeline.add_batch"}
    parser_classes = (MultiPartParser,)

    @extend_schema(
        operation_id="send_photos",
        parameters=[KEY],
        request={"multipart/form-data": serializers.NewPhotos},
        responses={201: serializers.Receipts},
        tags=["batches"],
    )
    @idempotent
    def post(self, request: Request, batch_id: int) -> Response:
        """Takes one photo or many in. Of many, each has a receipt: 201 when at least one is in, else 422 or 503."""
        batch = found(batches_seen(request), str(batch_id))
        require_room()
        photos = request.FILES.getlist("photos")
        if not photos:
            raise ValidationError({"photos": ["send at least one file"]})
        said = said_of(request.POST, signed_in(request))
        return receipts_for(batch, [take(batch, photo, **said) for photo in photos])


def require_room() -> None:
    try:
        intake.require_room()
    except intake.NoRoomError as full:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, str(full), wait=no_room.RETRY_SECONDS) from full


def receipts_for(batch: Batch, receipts: list[dict[str, Any]]) -> Response:
    """What became of photos, and by the status whether any is in."""
    outcomes = {receipt["outcome"] for receipt in receipts}
    for receipt in receipts:
        for for_pages in ("isMisnamed", "pictures"):
            receipt.pop(for_pages, None)
    if outcomes & IN:
        return Response({"batch": batch.pk, "receipts": receipts}, status=HTTPStatus.CREATED)
    words = "; ".join(f"{receipt['name']}: {receipt['words']}" for receipt in receipts)
    if "failed" in outcomes:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, words, wait=5, receipts=receipts)
    raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, words, receipts=receipts)


class Frames(ApiView):
    may = {"GET": "pipeline.view_batch"}

    @extend_schema(
        operation_id="list_frames",
        parameters=[serializers.FrameQuery],
        responses=serializers.FrameSerializer(many=True),
        tags=["frames"],
    )
    def get(self, request: Request) -> Response:
        """The photos that this account sees, the newest first; what was removed is not among them."""
        said = self.query(serializers.FrameQuery)
        if "code" in said:
            said["code"] = said["code"].upper()
        frames = _frames(request).filter(**said)
        return self.page_of(frames, serializers.FrameSerializer)


class OneFrame(ApiView):
    may = {"GET": "pipeline.view_batch"}

    @extend_schema(operation_id="get_frame", responses=serializers.FrameDetail, tags=["frames"])
    def get(self, request: Request, frame_id: int) -> Response:
        """How far a photo is, and why."""
        frame = found(_frames(request), str(frame_id))
        return Response(serializers.FrameDetail(frame, context={"request": request}).data)


class FrameRenditions(ApiView):
    may = {"GET": "pipeline.download"}

    @extend_schema(operation_id="get_frame_renditions", responses=serializers.Renditions, tags=["files"])
    def get(self, request: Request, frame_id: int) -> Response:
        """A published frame's finished files, with links that need no token."""
        frame = found(_frames(request), str(frame_id))
        return _renditions(request, files.of(frame))


class ProductRenditions(ApiView):
    may = {"GET": "pipeline.download"}

    @extend_schema(operation_id="get_product_renditions", responses=serializers.Renditions, tags=["files"])
    def get(self, request: Request, code: str) -> Response:
        """All finished files that the shop shows of a product, of every view."""
        seen = Rendition.objects.filter(sharing.seen_by(signed_in(request), "frame__batch__"))
        shown = seen.filter(frame__code=code.upper(), frame__state=State.PUBLISHED)
        return _renditions(request, list(shown.select_related("frame__batch__spec")))


def _renditions(request: Request, shown: list[Rendition]) -> Response:
    if not shown:
        raise Http404("Nothing of it is in the shop.")
    called = files.names(shown)
    told = serializers.Renditions({"renditions": shown}, context={"file_names": called}).data
    return Response(told, headers={"ETag": _etag(shown, called)})


def _etag(shown: list[Rendition], called: dict[int, str]) -> str:
    """The same for as long as half of a link's time is left: links are signed anew each time."""
    slot = int(time.time()) // max(1, settings.API_LINK_SECONDS // 2)
    said = " ".join([str(slot), *(file.sha256 for file in shown), *called.values()])
    return f'"{hashlib.sha256(said.encode()).hexdigest()[:32]}"'


def batches_seen(request: Request) -> QuerySet[Batch]:
    return sharing.batches_for(signed_in(request)).select_related("created_by", "spec")


def _frames(request: Request) -> QuerySet[Any]:
    frames = sharing.frames_for(signed_in(request))
    return progress.with_components(progress.with_segment(frames)).select_related("rejection")


def _told(batch: Batch, told: dict[str, Any]) -> dict[str, Any]:
    return serializers.BatchTold({"batch": batch, **told}).data
