"""The standard lane: Batch jobs collected, submitted once, matched, cancelled when late."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from pipeline import intake, jobs
from pipeline.engines.gemini import Answer, Outcome
from pipeline.gemini import batch_jobs, batch_results, client, outcomes
from pipeline.models import Frame, GeminiCall, GeminiJob
from pipeline.states import ANSWERED, State
from pipeline.transitions import advance
from tests.gemini import faults
from tests.gemini.conftest import committed, work
from tests.gemini.frames import all_finished, run_until, small_photo, submit
from tests.gemini.server import API_KEY, PRICE

HALF = PRICE / 2


@pytest.fixture
def product(services, matter, quick_publishing) -> None:
    """Everything a frame meets on its way."""


def said() -> list[str]:
    return list(Frame.objects.order_by("pk").values_list("gemini", flat=True))


def wait_for_a_job(count: int = 1) -> GeminiJob:
    """Let frames be collected and their job be submitted, but nothing be looked at yet."""
    work()
    for _ in range(count):
        batch_jobs.collect()
    for job in batch_jobs.unsubmitted():
        batch_jobs.submit(job)
    return GeminiJob.objects.latest("pk")


@committed
def test_standard_photos_go_together_at_half_the_price(gemini, standard, product):
    submit(standard, 3)
    run_until(all_finished)
    assert said() == [ANSWERED] * 3 and (gemini.counts["submit"], gemini.counts["sync"]) == (1, 0)
    assert set(GeminiCall.objects.values_list("cost", flat=True)) == {HALF}
    assert gemini.ledger.total == 3 * HALF


@committed
def test_a_job_is_made_of_so_many_or_when_one_has_waited_so_long(gemini, standard, product, settings):
    settings.GEMINI_BATCH_COUNT, settings.GEMINI_BATCH_AGE_SECONDS = 3, 600
    submit(standard, 2)
    work()
    assert not batch_jobs.enough_wait()
    submit(standard, 1, first=2)
    work()
    assert batch_jobs.enough_wait()
    settings.GEMINI_BATCH_COUNT = 4
    assert not batch_jobs.enough_wait()
    Frame.objects.filter(code="P0").update(state_since=timezone.now() - timedelta(seconds=601))
    assert batch_jobs.enough_wait()


@committed
def test_what_waits_is_collected_once_though_two_saw_it_waiting(gemini, standard, product):
    submit(standard, 2)
    work()
    frames = list(batch_jobs.uncollected())
    batch_jobs.collect()
    batch_jobs._write_down(frames)
    assert (GeminiJob.objects.count(), GeminiCall.objects.count()) == (1, 2)


@committed
def test_a_worker_that_dies_after_submitting_does_not_pay_twice(gemini, standard, product, monkeypatch):
    submit(standard, 2)
    with monkeypatch.context() as dying:
        dying.setattr(batch_jobs, "_send", _send_and_die)
        with pytest.raises(KeyboardInterrupt):
            wait_for_a_job()
    assert gemini.counts["submit"] == 1 and GeminiJob.objects.get().name == ""
    GeminiJob.objects.update(next_look_at=timezone.now())
    run_until(all_finished)
    assert gemini.counts["submit"] == 1 and said() == [ANSWERED] * 2 and gemini.ledger.total == 2 * HALF


def _send_and_die(job: GeminiJob, photos: dict[str, bytes]) -> None:
    client.gemini(job.model_name).submit(job.display_name, photos, client.prompt(job.prompt))
    raise KeyboardInterrupt


@committed
def test_a_worker_that_dies_before_submitting_leaves_a_job_that_is_submitted_later(
    gemini, standard, product, monkeypatch
):
    submit(standard, 2)
    with monkeypatch.context() as dying:
        dying.setattr(batch_jobs, "_send", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            wait_for_a_job()
    GeminiJob.objects.update(next_look_at=timezone.now())
    run_until(all_finished)
    assert gemini.counts["submit"] == 1 and said() == [ANSWERED] * 2


@committed
def test_a_submission_without_an_answer_is_looked_for_by_its_name(gemini, standard, product):
    gemini.script(faults.queue(submit=["submit-timeout"]))
    submit(standard, 2)
    run_until(all_finished)
    assert len(gemini.jobs) == gemini.counts["submit"] == 1 and said() == [ANSWERED] * 2


@committed
def test_a_late_job_is_cancelled_and_its_photos_are_asked_for_one_by_one(gemini, standard, product):
    gemini.script(faults.queue(job=["stuck"]))
    submit(standard, 2)
    wait_for_a_job()
    GeminiJob.objects.update(deadline=timezone.now())
    run_until(all_finished)
    assert said() == [ANSWERED] * 2 and (gemini.counts["cancel"], gemini.counts["sync"]) == (1, 2)
    assert gemini.ledger.total == 2 * PRICE
    assert sorted(GeminiCall.objects.values_list("outcome", flat=True)) == [ANSWERED, ANSWERED, "missing", "missing"]


@committed
def test_a_job_that_cannot_be_cancelled_is_given_up_and_not_paid_for_again(gemini, standard, product, monkeypatch):
    monkeypatch.setattr(batch_jobs, "GRACE", timedelta(seconds=0.5))
    gemini.script(faults.queue(job=["stuck-for-good"]))
    submit(standard, 2)
    wait_for_a_job()
    GeminiJob.objects.update(deadline=timezone.now())
    run_until(all_finished)
    assert said() == ["late"] * 2 and gemini.counts["sync"] == 0
    assert Frame.objects.first().card.enhancer == "local-1"


@committed
def test_photos_that_no_job_took_in_time_are_asked_for_one_by_one(gemini, standard, product, settings):
    settings.GEMINI_BATCH_AGE_SECONDS = 100_000
    submit(standard, 1)
    work()
    Frame.objects.update(
        state_since=timezone.now() - timedelta(minutes=settings.GEMINI_BATCH_DEADLINE_MINUTES, seconds=1)
    )
    run_until(all_finished)
    assert said() == [ANSWERED] and (gemini.counts["submit"], gemini.counts["sync"]) == (0, 1)


@committed
@pytest.mark.parametrize("fault", ["failed", "expired", "partial", "cancelled"])
def test_what_a_job_left_undone_is_asked_for_by_itself(gemini, standard, product, fault):
    gemini.script(faults.queue(job=[fault]))
    submit(standard, 4)
    run_until(all_finished)
    undone = {"failed": 4, "expired": 4, "partial": 2, "cancelled": 2}[fault]
    assert said() == [ANSWERED] * 4 and gemini.counts["sync"] == undone
    assert gemini.ledger.total == (4 - undone) * HALF + undone * PRICE and gemini.ledger.paid_twice == set()


@committed
def test_the_budget_lets_as_many_photos_through_as_it_can_pay(gemini, standard, product, settings):
    settings.GEMINI_MONTHLY_BUDGET = 2 * HALF + Decimal("0.001")
    submit(standard, 3)
    run_until(all_finished)
    assert said() == [ANSWERED, ANSWERED, "budget-spent"] and gemini.ledger.total == 2 * HALF


@committed
def test_a_frame_replaced_while_its_job_runs_stays_replaced_and_its_cost_is_kept(gemini, standard, product):
    submit(standard, 2)
    wait_for_a_job()
    first = Frame.objects.get(code="P0")
    advance(first, State.SUPERSEDED, actor="worker")
    run_until(all_finished)
    assert Frame.objects.get(code="P0").state == State.SUPERSEDED
    assert set(GeminiCall.objects.values_list("cost", flat=True)) == {HALF}


@committed
def test_a_picture_that_cannot_be_stored_is_fetched_again_and_not_paid_for_again(
    gemini, standard, product, monkeypatch
):
    submit(standard, 2)
    job = wait_for_a_job()
    with monkeypatch.context() as outage:
        outage.setattr("pipeline.gemini.outcomes.object_store.save_work", _no_store)
        for _ in range(3):
            GeminiJob.objects.update(next_look_at=timezone.now())
            batch_results.look_after(GeminiJob.objects.get(pk=job.pk))
    assert GeminiJob.objects.get().ended_at is None and said() == ["", ""]
    run_until(all_finished)
    assert said() == [ANSWERED] * 2 and gemini.ledger.total == 2 * HALF


def _no_store(key: str, data: bytes) -> None:
    raise outcomes.object_store.ObjectStoreError("away")


@committed
def test_urgent_photos_are_worked_on_before_others(gemini, product):
    import django_rq

    submit(intake.open_batch("Later", "watch"), 1)
    submit(intake.open_batch("Now", "watch", lane="urgent"), 1, first=1)
    assert [django_rq.get_queue(name).count for name in ("urgent", "process")] == [1, 1]


def calls(*numbers: int) -> list[GeminiCall]:
    return [GeminiCall(pk=number) for number in numbers]


def answer(key: str, outcome: Outcome = "image") -> Answer:
    return Answer(key, outcome, b"", "", {}, 1)


def pairs(*answers: Answer, asked: int) -> tuple[dict[int, Answer], int]:
    found, nameless = batch_results.matched(calls(*range(1, asked + 1)), answers)
    return {call.pk: answer for call, answer in found}, len(nameless)


def test_answers_in_any_order_find_their_photo():
    one, two = answer("1"), answer("2")
    assert pairs(two, one, asked=2) == ({1: one, 2: two}, 0)


def test_of_an_answer_given_twice_the_first_counts():
    first = answer("1")
    assert pairs(first, answer("1", "blocked"), asked=1) == ({1: first}, 0)


def test_answers_without_a_key_are_told_by_their_order():
    lost, kept = answer(""), answer("2")
    also_lost = answer("")
    assert pairs(lost, kept, also_lost, asked=3) == ({1: lost, 2: kept, 3: also_lost}, 0)


def test_the_only_answer_without_a_key_is_the_only_photos_without_one():
    lost = answer("")
    assert pairs(answer("3"), lost, answer("1"), asked=3)[0][2] is lost


def test_answers_without_a_key_are_not_guessed_at():
    assert pairs(answer("4"), answer(""), answer(""), answer("1"), asked=4)[1] == 2  # out of order
    assert pairs(answer("1"), answer(""), asked=3)[1] == 1  # one of two


@committed
def test_answers_that_cannot_be_told_apart_are_paid_for_and_not_asked_for_again(gemini, standard, product):
    gemini.script(faults.queue(entry=["lost-metadata", "missing"]))
    submit(standard, 3)
    run_until(all_finished)
    assert said() == ["unmatched", "unmatched", ANSWERED] and gemini.counts["sync"] == 0
    assert sum(call.cost for call in GeminiCall.objects.all()) == gemini.ledger.total == 2 * HALF


@committed
def test_a_photo_missing_from_a_job_that_succeeded_may_be_paid_for_and_is_not_asked_for_again(
    gemini, standard, product
):
    gemini.script(faults.queue(entry=["missing"]))
    submit(standard, 2)
    run_until(all_finished)
    assert said() == ["no-answer", ANSWERED] and gemini.counts["sync"] == 0


@committed
def test_a_photo_that_was_never_sent_does_not_disturb_the_order_of_answers(gemini, standard, product):
    gemini.script(faults.queue(entry=["lost-metadata"]))
    jobs.submit(standard, "P9_1.png", small_photo(9)[:300])
    submit(standard, 2)
    run_until(all_finished)
    assert said() == ["no-photo", ANSWERED, ANSWERED]


@committed
def test_a_photo_that_was_replaced_before_its_job_is_sent_is_not_sent(gemini, standard, product):
    submit(standard, 2)
    work()
    batch_jobs.collect()
    advance(Frame.objects.get(code="P0"), State.SUPERSEDED, actor="worker")
    run_until(all_finished)
    assert gemini.ledger.images == 1 and Frame.objects.get(code="P1").gemini == ANSWERED


@committed
def test_a_job_is_sent_to_the_model_that_it_was_collected_for(gemini, standard, product, settings):
    submit(standard, 1)
    work()
    batch_jobs.collect()
    settings.GEMINI_MODEL = "unknown-model"
    run_until(all_finished)
    assert said() == [ANSWERED]


@committed
def test_fresh_photos_do_not_share_the_fate_of_late_ones(gemini, standard, product, settings):
    submit(standard, 2)
    work()
    minutes = settings.GEMINI_BATCH_DEADLINE_MINUTES + 1
    Frame.objects.filter(code="P0").update(state_since=timezone.now() - timedelta(minutes=minutes))
    run_until(all_finished)
    assert said() == [ANSWERED] * 2 and gemini.ledger.total == PRICE + HALF


@committed
def test_a_job_that_gemini_does_not_know_any_more_is_given_up_at_once(gemini, standard, product):
    submit(standard, 1)
    wait_for_a_job()
    GeminiJob.objects.update(name="batches/another", display_name="another", next_look_at=timezone.now())
    run_until(all_finished)
    assert said() == ["late"] and "does not know" in GeminiCall.objects.get().words


@committed
def test_a_key_that_is_refused_for_a_while_loses_no_job(gemini, standard, product, settings):
    submit(standard, 1)
    job = wait_for_a_job()
    settings.GEMINI_API_KEY = "refused"
    client.gemini.cache_clear()
    GeminiJob.objects.update(next_look_at=timezone.now())
    assert batch_results.look_after(GeminiJob.objects.get(pk=job.pk)) == []
    settings.GEMINI_API_KEY = API_KEY
    client.gemini.cache_clear()
    run_until(all_finished)
    assert said() == [ANSWERED]


@committed
def test_a_job_whose_look_kills_workers_is_given_up(gemini, standard, product, monkeypatch):
    submit(standard, 1)
    job = wait_for_a_job()
    monkeypatch.setattr("pipeline.engines.gemini.Gemini.poll", lambda *_: pytest.fail("looked at once more"))
    GeminiJob.objects.update(deadline=timezone.now() - 4 * batch_jobs.GRACE, next_look_at=timezone.now())
    assert [frame.gemini for frame in batch_results.look_after(GeminiJob.objects.get(pk=job.pk))] == ["late"]


@committed
def test_a_fault_of_the_program_while_submitting_leaves_the_job_for_later(gemini, standard, product, monkeypatch):
    submit(standard, 1)
    with monkeypatch.context() as broken:
        broken.setattr(client, "prompt", lambda name: 1 / 0)
        job = wait_for_a_job()
    assert "division by zero" in GeminiJob.objects.get(pk=job.pk).words
    run_until(all_finished)
    assert said() == [ANSWERED] and gemini.counts["submit"] == 1


@committed
def test_a_lapsed_key_sends_what_waits_on_its_way(gemini, standard, product, settings):
    submit(standard, 2)
    work()
    settings.GEMINI_API_KEY = ""
    run_until(all_finished)
    assert said() == ["switched-off"] * 2 and sum(gemini.counts.values()) == 0


@committed
def test_a_fault_of_the_program_while_looking_after_a_job_is_said_and_ends(gemini, standard, product, monkeypatch):
    submit(standard, 1)
    job = wait_for_a_job()
    monkeypatch.setattr(batch_results, "matched", lambda *_: 1 / 0)
    for _ in range(3):
        GeminiJob.objects.update(next_look_at=timezone.now())
        batch_results.look_after(GeminiJob.objects.get(pk=job.pk))
    assert "division by zero" in GeminiJob.objects.get().words
    GeminiJob.objects.update(deadline=timezone.now() - 2 * batch_jobs.GRACE, next_look_at=timezone.now())
    for frame in batch_results.look_after(GeminiJob.objects.get(pk=job.pk)):
        jobs.enqueue(frame)
    run_until(all_finished)
    assert said() == ["late"]


@committed
def test_a_job_that_gemini_refuses_again_and_again_is_undone_and_its_photos_asked_for_by_themselves(
    gemini, standard, product, settings
):
    gemini.script(faults.queue(submit=["500"] * 9))
    submit(standard, 2)
    run_until(all_finished)
    assert said() == [ANSWERED] * 2 and gemini.counts["submit"] == settings.GEMINI_MAX_TRIES


@committed
def test_a_busy_gemini_gets_the_job_later(gemini, standard, product):
    gemini.script(faults.queue(submit=["429", "503"]))
    submit(standard, 1)
    wait_for_a_job()
    assert GeminiJob.objects.get().next_look_at > timezone.now()
    for _ in range(2):
        GeminiJob.objects.update(next_look_at=timezone.now())
        jobs.serve_batch_jobs()
    run_until(all_finished)
    assert said() == [ANSWERED] and (gemini.counts["submit"], gemini.counts["sync"]) == (3, 0)
