"""With a real Valkey: from submit to the published bucket, the way a worker runs it."""

import gc
from datetime import timedelta
from typing import Any

import django_rq
import pytest
from django.utils import timezone
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer

from pipeline import jobs, queues
from pipeline.models import Frame
from pipeline.states import State
from tests.pipeline.conftest import photo
from tests.services import free_ports

# Jobs are queued at commit; the shipped policy must outlive the clean-up.
committed = pytest.mark.django_db(transaction=True)


def work() -> None:
    queues = [django_rq.get_queue(name) for name in ("publish", "process")]
    SimpleWorker(queues, connection=queues[0].connection, serializer=JSONSerializer).work(burst=True)


@committed
def test_a_submitted_photo_is_published_and_a_doubtful_one_held(batch, services, matter):
    good = jobs.submit(batch, "AURA1_1.png", photo()).frame
    doubtful = jobs.submit(batch, "AURA2_1.png", photo(touch_border=True)).frame
    work()
    good.refresh_from_db()
    doubtful.refresh_from_db()
    assert (good.state, doubtful.state) == (State.PUBLISHED, State.EXCEPTION)


@committed
def test_a_frame_is_queued_once_however_often_it_is_asked_for(batch, services):
    frame = jobs.submit(batch, "AURA1_1.png", photo()).frame
    jobs.enqueue(frame)
    jobs.submit(batch, "AURA1_1.png", photo())
    assert django_rq.get_queue("process").count == 1


@committed
def test_however_often_is_asked_no_more_connections_are_held(batch, services):
    """Those of clients that were dropped stay open until Python collects them, which in a quiet loop may be never."""
    frame = jobs.submit(batch, "AURA1_1.png", photo()).frame
    redis = django_rq.get_connection("process")
    before = len(redis.client_list())
    gc.disable()
    try:
        for _ in range(30):
            jobs.enqueue(frame)
            jobs.is_queued(frame)
            jobs.are_alternatives_coming(frame)
            queues.workers_alive()
        assert len(redis.client_list()) <= before + 1
    finally:
        gc.enable()


@committed
def test_a_job_that_a_dying_worker_took_with_it_is_queued_again(batch, services, matter, monkeypatch):
    frame = jobs.submit(batch, "AURA1_1.png", photo()).frame
    queue = django_rq.get_queue("process")
    queue.connection.lpop(queue.key)  # taken off the queue, never started
    monkeypatch.setattr("pipeline.reaper.SETTLE_SECONDS", 0)
    jobs.reap()
    work()
    frame.refresh_from_db()
    assert frame.state == State.PUBLISHED


@committed
def test_a_job_whose_worker_was_killed_holds_up_neither_its_frame_nor_the_others(batch, services, matter, monkeypatch):
    frames = [jobs.submit(batch, f"AURA{number}_1.png", photo(30 + number)).frame for number in (1, 2)]
    queue = django_rq.get_queue("process")
    for job in queue.get_jobs():
        queue.connection.lrem(queue.key, 0, job.id)  # both were taken off the queue by workers that began, and died
        queue.connection.zadd(job.execution_registry.key, {"lapsed": 2_000_000_000})
    monkeypatch.setattr("pipeline.reaper.SETTLE_SECONDS", 0)
    jobs.reap()
    work()
    for frame in frames:
        frame.refresh_from_db()
        assert frame.state == State.PUBLISHED


@committed
def test_a_photo_taken_in_while_redis_is_away_is_processed_when_it_is_back(
    batch, services, matter, monkeypatch, settings
):
    with monkeypatch.context() as away:
        away.setitem(settings.RQ_QUEUES["process"], "URL", f"redis://127.0.0.1:{free_ports(1)}/0")
        frame = jobs.submit(batch, "AURA1_1.png", photo()).frame
    assert frame.state == State.RECEIVED
    monkeypatch.setattr("pipeline.reaper.SETTLE_SECONDS", 0)
    jobs.reap()
    work()
    frame.refresh_from_db()
    assert frame.state == State.PUBLISHED


@committed
def test_a_job_that_ends_between_two_questions_stops_neither_upload_nor_sweep(batch, services, monkeypatch):
    """RQ keeps nothing of a job that went well: asked for its status then, it raises."""
    frame = jobs.submit(batch, "AURA1_1.png", photo()).frame
    queue = django_rq.get_queue("process")
    fetch = Queue.fetch_job

    def ends_just_now(queue: Queue, job_id: str) -> Job | None:
        job = fetch(queue, job_id)
        if job:
            queue.connection.delete(job.key)
        return job

    monkeypatch.setattr(Queue, "fetch_job", ends_just_now)
    assert jobs.submit(batch, "AURA1_1.png", photo()).is_duplicate
    Frame.objects.filter(pk=frame.pk).update(state_since=timezone.now() - timedelta(minutes=5))
    jobs.reap()
    monkeypatch.undo()
    assert jobs.is_queued(frame) and frame.pk == queue.fetch_job(f"process-{frame.pk}-0").args[0]


@committed
def test_a_job_that_ends_while_operations_look_at_it_is_named_all_the_same(batch, services, monkeypatch):
    frame = jobs.submit(batch, "AURA1_1.png", photo()).frame
    queue = django_rq.get_queue("process")
    (job_id,) = queue.job_ids
    queue.connection.zadd(queue.failed_job_registry.key, {job_id: 2_000_000_000})
    fetch = Job.fetch

    def ends_just_now(*named: str, **told: Any) -> Job:
        job = fetch(*named, **told)
        job.connection.delete(job.key)
        return job

    monkeypatch.setattr(Job, "fetch", ends_just_now)
    assert queues.look().failed == [queues.JobSeen(job_id, "process", frame.pk, None)]
