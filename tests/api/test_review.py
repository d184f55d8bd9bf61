"""The queue, decisions and figures for programs: as on the pages, and no more than there."""

import urllib.request
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import ServiceAccount
from pipeline.models import Batch, Frame
from pipeline.states import State
from review.models import Claim, Decision
from review.queue import stamps
from tests import factories
from tests.api.conftest import problem, waiting


@pytest.fixture
def judge(program):
    return program("operator", "judge")


@pytest.fixture
def held(judge, batch_of) -> Frame:
    frame = waiting(batch_of(judge), "A")
    factories.scorecard(frame, **factories.bridge_fields())
    return frame


def test_the_queue_tells_why_in_words_and_never_the_verdict(judge, held):
    (row,) = judge.get("/exceptions").json()["results"]
    told = judge.get(f"/exceptions/{held.pk}").json()
    assert row["id"] == told["id"] == held.pk and row["reasons"][0]["code"] == "haze" and row["can_approve"]
    assert not {"confidence", "threshold", "state", "scorecard", "publish"} & {*row, *told}


def test_an_audit_looks_like_any_other_exception(judge, held):
    Frame.objects.filter(pk=held.pk).update(state=State.PUBLISHED, audit_due="drawn", reasons=[])
    (row,) = judge.get("/exceptions").json()["results"]
    assert set(row) == {
        *("id", "version", "batch", "filename", "code", "view", "product_class"),
        *("waiting_since", "reasons", "can_approve"),
    }
    assert row["reasons"] and row["version"] == stamps.of(held)


def test_a_decision_is_carried_out_on_the_version_that_was_seen(judge, held):
    path = f"/exceptions/{held.pk}/decisions"
    assert problem(judge.post(path, {"kind": "reject", "version": 7}))[0] == 409
    answer = judge.post(path, {"kind": "reject", "version": stamps.of(held), "why": "blurred", "mark": [0.1, 0.2]})
    assert (answer.status_code, answer.json()["frame"]) == (201, held.pk)
    held.refresh_from_db()
    assert (held.state, held.rejection.why, held.rejection.mark) == (State.REJECTED, "blurred", [0.1, 0.2])
    (row,) = judge.get("/decisions").json()["results"]
    assert (row["kind"], row["is_taken_back"]) == ("reject", False) and "occasion" not in row and "label" not in row
    assert judge.post("/decisions/take-back").json() == {"frames": [held.pk]}
    assert judge.get("/decisions").json()["results"][0]["is_taken_back"]
    assert problem(judge.post("/decisions/take-back"))[0] == 409


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"kind": "buy", "version": 0},
        {"kind": "approve", "version": "0"},
        {"kind": "reject", "version": 0, "mark": [9]},
    ],
)
def test_what_the_workbench_would_not_understand_is_refused(judge, held, said):
    assert problem(judge.post(f"/exceptions/{held.pk}/decisions", said))[0] == 400
    assert not Decision.objects.exists()


def approval(frame: Frame) -> dict[str, object]:
    return {"kind": "approve", "version": stamps.of(frame)}


def test_what_somebody_has_in_hand_is_theirs(judge, held):
    Claim.objects.create(frame=held, by="olga", until=timezone.now() + timedelta(minutes=1))
    assert judge.get("/exceptions").json()["results"] == []
    status, words = problem(
        judge.post(f"/exceptions/{held.pk}/decisions", {"kind": "approve", "version": stamps.of(held)})
    )
    assert status == 409 and "olga is looking at" in words


def test_with_four_eyes_a_program_does_not_decide_what_it_sent(judge, held, settings):
    settings.FOUR_EYES = True
    assert judge.get("/exceptions").json()["results"] == []
    assert problem(judge.post(f"/exceptions/{held.pk}/decisions", approval(held)))[0] == 409


def test_pictures_come_by_links(judge, services):
    from pipeline import intake
    from tests.hostile.conftest import save_pictures
    from tests.pipeline.conftest import photo

    frame = intake.receive(intake.open_batch("Spring", "watch"), "A_1.png", photo()).frame
    Frame.objects.filter(pk=frame.pk).update(state=State.EXCEPTION, attempt=1, reasons=["haze"])
    frame.refresh_from_db()
    save_pictures(frame)
    for url in judge.get(f"/exceptions/{frame.pk}").json()["pictures"].values():
        with urllib.request.urlopen(url) as answer:
            assert answer.read(4) == b"RIFF"


def test_figures_are_those_of_the_page(program, held):
    manager = program("manager")
    Frame.objects.update(processed_at=timezone.now(), was_exception=True)
    told = manager.get("/insights?period=7").json()
    sent = next(one for one in told["headlines"] if one["name"] == "Sent to review")
    assert sent["value"] == "100 %" and "1 of 1 photos" in sent["detail"]
    day = next(table for table in told["tables"] if table["name"] == "day")
    assert all(len(row) == len(day["columns"]) for row in day["rows"])
    assert problem(manager.get("/insights?period=custom"))[0] == 400


def test_who_may_ask_what(program, held):
    asked = {
        "/batches": "uploader manager admin",
        "/exceptions": "operator manager admin",
        "/insights": "manager admin",
    }
    programs = {role: program(role) for role in ("uploader", "operator", "manager", "admin")}
    for path, may in asked.items():
        answers = {role: one.get(path).status_code for role, one in programs.items()}
        assert {role for role, status in answers.items() if status == 200} == {*may.split()}
        assert {status for role, status in answers.items() if role not in may.split()} <= {403}


def test_admins_make_give_new_secrets_to_and_revoke_service_accounts(sign_in, client):
    browser = sign_in("admin")
    page = "/admin/accounts/serviceaccount/"
    role = browser.get(f"{page}add/").context["adminform"].form.fields["role"].queryset.get(name="uploader")
    shown = browser.post(f"{page}add/", {"name": "erp", "role": role.pk, "purpose": "the ERP"})
    secret = shown.context["made"][0][1]
    assert shown.status_code == 200 and "no-store" in shown["Cache-Control"] and secret in shown.content.decode()
    account = ServiceAccount.objects.get()
    assert (str(account), account.made_by, account.user.is_staff) == ("erp", "admin", False)

    def obtains(password: str) -> int:
        said = {"username": "erp", "password": password}
        return client.post("/api/v1/token", said, "application/json").status_code

    assert obtains(secret) == 200
    assert "never" in browser.get(page).content.decode()
    ticked = {"_selected_action": [account.pk]}
    again = browser.post(page, {"action": "new_secret", **ticked}).context["made"][0][1]
    assert (obtains(secret), obtains(again)) == (401, 200)
    browser.post(page, {"action": "revoke", **ticked})
    assert obtains(again) == 401
    again = browser.post(page, {"action": "new_secret", **ticked}, follow=True)
    assert "Revoked, so without a new secret: erp" in again.content.decode()
    assert secret not in browser.get(page).content.decode()
    assert "erp" not in browser.get("/admin/auth/user/").content.decode().replace("superuser", "")


def test_a_program_can_not_sign_in_to_pages(program, client):
    erp = program("admin", "erp")
    form = {"username": "erp", "password": erp.secret}
    assert client.post("/admin/login/", form).status_code == 200  # the form again
    from accounts import roles

    roles.sync()
    assert client.post("/admin/login/", form).status_code == 200
    assert Batch.objects.count() == 0
