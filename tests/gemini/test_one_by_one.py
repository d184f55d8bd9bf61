"""The urgent lane: one frame, one call, whatever goes wrong."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import django_rq
import pytest
from django.db import connection
from django.utils import timezone
from redis import RedisError

from pipeline import intake, jobs, naming
from pipeline.engines import object_store
from pipeline.engines.gemini import Answer
from pipeline.gemini import budget, one_by_one, outcomes, pace
from pipeline.models import Batch, Frame, GeminiCall
from pipeline.states import ANSWERED, State
from pipeline.transitions import advance
from review.queue.decisions import Said, reprocess
from tests.gemini import faults
from tests.gemini.conftest import committed, work
from tests.gemini.frames import all_finished, run_until, small_photo, submit
from tests.gemini.server import PRICE
from tests.services import free_ports

pytestmark = [committed, pytest.mark.usefixtures("services", "matter", "quick_publishing")]


def only_frame() -> Frame:
    return Frame.objects.select_related("batch").get()


def test_an_urgent_photo_is_asked_for_and_relit(gemini, urgent):
    submit(urgent)
    run_until(all_finished)
    frame = only_frame()
    call = frame.calls.get()
    assert (frame.gemini, frame.card.enhancer) == (ANSWERED, "gemini-transfer")
    assert (call.outcome, call.cost, call.prompt) == (ANSWERED, PRICE, "studio-1") and call.usage["total"] > 0
    assert object_store.load_work(naming.answer_key(frame.pk))
    history = list(frame.transitions.values_list("target", flat=True))
    assert history[:3] == [State.ENHANCING, State.RECEIVED, State.PROCESSING]


def test_photos_stay_in_the_house_unless_the_uploader_chose_otherwise(gemini):
    submit(intake.open_batch("Local drop", "watch", lane="urgent"))
    run_until(all_finished)
    assert sum(gemini.counts.values()) == 0 and only_frame().card.enhancer == "local-1"


def test_a_batch_cannot_be_for_gemini_without_a_key(settings):
    settings.GEMINI_API_KEY = ""
    with pytest.raises(intake.IntakeError, match="GEMINI_API_KEY"):
        intake.open_batch("Drop", "watch", enhancement="gemini")
    assert not Batch.objects.exists()


@pytest.mark.parametrize(
    ("fault", "said", "cost"),
    [
        ("blocked", "blocked", 0),
        ("safety", "safety", 0),
        ("text-only", "text-only", 0),
        ("truncated-base64", "unreadable", 1),
        ("wrong-mime", "unreadable", 1),
        ("huge-image", "unreadable", 1),
        ("two-images", ANSWERED, 2),
        ("timeout", "no-answer", None),
        ("disconnect-billed", "no-answer", None),
    ],
)
def test_after_any_answer_or_none_the_frame_goes_on_and_is_not_asked_for_again(gemini, urgent, fault, said, cost):
    gemini.script(faults.queue(sync=[fault]))
    submit(urgent)
    run_until(all_finished)
    frame = only_frame()
    assert (frame.gemini, gemini.counts["sync"]) == (said, 1)
    assert frame.calls.get().cost == (None if cost is None else cost * PRICE)
    assert frame.card.enhancer == ("gemini-transfer" if said == ANSWERED else "local-1")


def test_when_gemini_fails_it_is_tried_again_so_often_and_no_more(gemini, urgent, settings):
    gemini.script(faults.queue(sync=["500"] * 9))
    submit(urgent)
    run_until(all_finished)
    assert (only_frame().gemini, gemini.counts["sync"]) == ("failed", settings.GEMINI_MAX_TRIES)
    assert budget.spent_this_month() == 0


def test_a_wrong_key_is_not_tried_again(gemini, urgent, settings):
    settings.GEMINI_API_KEY = "another"
    submit(urgent)
    run_until(all_finished)
    call = only_frame().calls.get()
    assert only_frame().gemini == "refused" and "key" in call.words and "another" not in call.words


def test_a_busy_gemini_says_when_it_is_asked_again_and_nobody_asks_it_before(gemini, urgent):
    gemini.script(faults.queue(sync=["429"]))
    submit(urgent, 2)
    work()
    asked = Frame.objects.filter(state=State.ENHANCING).order_by("pk")
    waits = [frame.not_before - timezone.now() for frame in asked]
    assert len(waits) == 2 and all(
        timedelta(0) < wait <= timedelta(seconds=faults.RETRY_HEADER_SECONDS) for wait in waits
    )
    assert gemini.counts["sync"] == 1
    run_until(all_finished)
    assert set(Frame.objects.values_list("gemini", flat=True)) == {ANSWERED}
    assert sorted(GeminiCall.objects.values_list("outcome", flat=True)) == [ANSWERED, ANSWERED, "busy"]


def test_a_frame_waits_no_longer_for_a_busy_gemini_than_its_time(gemini, urgent, settings):
    settings.GEMINI_URGENT_DEADLINE_MINUTES = 5
    gemini.script(faults.queue(sync=["429-date"]))  # "in ten minutes"
    submit(urgent)
    run_until(all_finished)
    assert (only_frame().gemini, gemini.counts["sync"]) == ("out-of-time", 1)


def test_a_call_whose_worker_died_is_not_made_again(gemini, urgent, monkeypatch):
    monkeypatch.setattr(one_by_one, "_send", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    [frame] = submit(urgent)
    jobs.process(frame.pk)
    with pytest.raises(KeyboardInterrupt):
        one_by_one.run(frame.pk)
    monkeypatch.undo()
    Frame.objects.update(lease_until=timezone.now())
    frame = one_by_one.run(frame.pk)
    assert (frame.state, frame.gemini, gemini.counts["sync"]) == (State.RECEIVED, "no-answer", 0)
    assert frame.calls.get().cost is None and budget.spent_this_month() == PRICE  # as if it had been paid for


def test_a_frame_that_somebody_asks_for_is_left_alone_by_others(gemini, urgent):
    [frame] = submit(urgent)
    jobs.process(frame.pk)
    Frame.objects.update(lease_until=timezone.now() + timedelta(minutes=1))
    assert one_by_one.run(frame.pk) is None and gemini.counts["sync"] == 0


def test_the_budget_stops_gemini_and_not_the_pipeline(gemini, urgent, settings):
    settings.GEMINI_MONTHLY_BUDGET = 2 * PRICE + Decimal("0.01")
    submit(urgent, 4)
    run_until(all_finished)
    said = sorted(Frame.objects.values_list("gemini", flat=True))
    assert said == [ANSWERED, ANSWERED, "budget-spent", "budget-spent"] and gemini.ledger.total == 2 * PRICE


def test_last_months_calls_are_not_in_this_months_budget(gemini, urgent):
    submit(urgent)
    run_until(all_finished)
    GeminiCall.objects.update(asked_at=budget.month_start() - timedelta(seconds=1))
    assert budget.spent_this_month() == 0


def test_a_reprocess_uses_the_picture_that_was_paid_for(gemini, urgent):
    submit(urgent)
    run_until(all_finished)
    Frame.objects.update(state=State.EXCEPTION)
    frame = only_frame()
    advance(frame, State.RECEIVED, actor="olga")
    run_until(all_finished)
    assert gemini.counts["sync"] == 1 and [card.enhancer for card in frame.scorecards.all()] == ["gemini-transfer"] * 2


def test_a_photo_that_cannot_be_read_is_not_sent_anywhere(gemini, urgent):
    jobs.submit(urgent, "P1_1.png", small_photo(1)[:300])
    run_until(all_finished)
    frame = only_frame()
    assert (frame.state, frame.reasons, frame.gemini) == (State.UNREADABLE, ["not-decodable"], "no-photo")
    assert gemini.counts["sync"] == 0


def test_a_frame_replaced_while_gemini_works_on_it_stays_replaced_and_its_cost_is_kept(gemini, urgent, monkeypatch):
    [frame] = submit(urgent)
    jobs.process(frame.pk)
    send = one_by_one._send

    def send_and_lose(frame: Frame, *arguments: object) -> None:
        advance(Frame.objects.get(pk=frame.pk), State.SUPERSEDED, actor="worker")
        send(frame, *arguments)

    monkeypatch.setattr(one_by_one, "_send", send_and_lose)
    one_by_one.run(frame.pk)
    assert only_frame().state == State.SUPERSEDED and only_frame().calls.get().cost == PRICE


def test_an_outage_of_the_store_is_sat_out(gemini, urgent, monkeypatch):
    [frame] = submit(urgent)
    with monkeypatch.context() as outage:
        outage.setattr("pipeline.reaper.SETTLE_SECONDS", 40)
        outage.setattr("pipeline.processing.object_store.load_work", _no_store)
        for _ in range(5):
            jobs.reap()
            work()
    frame.refresh_from_db()
    assert (frame.state, frame.faults) == (State.RECEIVED, 1)  # one try, and a pause


def _no_store(key: str) -> bytes:
    raise object_store.ObjectStoreError("away")


def test_a_fault_of_the_program_after_sending_is_said_and_gemini_not_asked_again(gemini, urgent, monkeypatch):
    monkeypatch.setattr(outcomes, "settle", lambda *_: 1 / 0)
    submit(urgent)
    run_until(all_finished)
    frame = only_frame()
    assert (frame.gemini, gemini.counts["sync"]) == ("no-answer", 1)
    assert "ZeroDivisionError" in frame.calls.get().words and frame.calls.get().cost is None


def test_an_empty_answer_is_a_failure_and_asked_for_again(gemini, urgent, monkeypatch):
    empty = Answer("", "failed", None, "No candidates.", {}, 0)
    monkeypatch.setattr("pipeline.engines.gemini.Gemini.relight", lambda *_: empty)
    submit(urgent)
    run_until(all_finished)
    assert only_frame().gemini == "failed" and only_frame().calls.count() == 3


def test_without_redis_nobody_is_asked_and_nothing_is_lost(gemini, urgent, settings):
    [frame] = submit(urgent)
    jobs.process(frame.pk)
    settings.REDIS_URL = f"redis://127.0.0.1:{free_ports(1)}/0"
    one_by_one.run(frame.pk)
    frame = only_frame()
    assert frame.state == State.ENHANCING and frame.not_before > timezone.now() and gemini.counts["sync"] == 0


def test_a_pause_that_redis_does_not_hear_of_is_kept_by_this_frame(gemini, urgent, monkeypatch):
    gemini.script(faults.queue(sync=["429"]))
    [frame] = submit(urgent)
    jobs.process(frame.pk)
    monkeypatch.setattr(pace, "_hold_back", lambda *_: (_ for _ in ()).throw(RedisError("away")))
    one_by_one.run(frame.pk)
    assert only_frame().not_before > timezone.now() and only_frame().calls.get().outcome == "busy"


def test_workers_at_once_do_not_break_the_budget(gemini, urgent, settings):
    settings.GEMINI_MONTHLY_BUDGET = 2 * PRICE
    frames = submit(urgent, 6)
    for frame in frames:
        jobs.process(frame.pk)
    with ThreadPoolExecutor(6) as workers:
        list(workers.map(_ask_in_a_thread, frames))
    assert gemini.ledger.total <= 2 * PRICE
    assert not GeminiCall.objects.filter(outcome="").exists()


def _ask_in_a_thread(frame: Frame) -> None:
    try:
        one_by_one.run(frame.pk)
    finally:
        connection.close()


def test_two_workers_with_the_same_frame_ask_once(gemini, urgent):
    [frame] = submit(urgent)
    jobs.process(frame.pk)
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(_ask_in_a_thread, [frame] * 4))
    assert gemini.counts["sync"] == 1 and only_frame().gemini == ANSWERED


@pytest.mark.parametrize(("said", "is_asked"), [("failed", True), ("budget-spent", True), ("no-answer", False)])
def test_a_reprocess_asks_anew_where_nothing_was_paid(gemini, urgent, said, is_asked, django_user_model):
    [frame] = submit(urgent)
    Frame.objects.update(state=State.EXCEPTION, gemini=said)
    frame.refresh_from_db()
    reprocess(frame, Said("reprocess", django_user_model.objects.create_user("olga")))
    assert only_frame().gemini == said  # so that an undo leaves it as it was
    Frame.objects.update(not_before=None)
    run_until(all_finished)
    assert (only_frame().gemini, gemini.counts["sync"]) == ((ANSWERED, 1) if is_asked else (said, 0))


def test_what_gemini_said_is_asked_for_once_and_not_after_every_run(gemini, urgent):
    gemini.script(faults.queue(sync=["500"] * 9))
    submit(urgent)
    run_until(all_finished)
    asked = gemini.counts["sync"]
    Frame.objects.update(state=State.PROCESSING)
    advance(only_frame(), State.RECEIVED, actor="worker")  # after a passing fault
    run_until(all_finished)
    assert gemini.counts["sync"] == asked and only_frame().gemini == "failed"


def test_photos_go_to_gemini_without_waiting_for_others_to_be_cut_out(gemini, standard):
    submit(intake.open_batch("Before", "watch"), 3)
    submit(standard, 1, first=3)
    assert [django_rq.get_queue(name).count for name in ("publish", "process")] == [1, 3]


def test_a_photo_sent_again_after_its_upload_broke_off_is_asked_for(gemini, urgent):
    [frame] = submit(urgent)
    object_store._call("work", "delete_object", Key=naming.original_key(frame.pk))
    run_until(all_finished)
    assert (only_frame().reasons, only_frame().gemini) == (["original-missing"], "no-photo")
    submit(urgent)
    run_until(all_finished)
    assert only_frame().gemini == ANSWERED
