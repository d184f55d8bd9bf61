"""The exception queue: a list, and one page a frame."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator
from django.utils.timesince import timesince
from unfold.decorators import display

from pipeline.admin import FrameListAdmin
from pipeline.models import Frame
from pipeline.states import REASON_WORDS
from review import bridges, decisions
from review.models import QueueItem

# A row of the queue shows this many reasons; the frame's own page shows all.
CHIPS = 4


class ReasonFilter(admin.SimpleListFilter):
    title = "reason"
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        present = {reason for reasons in QueueItem.objects.values_list("reasons", flat=True) for reason in reasons}
        return sorted((reason, REASON_WORDS[reason]) for reason in present)

    def queryset(self, request: HttpRequest, queryset: QuerySet[QueueItem]) -> QuerySet[QueueItem]:
        if not self.value():
            return queryset
        # SQLite has no JSON "contains"; the codes are plain words, so their quoted text is unambiguous.
        return queryset.filter(reasons__icontains=f'"{self.value()}"')


class DecisionForm(forms.Form):
    frame = forms.ModelChoiceField(Frame.objects.all())
    decision = forms.ChoiceField(choices=[(kind, kind) for kind in decisions.DECISIONS])
    version = forms.IntegerField(min_value=0)
    bridge_x = forms.FloatField(required=False)


@admin.register(QueueItem)
class QueueAdmin(FrameListAdmin):
    list_display = ["picture", "product", "why", "batch", "waiting"]
    list_filter = ["view", ReasonFilter, "batch__product_class", "batch"]
    search_help_text = "Product code"
    search_fields = ["code"]
    ordering = ["state_since"]

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

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._decide(request, object_id)
        frame = self.get_object(request, object_id)
        if frame is None:
            messages.info(request, "That frame is no longer in the queue; somebody decided it.")
            return redirect("admin:review_queueitem_changelist")
        card = frame.card
        context = self.admin_site.each_context(request) | {
            "title": str(frame),
            "is_nav_sidebar_enabled": False,  # the pictures get its room
            "opts": self.opts,
            "object": frame,
            "frame": frame,
            "waiting": self.get_queryset(request).count(),
            "card": card,
            "bridge": bridges.line_of(frame, card),
            "can_decide": request.user.has_perm("pipeline.decide"),
            "can_be_approved": decisions.can_be_approved(card),
            "siblings": frame.batch.frames.filter(code=frame.code).exclude(pk=frame.pk).order_by("filename"),
        }
        return TemplateResponse(request, "review/frame.html", context)

    def _decide(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if not request.user.has_perm("pipeline.decide"):
            raise PermissionDenied
        form = DecisionForm(request.POST.dict() | {"frame": object_id})
        if not form.is_valid():
            return HttpResponseBadRequest(_refusal(form))
        data = form.cleaned_data
        frame = data["frame"]
        try:
            words = decisions.decide(data["decision"], frame, data["version"], request.user, data["bridge_x"])
            messages.success(request, words)
        except decisions.DecisionError as error:
            messages.warning(request, str(error))
        following = self.get_queryset(request).exclude(pk=frame.pk).order_by("state_since").first()
        if following is None:
            return redirect("admin:review_queueitem_changelist")
        return redirect("admin:review_queueitem_change", following.pk)


def _refusal(form: DecisionForm) -> str:
    if "bridge_x" in form.errors:
        return "The place of the bridge is not a number; go back and put the line there again."
    return "This is not a decision about a frame; go back and choose one."
