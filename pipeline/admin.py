"""Batches: upload, list and progress. Frames and policies: to read."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin
from unfold.decorators import display

from pipeline import views
from pipeline.models import Batch, Frame, GatePolicy
from pipeline.states import State


class ReadOnlyAdmin(ModelAdmin):
    """Rows that only the pipeline writes."""

    actions = None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Batch)
class BatchAdmin(ModelAdmin):
    list_display = ["name", "product_class", "photos", "published", "exceptions", "created_by", "created_at"]
    list_filter = ["product_class"]
    list_select_related = ["created_by"]
    search_fields = ["name"]
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Batch]:
        counts = {
            "photos": Count("frames"),
            "published": Count("frames", filter=Q(frames__state=State.PUBLISHED)),
            "exceptions": Count("frames", filter=Q(frames__state=State.EXCEPTION)),
        }
        return super().get_queryset(request).annotate(**counts)

    @display(description="Photos", ordering="photos")
    def photos(self, batch: Any) -> int:
        return batch.photos

    @display(description="Published", ordering="published")
    def published(self, batch: Any) -> int:
        return batch.published

    @display(description="In the queue", ordering="exceptions")
    def exceptions(self, batch: Any) -> int:
        return batch.exceptions

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return views.upload(request)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return views.batch(request, object_id)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Frame)
class FrameAdmin(ReadOnlyAdmin):
    list_display = ["code", "view", "state", "batch", "received_at", "published_at"]
    list_filter = ["state", "view", "batch__product_class", "batch"]
    list_select_related = ["batch"]
    search_fields = ["code", "filename"]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return views.frame(request, object_id)


@admin.register(GatePolicy)
class GatePolicyAdmin(ReadOnlyAdmin):
    list_display = ["name", "version", "is_active", "created_at"]
