"""What is sent twice is done once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connections
from django.utils import timezone

from accounts import roles
from accounts.api import idempotency
from accounts.models import IdempotencyKey
from pipeline.models import Batch, Frame
from pipeline.states import State
from review.models import Decision
from review.queue import stamps
from tests import factories
from tests.api.conftest import problem, waiting


@pytest.fixture
def erp(program):
    return program("uploader", "erp")


def test_a_photo_sent_twice_with_one_key_is_answered_alike(erp, batch_of, services):
    drop = batch_of(erp)
    first, again = (erp.send(drop, "AURA1_1.png", idempotency_key="a") for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again["Idempotency-Replayed"] == "true" and "Idempotency-Replayed" not in first
    assert Frame.objects.count() == 1


def test_a_key_belongs_to_one_request_of_one_account(erp, batch_of, program, services):
    drop = batch_of(erp)
    erp.send(drop, "AURA1_1.png", idempotency_key="a")
    assert problem(erp.send(drop, "AURA2_1.png", idempotency_key="a"))[0] == 422
    assert problem(erp.post("/batches", {"name": "Other"}, idempotency_key="a"))[0] == 422
    assert program("uploader", "other").post("/batches", {"name": "Other"}, idempotency_key="a").status_code == 201


def test_an_opened_batch_is_answered_with_its_address_again(erp):
    first, again = (erp.post("/batches", {"name": "Drop"}, idempotency_key="a") for _ in range(2))
    assert (again["Location"], again.json()) == (first["Location"], first.json())


def test_a_refusal_is_not_kept_so_the_same_key_may_try_again(erp):
    assert problem(erp.post("/batches", {"name": "Drop", "lane": "fast"}, idempotency_key="a"))[0] == 400
    Batch.objects.create(name="Drop", product_class="watch", created_by=erp.user)
    assert problem(erp.post("/batches", {"name": "Drop"}, idempotency_key="a"))[0] == 409
    Batch.objects.update(name="Another")
    assert erp.post("/batches", {"name": "Drop"}, idempotency_key="a").status_code == 201


def test_a_decision_sent_twice_is_made_once_and_one_taken_back_twice_takes_no_other(program, batch_of):
    judge = program("operator")
    frames = [waiting(batch_of(judge), "A"), waiting(Batch.objects.get(), "B")]
    for frame in frames:
        factories.scorecard(frame)
        said = {"kind": "reject", "version": stamps.of(frame)}
        for _ in range(2):
            answer = judge.post(f"/exceptions/{frame.pk}/decisions", said, idempotency_key=frame.code)
            assert answer.status_code == 201
    assert Decision.objects.count() == 2
    for _ in range(2):
        answer = judge.post("/decisions/take-back", idempotency_key="back")
        assert answer.json() == {"frames": [frames[1].pk]}
    assert [frame.state for frame in Frame.objects.order_by("pk")] == [State.REJECTED, State.EXCEPTION]


@pytest.mark.parametrize("key", ["", "x" * 101, "\u00e9"])
def test_a_key_that_is_none_is_refused(erp, key):
    assert problem(erp.post("/batches", {"name": "Drop"}, idempotency_key=key))[0] == 400


def test_one_under_way_is_waited_for_and_one_that_died_is_taken_over(erp):
    erp.post("/batches", {"name": "Drop"}, idempotency_key="a")
    IdempotencyKey.objects.update(status=None)
    answer = erp.post("/batches", {"name": "Drop"}, idempotency_key="a")
    assert problem(answer)[0] == 409 and answer["Retry-After"] == "1"
    IdempotencyKey.objects.update(began_at=timezone.now() - idempotency.GIVEN_UP - timedelta(seconds=1))
    assert erp.post("/batches", {"name": "Drop"}, idempotency_key="a").status_code == 201


def test_keys_are_forgotten_after_a_day(erp):
    erp.post("/batches", {"name": "Drop"}, idempotency_key="a")
    assert idempotency.forget_old() == 0
    IdempotencyKey.objects.update(began_at=timezone.now() - timedelta(hours=25))
    assert idempotency.forget_old() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_is_carried_out_and_the_others_wait_or_are_answered_alike(program, services):
    roles.sync()
    Group.objects.get(name="uploader")
    erp = program("uploader", "erp")
    drop = Batch.objects.create(name="Drop", product_class="watch", created_by=erp.user)

    def send(_: int) -> tuple[int, str]:
        try:
            answer = erp.send(drop, "AURA1_1.png", idempotency_key="a")
            return answer.status_code, answer.get("Idempotency-Replayed", "")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as at_once:
        answers = list(at_once.map(send, range(6)))
    assert answers.count((201, "")) == 1
    assert {*answers} <= {(201, ""), (201, "true"), (409, "")}
    assert Frame.objects.count() == 1 and send(0) == (201, "true")
