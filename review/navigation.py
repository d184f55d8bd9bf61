"""The sidebar: each role sees the pages it may open."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from accounts.access import signed_in
from pipeline import reshoots
from pipeline.models import WebhookDelivery
from review.models import QueueItem

PAGES = [
    # title, icon, page, permission
    ("Workbench", "photo_camera_front", "workbench", "review.view_queueitem"),
    ("Review queue", "rule", "admin:review_queueitem_changelist", "review.view_queueitem"),
    ("Upload", "upload", "admin:pipeline_batch_add", "pipeline.add_batch"),
    ("Batches", "stacks", "admin:pipeline_batch_changelist", "pipeline.view_batch"),
    ("Products", "inventory_2", "products", "pipeline.view_batch"),
    ("To reshoot", "add_a_photo", "reshoots", "pipeline.view_batch"),
    ("Figures", "monitoring", "figures", "pipeline.see_figures"),
    ("All frames", "photo_library", "admin:pipeline_frame_changelist", "pipeline.view_frame"),
    ("Policies", "tune", "policies", "pipeline.view_gatepolicy"),
    ("Listing specs", "aspect_ratio", "specs", "pipeline.edit_spec"),
    ("Users", "group", "admin:auth_user_changelist", "auth.view_user"),
    ("Service accounts", "smart_toy", "admin:accounts_serviceaccount_changelist", "accounts.view_serviceaccount"),
    ("Webhooks", "webhook", "admin:pipeline_webhookendpoint_changelist", "pipeline.view_webhookendpoint"),
    ("Deliveries", "outbox", "admin:pipeline_webhookdelivery_changelist", "pipeline.view_webhookdelivery"),
    ("Sign-ins", "key", "admin:accounts_accessevent_changelist", "accounts.view_accessevent"),
    ("Operations", "monitor_heart", "operations", "accounts.operate"),
]

LANDING = [
    ("figures", "pipeline.see_figures"),
    ("workbench", "review.view_queueitem"),
    ("admin:pipeline_batch_changelist", "pipeline.view_batch"),
]
MOST_TOLD = 99
COUNTS: dict[str, Callable[[HttpRequest], int | str]] = {
    "admin:review_queueitem_changelist": lambda request: QueueItem.objects.count(),
    "reshoots": lambda request: _up_to_many(reshoots.open_for(signed_in(request))),
    "admin:pipeline_webhookdelivery_changelist": lambda request: WebhookDelivery.objects.filter(state="dead").count(),
}


def _up_to_many(rows: QuerySet[Any]) -> int | str:
    """Every page shows it, and each of these rows takes a look at others."""
    count = rows.order_by()[: MOST_TOLD + 1].count()
    return count if count <= MOST_TOLD else f"{MOST_TOLD}+"


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    return [{"items": [_item(request, *page) for page in PAGES]}]


def landing_page(request: HttpRequest) -> str | None:
    """What this person is here for, or else the first page that they may open."""
    pages = [*LANDING, *((page, permission) for _, _, page, permission in PAGES)]
    allowed = (page for page, permission in pages if request.user.has_perm(permission))
    return next((reverse(page) for page in allowed), None)


def _item(request: HttpRequest, title: str, icon: str, page: str, permission: str) -> dict[str, Any]:
    item: dict[str, Any] = {"title": title, "icon": icon, "link": reverse(page), "permission": _asks(permission)}
    item["active"] = _is_here(item["link"])
    if page in COUNTS:
        # Counted once, and only for those who may open the page: the template calls it.
        item["badge"] = cache(lambda: COUNTS[page](request) or None)
    return item


def _is_here(link: str) -> Callable[[HttpRequest], bool]:
    """Whether no other page's address fits the request better: upload lies below batches."""
    links = [reverse(page) for _, _, page, _ in PAGES]
    return lambda request: link == max(filter(request.path.startswith, links), key=len, default="")


def _asks(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)
