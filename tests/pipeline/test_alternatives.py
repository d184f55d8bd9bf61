"""What people can choose from is made once a frame waits for them, or when somebody opens it."""

import django_rq
import pytest
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from pipeline import alternatives, jobs, naming, processing
from pipeline.cutout import matte_models
from pipeline.engines import object_store
from pipeline.engines.object_store import ObjectStoreError
from pipeline.models import Frame, GatePolicy, LaterMatte
from pipeline.states import State
from tests.pipeline.conftest import photo
from tests.services import free_ports

DOUBTFUL = photo(touch_border=True)
# Jobs are queued at commit.
committed = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def second_model(matter, monkeypatch):
    monkeypatch.setattr(matte_models, "second_matter", lambda: matter)


@pytest.fixture
def held(received):
    return processing.run(received("AURA1_1.png", DOUBTFUL).pk)


@committed
def test_a_held_frame_is_queued_behind_all_that_nobody_waits_for_and_gets_its_choices(received, redis_server):
    frame = received("AURA1_1.png", DOUBTFUL)
    jobs.process(frame.pk)
    frame.refresh_from_db()
    assert frame.state == State.EXCEPTION and django_rq.get_queue("later").count == 1
    jobs.make_alternatives(frame.pk)
    assert [other["rung"] for other in frame.card.alternatives] == ["difference", "relit"]
    for other in frame.card.alternatives:
        assert object_store.load_work(naming.work_key(frame.pk, 1, other["picture"])).startswith(b"RIFF")
        assert object_store.load_work(naming.work_key(frame.pk, 1, naming.alternative_name(other["rung"], "png")))


@committed
def test_a_published_frame_that_nobody_looks_at_pays_nothing(received, redis_server):
    GatePolicy.objects.update(document=GatePolicy.objects.get(is_active=True).document | {"audit_rate": 0})
    jobs.process(received("AURA1_1.png").pk)
    assert Frame.objects.get().state == State.APPROVED and django_rq.get_queue("later").count == 0


@committed
def test_they_are_promised_for_as_long_as_a_job_is_to_make_them(held, redis_server, monkeypatch):
    assert not jobs.are_alternatives_coming(held)
    jobs.make_alternatives_now(held)
    assert jobs.are_alternatives_coming(held)
    monkeypatch.setattr(alternatives, "make", lambda _: 1 / 0)
    SimpleWorker(["urgent"], connection=django_rq.get_connection("urgent"), serializer=JSONSerializer).work(burst=True)
    assert django_rq.get_queue("urgent").failed_job_registry.count == 1  # operations count it
    assert not jobs.are_alternatives_coming(held)


@committed
def test_nothing_is_promised_while_the_queue_is_away(held, settings, redis_server, monkeypatch):
    jobs.make_alternatives_now(held)
    monkeypatch.setitem(settings.RQ_QUEUES["urgent"], "URL", f"redis://127.0.0.1:{free_ports(1)}/0")
    assert not jobs.are_alternatives_coming(held)


@committed
def test_who_opens_a_frame_has_them_made_before_all_else(held, redis_server):
    other = django_rq.get_queue("urgent").enqueue(len, "")
    jobs.make_alternatives_now(held)
    assert django_rq.get_queue("urgent").job_ids == [f"opened-{held.pk}-1", other.id]


def test_they_are_made_once(held, matter, monkeypatch):
    alternatives.make(held.pk)
    made = list(LaterMatte.objects.values())
    monkeypatch.setattr(matter, "matte", lambda _: 1 / 0)
    alternatives.make(held.pk)
    assert list(LaterMatte.objects.values()) == made


def test_a_frame_that_was_decided_meanwhile_costs_nothing(held, matter, monkeypatch):
    Frame.objects.update(state=State.REJECTED)
    monkeypatch.setattr(matter, "matte", lambda _: 1 / 0)
    alternatives.make(held.pk)
    assert not LaterMatte.objects.exists()


def test_while_the_store_is_away_none_are_made_and_the_frame_can_be_decided(held, monkeypatch, caplog):
    def away(*_):
        raise ObjectStoreError("away")

    monkeypatch.setattr(object_store, "load_work", away)
    alternatives.make(held.pk)
    assert "has no alternatives: away" in caplog.text
    assert alternatives.are_wanted(held)
