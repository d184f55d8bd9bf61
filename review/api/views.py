"""The queue, decisions and figures, for programs: by the same rules, and the same code, as on the pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from django.db.models import Exists, F, OuterRef
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import signed_in
from accounts.api.idempotency import idempotent
from accounts.api.paging import OldestFirst
from accounts.api.problems import Refused
from accounts.api.views import ApiView, filled
from pipeline import naming
from pipeline.api.serializers import reasons_of
from pipeline.api.views import KEY
from pipeline.engines import object_store
from pipeline.models import Frame, Scorecard
from pipeline.views.pages import found
from review.api import serializers
from review.insights import whole
from review.insights.scope import Asked, scope_of
from review.models import Decision, QueueItem
from review.queue import bridges, claims, decisions, stamps, undo
from review.workbench import questions
from review.workbench.api import REFUSALS, refusal

PICTURES = {"photo": "preview.webp", "cutout": "cutout.webp"}


class Exceptions(ApiView):
    may = {"GET": "review.view_queueitem"}
    pagination_class = OldestFirst

    @extend_schema(
        operation_id="list_exceptions", responses=serializers.ExceptionSerializer(many=True), tags=["review"]
    )
    def get(self, request: Request) -> Response:
        """What waits for a person and is in nobody else's hands, the oldest photo first."""
        waiting = claims.queue_of(signed_in(request))
        page = self.rows_of(waiting)
        cards = _cards_of(page)
        told = [serializers.ExceptionSerializer(_told(frame, cards.get(frame.pk))).data for frame in page]
        return self.get_paginated_response(told)


class OneException(ApiView):
    may = {"GET": "review.view_queueitem"}

    @extend_schema(operation_id="get_exception", responses=serializers.ExceptionDetail, tags=["review"])
    def get(self, request: Request, frame_id: int) -> Response:
        """A frame in the queue, with its pictures. Nobody is kept from deciding it meanwhile."""
        frame = found(QueueItem.objects.all(), str(frame_id))
        return Response(serializers.ExceptionDetail(_told(frame, frame.card) | _told_more(frame)).data)


class Decide(ApiView):
    may = {"POST": "pipeline.decide"}

    @extend_schema(
        operation_id="decide",
        parameters=[KEY],
        request=serializers.NewDecision,
        responses={201: serializers.Said},
        tags=["review"],
    )
    @idempotent
    def post(self, request: Request, frame_id: int) -> Response:
        """Says what is to become of a frame in the queue; it can be taken back for a while."""
        said = filled(questions.Decided, request.data)
        frame = _frame(frame_id)
        with _refused():
            version = stamps.version_of(frame, said.pop("version"))
            words = decisions.decide(said.pop("kind"), frame, version, signed_in(request), **said)
        return Response({"frame": frame_id, "said": words}, status=HTTPStatus.CREATED)


class Decisions(ApiView):
    may = {"GET": "pipeline.decide"}

    @extend_schema(operation_id="list_decisions", responses=serializers.DecisionSerializer(many=True), tags=["review"])
    def get(self, request: Request) -> Response:
        """What this account has decided, the newest first."""
        mine = Decision.objects.filter(by=request.user.get_username(), kind__in=decisions.DECISIONS)
        undone = Decision.objects.filter(undoes=OuterRef("pk"))
        return self.page_of(mine.annotate(is_taken_back=Exists(undone)), serializers.DecisionSerializer)


class TakeBack(ApiView):
    may = {"POST": "pipeline.decide"}

    @extend_schema(
        operation_id="take_back",
        parameters=[KEY],
        request=None,
        responses={200: serializers.TakenBack},
        tags=["review"],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Takes this account's last decision back, as long as no worker has acted on it."""
        with _refused():
            frames = undo.take_back(signed_in(request))
        return Response({"frames": [frame.pk for frame in frames]})


class InsightsView(ApiView):
    may = {"GET": "pipeline.see_figures"}

    @extend_schema(
        operation_id="get_insights",
        parameters=[serializers.InsightsQuery],
        responses=serializers.Insights,
        tags=["insights"],
    )
    def get(self, request: Request) -> Response:
        """The figures of a span of days: the last thirty unless asked otherwise."""
        read = whole.read(scope_of(filled(Asked, request.query_params)))
        tables = [
            {
                **_fields(table, "name", "heading", "columns", "note"),
                "rows": [[c.raw for c in row] for row in table.rows],
            }
            for table in read.tables.values()
        ]
        headlines = [_fields(one, "name", "value", "detail") for one in read.headlines]
        days = {"first": read.scope.first.isoformat(), "last": read.scope.last.isoformat()}
        return Response({**days, "headlines": headlines, "tables": tables})


def _fields(row: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


@contextmanager
def _refused() -> Iterator[None]:
    """What the workbench refuses, in its words."""
    try:
        yield
    except tuple(REFUSALS) as error:
        raise Refused(*refusal(error)) from error


def _frame(frame_id: int) -> Frame:
    return found(Frame.objects.select_related("batch"), str(frame_id))


def _cards_of(frames: list[QueueItem]) -> dict[int, Scorecard]:
    """Their last attempts' scorecards, by one question."""
    cards = Scorecard.objects.filter(frame__in=[frame.pk for frame in frames], attempt=F("frame__attempt"))
    return {card.frame_id: card for card in cards}


def _told(frame: QueueItem, card: Scorecard | None) -> dict[str, Any]:
    doubts = frame.doubts_by(card.components if card else None)
    names = ("id", "batch_id", "filename", "code", "view", "product_class", "state_since")
    told = {
        "version": stamps.of(frame),
        "reasons": reasons_of(frame, doubts),
        "can_approve": decisions.can_be_approved(card),
    }
    return {name: getattr(frame, name) for name in names} | told


def _told_more(frame: QueueItem) -> dict[str, Any]:
    line = bridges.bridge_line_of(frame, frame.card)
    key = naming.work_key
    links = {what: object_store.link("work", key(frame.pk, frame.attempt, name)) for what, name in PICTURES.items()}
    return {
        "bridge": {"x": line.x, "first": line.first, "last": line.last} if line else None,
        "pictures": links if frame.has_pictures else {},
        "holder": claims.holder_of(frame),
    }
