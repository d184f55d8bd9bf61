"""Batches: upload, list and progress. What lists of frames share; that of all frames is in review, which knows what
people said of them."""

import logging
from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from unfold.admin import ModelAdmin, checkbox
from unfold.decorators import action, display

from accounts.access import signed_in
from accounts.lists import OnlyOfferedLookups, ReadOnlyAdmin, UpToMany
from config.asked import row_number
from pipeline import sharing
from pipeline.engines.object_store import ObjectStoreError
from pipeline.models import Batch, Frame, WebhookDelivery, WebhookEndpoint
from pipeline.states import State
from pipeline.upkeep import retention
from pipeline.views.batches import batch as batch_page
from pipeline.views.batches import how_far
from pipeline.views.upload import upload
from pipeline.views.webhooks import DeliveryAdmin, EndpointAdmin

OFFERED_BATCHES = 30
log = logging.getLogger(__name__)

admin.site.register(WebhookEndpoint, EndpointAdmin)
admin.site.register(WebhookDelivery, DeliveryAdmin)


class BatchFilter(admin.SimpleListFilter):
    """Of thousands of batches the latest are offered; an address may name any."""

    title = "batch"
    parameter_name = "batch__id__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        asked = Batch.objects.filter(pk=row_number(self.value() or "") or 0)
        latest = Batch.objects.order_by("-pk").values_list("pk", "name")[:OFFERED_BATCHES]
        offered = dict(asked.values_list("pk", "name")) | dict(latest)
        return [(str(pk), name) for pk, name in offered.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(batch=row_number(self.value() or "") or 0) if self.value() else queryset


class FrameListAdmin(ReadOnlyAdmin):
    """A list of frames to look at: picture and product first."""

    list_display_links = ["picture", "product"]
    list_filter_sheet = True
    list_fullwidth = True
    list_select_related = ["batch"]
    list_per_page = 50
    paginator = UpToMany
    show_full_result_count = False

    def action_checkbox(self, frame: Frame) -> str:
        return checkbox.render(ACTION_CHECKBOX_NAME, str(frame.pk), {"aria-label": f"Select {frame}"})

    @display(description="Photo")
    def picture(self, frame: Frame) -> str:
        if not frame.has_pictures:
            return mark_safe('<span class="mg-thumb" role="img" aria-label="No picture"></span>')
        source = reverse("picture", args=[frame.pk, frame.attempt, "thumb.webp"])
        image = '<span class="mg-thumb" role="img" aria-label="Photo of {}"><img src="{}" alt="" loading="lazy"></span>'
        return format_html(image, frame, source)

    @display(description="Product", ordering="code")
    def product(self, frame: Frame) -> str:
        return format_html('<span class="mg-product"><b>{}</b><span>{}</span></span>', frame.code, frame.view)


class ArchiveFilter(admin.SimpleListFilter):
    """Archived batches are listed when they are asked for."""

    title = "archive"
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Archived")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        return iter([{**first, "display": "Not archived"}, *others])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Batch]) -> QuerySet[Batch]:
        return queryset.filter(archived_at__isnull=self.value() != "yes")


@admin.register(Batch)
class BatchAdmin(OnlyOfferedLookups, ModelAdmin):
    list_display = ["name", "product_class", "enhancement", "lane"]
    list_display += ["photos", "how_far", "kept", "created_by", "created_at"]
    list_filter = ["product_class", "enhancement", "lane", ArchiveFilter]
    list_filter_sheet = True
    list_fullwidth = True
    list_select_related = ["created_by"]
    list_per_page = 50
    search_fields = ["name"]
    search_help_text = "Batch name"
    actions = ["keep_for_good", "let_expire"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Batch]:
        mine = sharing.seen_by(signed_in(request))
        frames = Frame.objects.filter(batch=OuterRef("pk")).exclude(state=State.REMOVED).order_by().values("batch")
        photos = Coalesce(Subquery(frames.annotate(count=Count("*")).values("count")), 0)
        return super().get_queryset(request).filter(mine).annotate(photos=photos)

    @display(description="Photos", ordering="photos")
    def photos(self, batch: Any) -> int:
        return batch.photos

    @display(description="How far")
    def how_far(self, batch: Any) -> str:
        return render_to_string("pipeline/how_far.html", batch.told)

    @display(description="Pictures kept")
    def kept(self, batch: Batch) -> str:
        return retention.words(batch)

    @action(description="Keep for good", permissions=["keep"])
    def keep_for_good(self, request: HttpRequest, batches: QuerySet[Batch]) -> None:
        """Whoever has to, for a dispute or by law; who did it stands in the batch's history."""
        held = list(batches)
        try:
            retention.hold(held)
        except ObjectStoreError as error:
            messages.warning(request, f"They are kept, but the bucket didn't answer; do it once more later: {error}")
        self._note(request, held, "kept for good")

    @action(description="Let expire again", permissions=["keep"])
    def let_expire(self, request: HttpRequest, batches: QuerySet[Batch]) -> None:
        freed = list(batches)
        retention.let_expire(freed)
        self._note(request, freed, "let expire again")

    def _note(self, request: HttpRequest, batches: list[Batch], what: str) -> None:
        for batch in batches:
            self.log_change(request, batch, what)
            log.info("%s: %s by %s", batch, what, signed_in(request).get_username())
        messages.success(request, f"{what.capitalize()}: {', '.join(map(str, batches))}.")

    def has_keep_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("pipeline.keep")

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Of all batches of the page at once, how far they are."""
        listed = super().get_changelist_instance(request)
        batches: list[Any] = list(listed.result_list)
        for batch, told in zip(batches, how_far(batches), strict=True):
            batch.told = told
        listed.result_list = batches
        return listed

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return upload(request)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return batch_page(request, object_id)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
