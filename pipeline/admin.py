"""Batches: upload, list and progress. Frames: to read."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from unfold.admin import ModelAdmin
from unfold.decorators import display

from accounts.access import signed_in
from accounts.lists import OnlyOfferedLookups, ReadOnlyAdmin
from pipeline import sharing
from pipeline.models import Batch, Frame
from pipeline.states import State
from pipeline.templatetags.mattegate import state_words
from pipeline.views.batches import batch as batch_page
from pipeline.views.frames import frame as frame_page
from pipeline.views.upload import upload


class FrameListAdmin(ReadOnlyAdmin):
    """A list of frames to look at: picture and product first."""

    list_display_links = ["picture", "product"]
    list_filter_sheet = True
    list_fullwidth = True
    list_select_related = ["batch"]
    list_per_page = 50

    @display(description="Photo")
    def picture(self, frame: Frame) -> str:
        if not frame.has_pictures:
            return mark_safe('<span class="mg-thumb"></span>')
        source = reverse("picture", args=[frame.pk, frame.attempt, "thumb.webp"])
        return format_html('<span class="mg-thumb"><img src="{}" alt="" loading="lazy"></span>', source)

    @display(description="Product", ordering="code")
    def product(self, frame: Frame) -> str:
        return format_html('<span class="mg-product"><b>{}</b><span>{}</span></span>', frame.code, frame.view)


@admin.register(Batch)
class BatchAdmin(OnlyOfferedLookups, ModelAdmin):
    list_display = ["name", "product_class", "enhancement", "lane"]
    list_display += ["photos", "published", "exceptions", "created_by", "created_at"]
    list_filter = ["product_class", "enhancement", "lane"]
    list_filter_sheet = True
    list_fullwidth = True
    list_select_related = ["created_by"]
    search_fields = ["name"]
    search_help_text = "Batch name"
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Batch]:
        counts = {
            "photos": Count("frames"),
            "published": Count("frames", filter=Q(frames__state=State.PUBLISHED)),
            "exceptions": Count("frames", filter=Q(frames__state=State.EXCEPTION)),
        }
        mine = sharing.batches_for(signed_in(request))
        return super().get_queryset(request).filter(pk__in=mine.values("pk")).annotate(**counts)

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
        return upload(request)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return batch_page(request, object_id)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Frame)
class FrameAdmin(FrameListAdmin):
    list_display = ["picture", "product", "state_in_words", "batch", "received_at", "published_at"]
    list_filter = ["state", "view", "product_class", "batch"]
    search_fields = ["code", "filename"]
    search_help_text = "Product code or file name"

    @display(description="State", ordering="state")
    def state_in_words(self, frame: Frame) -> str:
        return format_html('<span class="mg-state" data-state="{}">{}</span>', frame.state, state_words(frame.state))

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return frame_page(request, object_id)
