"""Requests that were answered by 500, or as if all were well, until they were found."""

import json
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client

from pipeline import naming
from pipeline.engines import object_store
from pipeline.models import Frame
from pipeline.states import State
from review.models import Decision
from review.queue import stamps
from tests.pipeline.conftest import photo

HUGE, NO_ID = 10**30, "9" * 5000
DEEP = "[" * 100_000
BAD, GONE, REFUSED = HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT


@pytest.fixture
def browser(sign_in) -> Client:
    """An admin's: refused by no role."""
    client = sign_in("admin")
    client.raise_request_exception = False
    return client


def ask(browser: Client, name: str, body: Any) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return browser.post(f"/workbench/{name}", text, content_type="application/json")


STROKE = {"tool": "brush", "size": 20, "points": [[60, 60]]}
QUESTIONS = [
    ("{}/decide", {"kind": [], "version": 0}, BAD, "kind"),
    ("{}/decide", {"kind": {}, "version": 0}, BAD, "kind"),
    ("{}/decide", {"kind": "reject", "version": 0, "why": []}, BAD, "why"),
    ("{}/decide", '{"kind": "reject", "version": 2, "why": "\\ud800"}', BAD, "why"),
    ("{}/decide", {"kind": "approve", "version": 0, "bridge_x": 10**400}, BAD, "bridge_x"),
    ("{}/decide", {"kind": "approve", "version": True}, BAD, "version"),
    ("{}/decide", DEEP, BAD, "nested"),
    ("{}/decide", '{"kind":' * 100_000, BAD, "nested"),
    ("{}/decide", '{"version": ' + NO_ID + "}", BAD, "JSON"),
    ("{}/decide", "[]", BAD, "object"),
    ("beat", {"held": [HUGE]}, BAD, "held"),
    ("beat", {"held": {}}, None, ""),
    ("beat", {"held": {"1": 1}}, BAD, "held"),
    ("next", {"held": [-HUGE]}, BAD, "held"),
    ("{}/click", {"rung": "../original", "strokes": [STROKE]}, REFUSED, "no alternative"),
    ("{}/click", {"rung": [], "strokes": [STROKE]}, BAD, "rung"),
    ("{}/click", {"strokes": [STROKE | {"size": 10**400}]}, BAD, "stroke"),
    ("{}/click", {"strokes": [STROKE | {"tool": []}]}, BAD, "stroke"),
    ("{}/click", {"strokes": [STROKE | {"points": [[1e308, -1e308], [-1e308, 1e308]]}]}, BAD, "stroke"),
    ("{}/click", {"strokes": {"0": STROKE}}, BAD, "strokes"),
    ("{}/shop", {"bridge_x": 7}, REFUSED, "no bridge"),
    (f"{HUGE}/decide", {"kind": "reject", "version": 0}, GONE, "no such frame"),
    (f"{HUGE}/open", {}, REFUSED, "no longer in the queue"),
    (f"{HUGE}/skip", {}, GONE, "no such frame"),
]


@pytest.mark.parametrize(("name", "body", "status", "words"), QUESTIONS)
def test_the_workbench_says_what_was_wrong_with_a_question(name, body, status, words, held, browser):
    answer = ask(browser, name.format(held.pk), body)
    assert answer.status_code == (status or HTTPStatus.OK)
    if status:
        assert answer["Content-Type"] == "application/problem+json"
        assert words in answer.json()["detail"] and answer.json()["status"] == status
    assert not Decision.objects.exists()


def test_a_rung_is_no_path(held, browser):
    answer = ask(browser, f"{held.pk}/edit", {"rung": "../original", "version": stamps.of(held)})
    assert answer.status_code == REFUSED and "no alternative" in answer.json()["detail"]


@pytest.mark.parametrize("question", ["skip", "shop", "click"])
def test_a_frame_that_is_not_in_the_queue_is_neither_skipped_nor_shown(question, held, browser):
    Frame.objects.filter(pk=held.pk).update(state=State.REJECTED)
    answer = ask(browser, f"{held.pk}/{question}", {"strokes": [STROKE]})
    assert (answer.status_code, Decision.objects.count()) == (REFUSED, 0)
    assert "no longer in the queue" in answer.json()["detail"]


