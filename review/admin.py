"""The review queue as a list, for deciding many alike; single frames are decided on the workbench. All frames, to
read."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator
from django.utils.timesince import timesince
from unfold.decorators import action, display

from accounts.access import signed_in
from pipeline.admin import BatchFilter, FrameListAdmin
from pipeline.models import Frame
from pipeline.views.frames import frame as frame_page
from pipeline.words import REASON_WORDS, STATE_WORDS
from review.insights.lists import FILTERS
from review.models import QueueItem
from review.queue import bulk, claims, decisions, stamps, undo

# A row of the queue shows this many reasons; the frame's own page shows all.
CHIPS = 4


class ReasonFilter(admin.SimpleListFilter):
    title = "reason"
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        waiting = QueueItem.objects.with_components().only("reasons")
        self.doubts = {frame.pk: frame.doubts for frame in waiting}
        present = {reason for doubts in self.doubts.values() for reason in doubts}
        return sorted((reason, REASON_WORDS[reason]) for reason in present)

    def queryset(self, request: HttpRequest, queryset: QuerySet[QueueItem]) -> QuerySet[QueueItem]:
        if not self.value():
            return queryset
        # As they are shown: a filter by the gate's reasons would tell audits from exceptions.
        return queryset.filter(pk__in=[pk for pk, doubts in self.doubts.items() if self.value() in doubts])


@admin.register(QueueItem)
class QueueAdmin(FrameListAdmin):
    list_display = ["picture", "product", "why", "batch", "waiting", "in_hand"]
    list_filter = ["view", ReasonFilter, "product_class", BatchFilter]
    search_help_text = "Product code"
    search_fields = ["code"]
    ordering = ["state_since"]
    actions = ["approve", "reprocess", "discard", "reject"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[QueueItem]:
        return QueueItem.objects.with_components().annotate(holder=claims.holders())

    @display(description="Photo")
    def picture(self, frame: Frame) -> str:
        """With the version that the list shows, which a decision on what is ticked is about."""
        return format_html(
            '{}<input type="hidden" name="version-{}" value="{}">', super().picture(frame), frame.pk, stamps.of(frame)
        )

    @display(description="Why it is here")
    def why(self, frame: QueueItem) -> str:
        words = frame.reason_words
        shown, more = words[:CHIPS], words[CHIPS:]
        chips = format_html_join("", '<span class="mg-chip">{}</span>', ((Truncator(w).chars(140),) for w in shown))
        if more:
            chips += format_html('<span class="mg-chip" title="{}">and {} more</span>', "; ".join(more), len(more))
        return format_html('<span class="mg-chips">{}</span>', chips)

    @display(description="Waiting", ordering="state_since")
    def waiting(self, frame: QueueItem) -> str:
        return timesince(frame.state_since, depth=1)

    @display(description="Looked at by", empty_value="nobody")
    def in_hand(self, frame: QueueItem) -> str | None:
        return frame.holder

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect(f"{reverse('workbench')}?{urlencode({'frame': object_id})}")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        takeable = undo.last_of(signed_in(request))
        return super().changelist_view(request, {"takeable": takeable, **(extra_context or {})})

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("pipeline.decide")

    @action(description="Approve", permissions=["decide"])
    def approve(self, request: HttpRequest, frames: QuerySet[QueueItem]) -> None:
        self._decide(request, frames, "approve")

    @action(description="Reprocess", permissions=["decide"])
    def reprocess(self, request: HttpRequest, frames: QuerySet[QueueItem]) -> None:
        self._decide(request, frames, "reprocess")

    @action(description="Bad cut-out", permissions=["decide"])
    def discard(self, request: HttpRequest, frames: QuerySet[QueueItem]) -> None:
        self._decide(request, frames, "discard")

    @action(description="Reshoot", permissions=["decide"])
    def reject(self, request: HttpRequest, frames: QuerySet[QueueItem]) -> None:
        self._decide(request, frames, "reject")

    def _decide(self, request: HttpRequest, frames: QuerySet[QueueItem], kind: str) -> None:
        """Each by itself, and each refusal told: what was ticked and is gone meanwhile is a refusal too."""
        done, refusals = bulk.decide(kind, frames, _seen(request, frames), signed_in(request))
        if done:
            messages.success(request, f"{done} frame{'s' if done > 1 else ''} {decisions.DECISIONS[kind][1]}.")
        for refusal in refusals:
            messages.warning(request, refusal)


def _seen(request: HttpRequest, frames: Iterable[QueueItem]) -> dict[int, int]:
    """The version that the list showed of each frame which was ticked, also of one that is gone meanwhile."""
    given = {pk: request.POST.get(f"version-{pk}", "") for pk in request.POST.getlist("_selected_action")}
    shown = {int(pk): int(stamp) for pk, stamp in given.items() if pk.isdecimal() and stamp.isdecimal()}
    there = {frame.pk: stamps.version_of(frame, shown[frame.pk]) for frame in frames if frame.pk in shown}
    return dict.fromkeys(shown, stamps.STALE) | there


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """In the words that the list itself uses."""
        return [(state, words.capitalize()) for state, words in STATE_WORDS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Frame]) -> QuerySet[Frame]:
        return queryset.filter(state=self.value()) if self.value() else queryset


@admin.register(Frame)
class FrameAdmin(FrameListAdmin):
    """Every frame, for those who may know what became of it: its filters are what the figures lead to."""

    list_display = ["picture", "product", "state_in_words", "batch", "received_at", "published_at"]
    list_filter = [*FILTERS, StateFilter, "view", "product_class", BatchFilter]
    search_fields = ["code", "filename"]
    search_help_text = "Product code or file name, or how it begins"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Frame], search_term: str
    ) -> tuple[QuerySet[Frame], bool]:
        """By how it begins: that can be looked up, while what is somewhere within is sought in every row."""
        for word in search_term.split():
            queryset = queryset.filter(Q(code__startswith=word.upper()) | Q(filename__startswith=word))
        return queryset, False

    @display(description="State", ordering="state")
    def state_in_words(self, frame: Frame) -> str:
        return format_html('<span class="mg-state" data-state="{}">{}</span>', frame.state, frame.state_words)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return frame_page(request, object_id)
