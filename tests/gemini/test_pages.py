"""What batch and frame pages say about Gemini: lanes, money, and why it was not followed."""

import html
from decimal import Decimal

import pytest
from django.utils import timezone

from pipeline import intake
from pipeline.models import Batch, Frame, GeminiCall, GeminiJob
from pipeline.states import ANSWERED, State
from review.workbench.frame_json import item
from tests.factories import scorecard

KEY = "a-key-that-nobody-may-see"


@pytest.fixture
def batch(db, settings) -> Batch:
    settings.GEMINI_API_KEY, settings.GEMINI_MONTHLY_BUDGET = KEY, Decimal(5)
    return intake.open_batch("Drop", "watch", enhancement="gemini")


def frame(batch: Batch, code: str, **fields) -> Frame:
    usual = {"filename": f"{code}_1.jpg", "code": code, "view": "front", "sha256": code}
    return Frame.objects.create(batch=batch, **usual | fields)


def call(of: Frame, outcome: str, cost: str | None, **fields) -> GeminiCall:
    money = {"price": Decimal("0.0335"), "cost": cost and Decimal(cost)}
    return GeminiCall.objects.create(frame=of, outcome=outcome, model_name="m", prompt="studio-1", **money, **fields)


def text(client, address: str) -> str:
    return html.unescape(" ".join(client.get(address).content.decode().split()))


def test_a_batch_page_counts_who_is_where_what_it_cost_and_why_gemini_did_not_serve(batch, sign_in):
    call(frame(batch, "A", gemini=ANSWERED, state=State.PUBLISHED, attempt=1), ANSWERED, "0.0335")
    call(frame(batch, "B", gemini="blocked", state=State.EXCEPTION, attempt=1), "blocked", "0")
    call(frame(batch, "C", gemini="no-answer", state=State.RECEIVED), "no-answer", None)
    now = timezone.now()
    job = GeminiJob.objects.create(display_name="j", deadline=now, next_look_at=now)
    call(frame(batch, "D", state=State.ENHANCING), "", None, job=job)
    frame(batch, "E", state=State.ENHANCING)
    GeminiCall.objects.filter(pk=call(frame(batch, "F", state=State.SUPERSEDED), "", None).pk).update(price=0)
    page = text(sign_in("uploader"), f"/admin/pipeline/batch/{batch.pk}/change/")
    assert "standard lane, enhanced by Gemini" in page
    for figure in (
        "<dd>1</dd><dt>enhanced by Gemini</dt>",
        "<dd>1</dd><dt>waiting for a Batch job</dt>",
        "<dd>1</dd><dt>at Gemini now</dt>",
        "<dd>$0.10</dd><dt>for this batch, of it up to 1 call without an answer</dt>",
        "<dd>$0.10</dd><dt>of this month's $5.00</dt>",
    ):
        assert figure in page
    assert "1 enhanced here instead: Gemini refused the photo" in page
    assert KEY not in page


def test_a_spent_budget_stands_out(batch, settings, sign_in):
    settings.GEMINI_MONTHLY_BUDGET = Decimal("0.03")
    call(frame(batch, "A", gemini=ANSWERED), ANSWERED, "0.0335")
    assert "<div data-spent>" in text(sign_in("manager"), f"/admin/pipeline/batch/{batch.pk}/change/")


def test_a_batch_that_stays_in_the_house_says_nothing_of_gemini(db, sign_in):
    local = intake.open_batch("Local", "watch")
    page = text(sign_in("uploader"), f"/admin/pipeline/batch/{local.pk}/change/")
    assert "standard lane, enhanced here" in page and "Gemini" not in page


def test_a_frame_page_tells_each_call_with_its_cost_and_why_the_picture_was_not_used(batch, sign_in):
    found = frame(batch, "A", gemini="detail-changed", state=State.EXCEPTION, attempt=1, reasons=["haze"])
    scorecard(found, fidelity={"overlap": 0.91, "detail_lost": 0.7})
    call(found, "failed", "0", words="Gemini failed.")
    call(found, ANSWERED, "0.0335", usage={"total": 1590})
    call(found, "late", None)
    page = text(sign_in("manager"), f"/admin/pipeline/frame/{found.pk}/change/")
    for words in ("standard lane; Gemini changed a detail of the product ($0.067)", "Gemini failed.", "1590"):
        assert words in page
    assert "up to $0.0335" in page and "<dt>detail lost</dt><dd>0.70</dd>" in page and "gemini.webp" in page


def test_the_workbench_says_why_gemini_was_not_followed_but_not_that_it_was(batch, sign_in, django_user_model):
    refused = frame(batch, "A", gemini="outline-changed", state=State.EXCEPTION, attempt=1, reasons=["haze"])
    followed = frame(batch, "B", gemini=ANSWERED, state=State.EXCEPTION, attempt=1, reasons=["haze"])
    for each in (refused, followed):
        scorecard(each)
    olga = django_user_model.objects.create_user("olga")
    words = [[chip["words"] for chip in item(each, olga)["chips"]] for each in (refused, followed)]
    assert words[0][0] == "Gemini changed the product's outline: enhanced here instead"
    assert len(words[0]) == 2 and len(words[1]) == 1


def test_a_waiting_frame_says_what_it_waits_for(batch, sign_in):
    found = frame(batch, "A", state=State.ENHANCING)
    assert "waits for a Batch job" in text(sign_in("manager"), f"/admin/pipeline/frame/{found.pk}/change/")
