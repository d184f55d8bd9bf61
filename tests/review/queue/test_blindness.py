"""Who decides isn't to know which frames are only audited: no question tells them from exceptions alike in all else."""

import itertools
import re
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.lists import OnlyOfferedLookups
from pipeline import naming
from pipeline.cutout.relight import IDENTITY
from pipeline.engines import object_store
from pipeline.models import Frame, Scorecard
from review.admin import QueueAdmin
from review.models import Claim, QueueItem
from review.queue import decisions, stamps
from review.queue.today import today
from tests.factories import judged, policy
from tests.hostile.conftest import save_pictures
from tests.pipeline.conftest import photo

pytestmark = pytest.mark.django_db
LIST = "/admin/review/queueitem/"
LOOKUPS = ("", "__exact", "__isnull", "__in", "__lt", "__gte", "__contains", "__icontains", "__regex", "__startswith")
VALUES = ("1", "0", "True", "published", "exception", "sibling", "drawn", "2020-01-01", "(a", "")


@pytest.fixture
def alike():
    """An audited frame and an exception that differ in nothing else."""
    row = policy(is_active=True)
    audited, held = (judged(n, row, haze=haze).frame for n, haze in ((1, 0.1), (2, 0.99)))
    Frame.objects.filter(pk=held.pk).update(reasons=["low-confidence"], state_since=audited.state_since)
    held.scorecards.update(components=audited.scorecards.get().components)
    return Frame.objects.get(pk=audited.pk), Frame.objects.get(pk=held.pk)


def listed(page: str, frames) -> list[bool]:
    return [f"<b>{frame.code}</b>" in page for frame in frames]


def names() -> list[str]:
    """All fields of a frame, and of what hangs on it."""
    fields = [field for field in QueueItem._meta.get_fields() if field.name]
    others = {field.name: field.related_model for field in fields if field.related_model}
    beyond = [f"{name}__{far.name}" for name, model in others.items() for far in model._meta.get_fields()]
    return [field.name for field in fields] + beyond


def test_no_filter_of_the_list_tells_them_apart(alike, sign_in):
    client = sign_in("operator")
    client.raise_request_exception = False
    answers = set()
    for name, lookup, value in itertools.product(names(), LOOKUPS, VALUES[:1]):
        answers.add(client.get(f"{LIST}?{urlencode({name + lookup: value})}").status_code)
    for name, value in itertools.product(("state", "audit_due", "published_at", "was_exception", "draw"), VALUES):
        answers.add(client.get(f"{LIST}?{urlencode({name + '__exact': value})}").status_code)
    assert answers <= {HTTPStatus.OK, HTTPStatus.FOUND, HTTPStatus.BAD_REQUEST}
    allowed = [name for name in names() for end in LOOKUPS if _may_ask(name + end)]
    assert set(allowed) == {"view", "batch__id", "product_class"}


def _may_ask(lookup: str) -> bool:
    return QueueAdmin(QueueItem, admin.site).lookup_allowed(lookup, "1")


def test_what_the_filters_offer_shows_both_or_neither(alike, sign_in):
    client = sign_in("operator")
    page = client.get(LIST).content.decode()
    assert listed(page, alike) == [True, True]
    for reason in ("low-confidence", "held-all", *alike[0].doubts):
        assert len(set(listed(client.get(f"{LIST}?reason={reason}").content.decode(), alike))) == 1, reason
    assert "low-confidence" not in page
    for column in range(1, 7):
        assert listed(client.get(f"{LIST}?o={column}").content.decode(), alike) == [True, True]


ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "list": ("get", {}),
    "page": ("get", {}),
    "open": ("post", {}),
    "beat": ("post", {}),
    "click": ("post", {"strokes": [{"tool": "brush", "size": 20, "points": [[9, 9]]}]}),
    "shop": ("post", {}),
    "thumb.webp": ("get", {}),
    "photo.jpg": ("get", {}),
    "edit": ("post", {"version": 0, "strokes": [{"tool": "brush", "size": 20, "points": [[9, 9]]}]}),
    "skip": ("post", {}),
}
"""What the operator's pages ask of one frame, in an order in which each can be asked."""


def work_for(client: Client, frame: Frame, name: str, spied: list[str]) -> tuple[list[str], list[str], int, list[str]]:
    """What answering costs, whatever the clock says: queries, calls to S3; and status and headers."""
    method, said = ASKED[name]
    said = said | {"version": stamps.of(frame)} if "version" in said else said
    addresses = {
        "list": f"{LIST}?q={frame.code}",
        "page": f"/workbench/?frame={frame.pk}",
        "beat": "/workbench/beat",
    }
    usual = f"/frames/{frame.pk}/1/{name}" if "." in name else f"/workbench/{frame.pk}/{name}"
    said = {"held": [frame.pk]} if name == "beat" else said
    told = {} if method == "get" else {"content_type": "application/json"}
    del spied[:]
    with CaptureQueriesContext(connection) as asked:
        answer = getattr(client, method)(addresses.get(name, usual), said, **told)
    queries = [re.sub(r"'[^']*'|\d+(\.\d+)?", "?", query["sql"]) for query in asked]
    return queries, list(spied), answer.status_code, sorted(answer.headers)


@pytest.fixture
def spied(monkeypatch) -> list[str]:
    """Calls to S3, as they are made."""
    calls: list[str] = []
    call = object_store._call

    def noted(alias: str, operation: str, **more: Any) -> Any:
        calls.append(f"{operation} in {alias}")
        return call(alias, operation, **more)

    monkeypatch.setattr(object_store, "_call", noted)
    return calls


def test_what_is_asked_of_them_costs_the_same_queries_and_calls(alike, services, sign_in, spied):
    """What takes longer is told by a clock; the same steps in the same order aren't."""
    Scorecard.objects.update(width=640, height=480, enhancer=IDENTITY)
    for frame in alike:
        object_store.save_work(naming.original_key(frame.pk), photo())
        save_pictures(frame)
    clients = [sign_in("operator"), sign_in("uploader")]
    User.objects.get(username="uploader").groups.set(Group.objects.filter(name="operator"))
    for client in clients:
        client.get("/workbench/?frame=0")  # what only the first request of a session costs
    Claim.objects.all().delete()
    for name in ASKED:
        audited, held = (work_for(client, frame, name, spied) for client, frame in zip(clients, alike, strict=True))
        assert audited == held, name
        assert audited[2] == HTTPStatus.OK, name


def test_every_list_of_the_admin_answers_only_what_it_offers():
    for model, page in admin.site._registry.items():
        assert isinstance(page, OnlyOfferedLookups), model
        assert not page.lookup_allowed("pk__gt", "1") and not page.lookup_allowed("password__startswith", "a")


@pytest.mark.parametrize("kind", ["approve", "reject", "reprocess"])
def test_the_days_figures_change_alike_after_either_decision(alike, kind, services, sign_in):
    Frame.objects.filter(pk=alike[1].pk).update(was_exception=True)
    Frame.objects.filter(pk=alike[0].pk).update(published_at=timezone.now())
    user = User.objects.create_user("olga")
    changes = []
    for frame in alike:
        before = today(user)
        decisions.decide(kind, frame, frame.version, user, why="blurred" if kind == "reject" else "")
        if kind == "approve" and frame == alike[1]:  # as a worker does soon after
            Frame.objects.filter(pk=frame.pk).update(published_at=timezone.now())
        after = today(user)
        changes.append({name: after[name] - before[name] for name in ("byMe", "byAll", "published", "processed")})
    assert changes[0] == changes[1]
