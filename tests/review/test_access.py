"""What roles may do, and see, once they are there. Who may reach what is in tests/hostile/rules.py."""

from http import HTTPStatus

import pytest
from django.contrib.auth.models import Group, User

from pipeline.models import Batch, Frame
from pipeline.states import State
from pipeline.words import in_words
from review.models import Claim
from review.queue import stamps
from tests.factories import scorecard

ROLES = ("uploader", "operator", "manager", "admin", "nobody")
DECIDERS = {"operator", "manager", "admin"}
UPLOADERS = {"uploader", "manager", "admin"}


@pytest.fixture
def frame(db):
    batch = Batch.objects.create(name="Spring")
    return Frame.objects.create(
        batch=batch, filename="A_1.jpg", code="A", view="front", sha256="0", state=State.EXCEPTION, reasons=["haze"]
    )


ASKED = {
    "next": {},
    "beat": {},
    "{frame}/open": {},
    "{frame}/decide": {"kind": "reject", "version": 0},
    "{frame}/edit": {"version": 0, "strokes": []},
    "{frame}/click": {},
    "{frame}/shop": {},
    "{frame}/skip": {},
    "undo": {},
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("question", ASKED)
def test_the_workbench_answers_those_who_may_decide_only(role, question, frame, sign_in, services):
    page = f"/workbench/{question.format(frame=frame.pk)}"
    asked = ASKED[question] | ({"version": stamps.of(frame)} if "version" in ASKED[question] else {})
    answer = sign_in(role).post(page, asked, content_type="application/json")
    assert (answer.status_code == HTTPStatus.FORBIDDEN) == (role not in DECIDERS)
    frame.refresh_from_db()
    assert (frame.state != State.EXCEPTION) == (role in DECIDERS and "decide" in question)


@pytest.mark.parametrize("role", ROLES)
def test_only_those_who_may_upload_do(role, sign_in, services):
    response = sign_in(role).post("/admin/pipeline/batch/add/", {"name": "Drop", "product_class": "eyewear"})
    expected = HTTPStatus.BAD_REQUEST if role in UPLOADERS else HTTPStatus.FORBIDDEN
    assert response.status_code == expected or (role == "nobody" and response.status_code == HTTPStatus.FOUND)
    assert not Batch.objects.filter(name="Drop").exists()


def test_operators_see_doubts_but_neither_confidence_nor_verdict_before_they_decide(frame, sign_in):
    frame.reasons = ["haze", "low-confidence"]
    frame.attempt = 1
    frame.save()
    scorecard(frame)
    page = f"/workbench/{frame.pk}/open"
    operator = sign_in("operator").post(page, {}, content_type="application/json").content.decode().lower()
    Claim.objects.all().delete()
    manager = sign_in("manager").post(page, {}, content_type="application/json").content.decode().lower()
    assert in_words("haze") in operator
    assert not {
        words for words in ("0.43", "0.65", in_words("low-confidence"), "waiting for review") if words in operator
    }
    assert "0.43" in manager and "0.65" in manager


@pytest.mark.parametrize(
    ("role", "landing"),
    [
        ("uploader", "/admin/pipeline/batch/"),
        ("operator", "/workbench/"),
        ("manager", "/admin/figures/"),
    ],
)
def test_everyone_lands_on_the_page_they_came_for(role, landing, sign_in):
    assert sign_in(role).get("/").url == landing


def test_somebody_without_a_role_is_told_whom_to_ask(sign_in):
    assert sign_in("nobody").get("/").status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize(
    "page",
    ["/admin/pipeline/batch/{}/change/", "/admin/pipeline/frame/{}/change/", "/admin/review/queueitem/{}/change/"],
)
@pytest.mark.parametrize("number", ["abc", "999999", "99999999999999999999999"])
def test_an_address_that_leads_nowhere_is_no_fault_of_the_program(page, number, sign_in):
    response = sign_in("manager").get(page.format(number))
    assert response.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.FOUND)


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "[]",
        "no json",
        '{"kind": "delete", "version": 0}',
        '{"kind": [], "version": 0}',
        '{"kind": "reject", "version": "x"}',
        '{"kind": "approve", "version": 0, "bridge_x": NaN}',
        '{"kind": "approve", "version": 0, "bridge_x": "7 px"}',
    ],
)
def test_a_decision_that_is_none_is_refused(body, frame, sign_in):
    page = f"/workbench/{frame.pk}/decide"
    response = sign_in("operator").post(page, body, content_type="application/json")
    assert response.status_code == HTTPStatus.BAD_REQUEST and response.json()["detail"]
    frame.refresh_from_db()
    assert frame.state == State.EXCEPTION


def test_an_admin_can_not_become_superuser_through_anothers_password(sign_in):
    owner = User.objects.create_superuser("owner", password="the-owners-own")
    passwords = {"password1": "taken-over-1", "password2": "taken-over-1"}
    sign_in("admin").post(f"/admin/auth/user/{owner.pk}/password/", passwords)
    owner.refresh_from_db()
    assert owner.check_password("the-owners-own")


def test_an_admin_gives_roles_but_can_not_make_a_superuser(sign_in):
    admin = sign_in("admin")
    account = User.objects.create_user("newcomer")
    page = f"/admin/auth/user/{account.pk}/change/"
    operator = Group.objects.get(name="operator")
    admin.post(page, {"username": "newcomer", "groups": [operator.pk], "is_active": "on", "is_superuser": "on"})
    account.refresh_from_db()
    assert (account.is_superuser, account.is_staff, list(account.groups.all())) == (False, True, [operator])
