"""For admins: which programs are told what happened, and how each of those messages fared."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.lists import OnlyOfferedLookups, ReadOnlyAdmin
from pipeline.models import WebhookDelivery, WebhookEndpoint
from pipeline.models.webhooks import EVENTS
from pipeline.webhooks import delivery, guard, signing

BOTH_SIGN = timedelta(hours=24)


class EndpointForm(forms.ModelForm):
    events = forms.MultipleChoiceField(
        label="What it is told",
        choices=[(name, format_html("{}: {}", name, words)) for name, words in EVENTS.items()],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = WebhookEndpoint
        fields = ("name", "url", "events", "is_on")

    def clean_url(self) -> str:
        try:
            guard.target_of(self.cleaned_data["url"])
        except guard.ForbiddenAddressError as error:
            raise forms.ValidationError(f"No webhook may go there: {error}.") from error
        return self.cleaned_data["url"]


class EndpointAdmin(OnlyOfferedLookups, ModelAdmin):
    form = EndpointForm
    list_display = ["name", "url", "told", "is_on", "waiting", "dead"]
    list_filter = []
    list_fullwidth = True
    actions_submit_line = ["rotate_secret"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEndpoint]:
        counts = {state: Count("deliveries", filter=Q(deliveries__state=state)) for state in ("waiting", "dead")}
        return super().get_queryset(request).annotate(**counts)

    @display(description="What it is told")
    def told(self, endpoint: WebhookEndpoint) -> str:
        chips = format_html_join("", '<span class="mg-chip">{}</span>', ([name] for name in endpoint.events))
        return format_html('<span class="mg-chips">{}</span>', chips)

    @display(description="Waiting", ordering="waiting")
    def waiting(self, endpoint: Any) -> int:
        return endpoint.waiting

    @display(description="Dead letters", ordering="dead")
    def dead(self, endpoint: Any) -> int:
        return endpoint.dead

    def save_model(self, request: HttpRequest, obj: WebhookEndpoint, form: forms.ModelForm, change: bool) -> None:
        if not change:
            obj.secret = signing.new_secret()
            _show_once(request, obj)
        obj.rests_until = None  # who mends its address need not wait
        super().save_model(request, obj, form, change)

    @action(description="Replace the secret", permissions=["rotate_secret"])
    def rotate_secret(self, request: HttpRequest, obj: WebhookEndpoint) -> None:
        obj.old_secret, obj.old_secret_until = obj.secret, timezone.now() + BOTH_SIGN
        obj.secret = signing.new_secret()
        obj.save()
        _show_once(request, obj)

    def has_rotate_secret_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("pipeline.change_webhookendpoint")

    def get_actions_submit_line(self, request: HttpRequest, object_id: Any) -> Any:
        """A new one has no secret yet that could be replaced."""
        return super().get_actions_submit_line(request, object_id) if object_id else []

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Its deliveries, which nobody may delete one by one, go with it: told by their number, as they may be many."""
        deliveries = WebhookDelivery.objects.filter(endpoint__in=objs).count()
        counts = {"webhooks": len(objs), "webhook deliveries": deliveries}
        return [str(endpoint) for endpoint in objs], counts, set(), []


class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ["when", "event", "about", "endpoint", "state", "tries", "next_try", "answer"]
    list_filter = ["state", "endpoint", "event"]
    list_filter_sheet = True
    list_fullwidth = True
    list_select_related = ["endpoint"]
    list_per_page = 50
    search_fields = ["message_id", "about"]
    search_help_text = "Product code, batch, or webhook-id"
    fields = [
        "event",
        "about",
        "endpoint",
        "state",
        "tries",
        "next_try",
        "answer",
        "delivered_at",
        "message_id",
        "body",
    ]
    readonly_fields = fields
    actions = ["send_again"]

    @display(description="When", ordering="created_at")
    def when(self, row: WebhookDelivery) -> str:
        at = f"{localtime(row.created_at):%d %b %Y, %H:%M:%S}"
        return format_html('<span class="whitespace-nowrap">{}</span>', at)

    @display(description="Next try")
    def next_try(self, row: WebhookDelivery) -> Any:
        return row.due_at if row.state == WebhookDelivery.State.WAITING else None

    @action(description="Send again", permissions=["send_again"])
    def send_again(self, request: HttpRequest, rows: QuerySet[WebhookDelivery]) -> None:
        count = delivery.send_again(rows)
        if count:
            messages.success(request, f"{count} of {len(rows)} are sent again, under the ids they had.")
        else:
            messages.warning(request, "Nothing is sent again: only dead letters are, and none was ticked.")

    def has_send_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("pipeline.change_webhookendpoint")


def _show_once(request: HttpRequest, endpoint: WebhookEndpoint) -> None:
    """It is signed with, so it must be kept; but no page tells it again."""
    words = 'The secret of {}, shown only now: copy it to its receiver. <code class="mg-secret">{}</code>'
    messages.warning(request, format_html(words, endpoint.name, endpoint.secret))
