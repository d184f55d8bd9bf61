"""Who decides isn't to know which frames are only audited: no question tells them from exceptions alike in all else."""

import itertools
from http import HTTPStatus
from urllib.parse import urlencode

import pytest
from django.contrib import admin

from accounts.lists import OnlyOfferedLookups
from pipeline.models import Frame
from review.admin import QueueAdmin
from review.models import QueueItem
from tests.factories import judged, policy

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
    assert set(allowed) == {"view", "batch", "batch__id", "product_class"}


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


def test_every_list_of_the_admin_answers_only_what_it_offers():
    for model, page in admin.site._registry.items():
        assert isinstance(page, OnlyOfferedLookups), model
        assert not page.lookup_allowed("pk__gt", "1") and not page.lookup_allowed("password__startswith", "a")
