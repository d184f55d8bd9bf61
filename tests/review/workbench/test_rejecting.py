"""What an operator tells of a photo that they reject, and what of it is refused."""

import importlib
from http import HTTPStatus
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection

from pipeline.models import Batch, Frame, Rejection
from pipeline.states import State
from review.models import Decision
from review.queue import bulk, decisions, stamps, undo
from review.queue.decisions import RESHOOT_REASONS, SOMETHING_ELSE
from tests.factories import judged, policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga():
    return User.objects.create_user("olga")


@pytest.fixture
def frame():
    batch = Batch.objects.create(name="Spring")
    names = {"filename": "A_1.jpg", "code": "A", "view": "front", "sha256": "0"}
    return Frame.objects.create(batch=batch, state=State.EXCEPTION, reasons=["haze"], attempt=1, **names)


def ask(client, frame, **told):
    asked = {"kind": "reject", "version": stamps.of(frame), "why": "blurred"} | told
    return client.post(f"/workbench/{frame.pk}/decide", asked, content_type="application/json")


def test_reason_words_and_mark_are_kept_for_who_took_the_photo(frame, sign_in):
    answer = ask(sign_in("operator"), frame, remark="  the left lens ", mark=[0.1, 0.2, 0.33333333, 1])
    assert answer.json()["said"] == "A front rejected: it needs a new photo."
    kept = Rejection.objects.values("frame", "needs_photo", "why", "remark", "mark", "by").get()
    assert kept == {
        "frame": frame.pk,
        "needs_photo": True,
        "why": "blurred",
        "remark": "the left lens",
        "mark": [0.1, 0.2, 0.3333, 1.0],
        "by": "operator",
    }
    assert frame.transitions.get().why == "needs a new photo: blurred; the left lens"


def test_something_else_alone_is_refused_and_with_words_the_words_are_what_is_said(frame, sign_in):
    client = sign_in("operator")
    answer = ask(client, frame, why=SOMETHING_ELSE, remark="  ")
    assert answer.status_code == HTTPStatus.CONFLICT and "in your own words" in answer.json()["detail"]
    frame.refresh_from_db()
    assert frame.state == State.EXCEPTION and not Rejection.objects.exists()
    ask(client, frame, why=SOMETHING_ELSE, remark="no strap")
    assert (Rejection.objects.get().why, frame.transitions.get().why) == ("", "needs a new photo: no strap")
    assert SOMETHING_ELSE in RESHOOT_REASONS


@pytest.mark.parametrize(
    "told",
    [
        {"mark": [0.5]},
        {"mark": [0.5, 1.2]},
        {"mark": [-0.1, 0.5]},
        {"mark": [0.5, True]},
        {"mark": ["0.5", 0.5]},
        {"mark": [0.5, 0.5, 0.4, 0.6]},
        {"mark": [0.5, 0.5, 0.6, 0.4]},
        {"mark": {"x": 0.5}},
        {"mark": 0.5},
        {"remark": "a" * 501},
        {"remark": ["soft"]},
    ],
    ids=str,
)
def test_what_is_no_mark_and_no_words_is_refused_and_changes_nothing(told, frame, sign_in):
    assert ask(sign_in("operator"), frame, **told).status_code == HTTPStatus.BAD_REQUEST
    frame.refresh_from_db()
    assert frame.state == State.EXCEPTION and not Rejection.objects.exists()


def test_what_is_told_the_second_time_counts(frame, olga):
    decisions.decide("reject", frame, frame.version, olga, why="blurred", mark=[0.5, 0.5])
    undo.take_back(olga)
    frame.refresh_from_db()
    assert not Rejection.objects.exists()
    decisions.decide("discard", frame, frame.version, olga, remark="cut it by hand")
    told = Rejection.objects.get()
    assert (told.needs_photo, told.why, told.remark, told.mark) == (False, "", "cut it by hand", [])


def test_many_rejected_from_the_list_are_asked_for_too(frame, olga):
    bulk.decide("reject", [frame], {frame.pk: frame.version}, olga)
    assert Rejection.objects.get().needs_photo


@pytest.mark.parametrize("kind", ["reject", "discard"])
def test_what_an_audit_tells_is_kept_like_any_other_and_so_is_that_it_was_taken_back(kind, frame, olga):
    audited = judged(1, policy(is_active=True), haze=0.1).frame
    told = {"why": "blurred", "remark": "the left lens", "mark": [0.5, 0.5]}
    for one in (frame, audited):
        decisions.decide(kind, one, one.version, olga, **told)
    first, second = Rejection.objects.order_by("frame").values("needs_photo", "why", "remark", "mark", "by")
    assert first == second and second["remark"] == "the left lens"
    undo.take_back(olga)
    assert Rejection.objects.get().frame == frame


def test_what_was_rejected_before_there_was_a_list_is_on_it(frame, olga):
    decisions.decide("reject", frame, frame.version, olga, why="blurred")
    undo.take_back(olga)
    frame.refresh_from_db()
    decisions.decide("reject", frame, frame.version, olga, why="badly lit")
    Rejection.objects.all().delete()
    migration = importlib.import_module("review.migrations.0006_old_rejections")
    migration.keep_what_was_told(apps, SimpleNamespace(connection=connection))
    told = Rejection.objects.get()
    assert (told.frame, told.needs_photo, told.why, told.by) == (frame, True, "badly lit", "olga")
    assert told.at == Decision.objects.filter(kind="reject").last().at