PAGES = [
    ("/admin/r/1/1/", GONE),
    ("/admin/r/abc/1/", GONE),
    (f"/admin/r/{HUGE}/{HUGE}/", GONE),
    (f"/admin/pipeline/frame/{NO_ID}/change/", GONE),
    (f"/admin/pipeline/batch/{NO_ID}/change/", GONE),
    (f"/admin/policies/{HUGE}/", GONE),
    (f"/workbench/?frame={NO_ID}", HTTPStatus.OK),
    (f"/admin/pipeline/batch/{{batch}}/change/?page={NO_ID}", BAD),
    ("/admin/pipeline/batch/{batch}/change/?segment=lost", BAD),
    ("/admin/pipeline/batch/{batch}/change/?segment=%00", BAD),
    ("/admin/pipeline/batch/add/?lane=%00", BAD),
    (f"/frames/{HUGE}/1/photo.jpg", GONE),
    ("/admin/review/queueitem/{frame}/delete/?_to_field=", HTTPStatus.FORBIDDEN),
    (f"/frames/{{frame}}/{HUGE}/photo.jpg", GONE),
]


@pytest.mark.parametrize(("page", "status"), PAGES)
def test_an_address_that_nobody_was_given_is_no_fault_of_the_program(page, status, held, browser):
    assert browser.get(page.format(batch=held.batch_id, frame=held.pk)).status_code == status


@pytest.mark.parametrize("page", ["/admin/review/queueitem/", "/admin/auth/user/"])
@pytest.mark.parametrize("ticked", ["abc", NO_ID, str(HUGE), "-1", "\x00"])
def test_what_is_ticked_in_a_list_and_is_no_row_is_named(page, ticked, held, browser):
    action = "reject" if "queue" in page else "delete_selected"
    form = {"action": action, "_selected_action": [ticked, held.pk]}
    answer = browser.post(page, form)
    assert answer.status_code == BAD and "not the number of a row" in answer.json()["detail"]
    held.refresh_from_db()
    assert held.state == State.EXCEPTION


def test_whoever_looks_at_a_page_is_told_so_on_a_page(held, browser):
    answer = browser.get(f"/admin/pipeline/batch/{held.batch_id}/change/?segment=lost", headers={"accept": "text/html"})
    assert answer.status_code == BAD and "lost" in answer.content.decode()
    assert answer["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("data", [b"no picture", photo()[:400]])
def test_a_photo_that_can_not_be_read_is_not_there(data, held, browser):
    object_store.save_work(naming.original_key(held.pk), data)
    assert browser.get(f"/frames/{held.pk}/1/photo.jpg").status_code == GONE
    for name in ("shop", "click"):
        answer = ask(browser, f"{held.pk}/{name}", {"strokes": [STROKE]})
        assert answer.status_code == REFUSED and "can't be read" in answer.json()["detail"]
    edit = {"strokes": [STROKE], "version": stamps.of(held)}
    assert ask(browser, f"{held.pk}/edit", edit).status_code == REFUSED


def test_a_photo_that_is_gone_is_not_there_and_the_store_is_not_blamed(held, browser):
    object_store.delete_work(naming.original_key(held.pk))
    assert browser.get(f"/frames/{held.pk}/1/photo.jpg").status_code == GONE
    answer = ask(browser, f"{held.pk}/shop", {})
    assert answer.status_code == REFUSED and "gone" in answer.json()["detail"]


def test_a_mask_of_a_matte_that_can_not_be_read_is_not_there(held, browser):
    object_store.save_work(naming.work_key(held.pk, 1, "alpha.png"), b"no matte")
    assert browser.get(f"/frames/{held.pk}/1/mask.png").status_code == GONE


@pytest.mark.parametrize(
    "page", ["/", "/admin/", "/workbench/", "/admin/figures/", "/admin/policies/", "/frames/{}/1/thumb.webp"]
)
def test_head_is_answered_like_get_without_a_body(page, held, browser):
    page = page.format(held.pk)
    head, get = browser.head(page), browser.get(page)
    assert (head.status_code, head.content) == (get.status_code, b"")


def test_head_is_not_allowed_where_get_is_not(held, browser):
    assert browser.head(f"/workbench/{held.pk}/skip").status_code == HTTPStatus.METHOD_NOT_ALLOWED


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["uploader", "manager"])
def test_a_published_file_of_a_frame_whose_number_no_column_holds_is_not_there(role, sign_in):
    client = sign_in(role)
    client.raise_request_exception = False
    answers = [client.get(f"/frames/{number}/files/A_1_white.jpg").status_code for number in (2**63, HUGE)]
    assert answers == [GONE, GONE]
