"""Who may do what: one table, written into Django's groups after every migrate."""

from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.db import connections

from accounts.models import AccessEvent, ServiceAccount

UPLOADER = ["pipeline.add_batch", "pipeline.view_batch"]
OPERATOR = ["pipeline.see_picture", "pipeline.decide", "review.view_queueitem"]
MANAGER = [
    *("pipeline.see_verdict", "pipeline.see_figures", "pipeline.view_frame", "pipeline.take_over"),
    *("pipeline.download", "pipeline.recall", "pipeline.keep", "pipeline.delete_batch"),
    *("pipeline.view_gatepolicy", "pipeline.activate_policy"),
]
ADMIN = [f"auth.{action}_user" for action in ("add", "change", "delete", "view")] + [
    "auth.view_group",
    "accounts.view_accessevent",
    "accounts.operate",
    *(f"accounts.{action}_serviceaccount" for action in ("add", "change", "view")),
    *(f"pipeline.{action}_webhookendpoint" for action in ("add", "change", "delete", "view")),
    "pipeline.view_webhookdelivery",
    "pipeline.edit_spec",
]
ROLES: dict[str, list[str]] = {
    "uploader": [*UPLOADER, "pipeline.see_picture", "pipeline.download"],
    "operator": OPERATOR,
    "manager": [*UPLOADER, *OPERATOR, *MANAGER],
    "admin": [*UPLOADER, *OPERATOR, *MANAGER, *ADMIN],
}
WORDS = {
    "uploader": (
        "upload, batches (their own they close and archive), products, what is to be reshot. Of the batches that they "
        "see, downloads of what is published"
    ),
    "operator": (
        "workbench and review queue: approve, edit, reprocess, reject. Sees reasons, never confidence or verdict; "
        "downloads nothing that is published"
    ),
    "manager": (
        "all of these, others' frames taken over, figures (how much is sent to review and why, what escapes, time, "
        "money, operators), "
        "every frame's history, published files (download, pass on by a link, withdraw, have reviewed or "
        "rendered again), "
        "batches closed, archived, kept for good, deleted while they are empty, "
        "policies and which is active"
    ),
    "admin": (
        "all of these, users, service accounts, the log of sign-ins and rights, listing specs, "
        "operations (workers, queues, servers, failed jobs), "
        "webhooks (who else is told what happened, their secrets, what was not delivered)"
    ),
}
"""The same for people, where roles are given and in the README; each builds on those before it."""

TABLES = {AccessEvent._meta.db_table, ServiceAccount._meta.db_table}


def sync(using: str = "default", **_: Any) -> None:
    """Make the groups say what the table says. Runs after migrate, and after one that stops half-way too."""
    if not {*connections[using].introspection.table_names()} >= TABLES:
        return  # where changed rights are noted; the next migrate makes them
    by_name = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.using(using).select_related("content_type")
    }
    for role, names in ROLES.items():
        group, _is_new = Group.objects.using(using).get_or_create(name=role)
        group.permissions.set([by_name[name] for name in names if name in by_name])
    people = User.objects.using(using).filter(groups__name__in=ROLES, is_staff=False, service_account=None)
    people.update(is_staff=True)


def let_members_sign_in(instance: User, action: str, reverse: bool, pk_set: set[int] | None, **_: Any) -> None:
    """A role without is_staff could not open a single page. Programs have none to open."""
    if hasattr(instance, "service_account"):
        return
    if action == "post_add" and not reverse and Group.objects.filter(pk__in=pk_set or (), name__in=ROLES).exists():
        User.objects.filter(pk=instance.pk).update(is_staff=True)
        instance.is_staff = True
