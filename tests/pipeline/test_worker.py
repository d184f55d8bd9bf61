"""Real Valkey, real RQ jobs; the model is loaded only where a test is marked slow."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ResponseError
from rq import Queue
from rq.job import Job
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer

from pipeline import jobs
from pipeline import worker as worker_module
from pipeline.cutout import matte_models
from pipeline.engines import embedded
from pipeline.states import State
from pipeline.worker import TTL_SECONDS, WarmWorker
from tests.pipeline.conftest import photo
from tests.services import ROOT, environment
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(redis_server: str) -> Queue:
    return Queue("process", connection=Redis.from_url(redis_server), serializer=JSONSerializer)


@pytest.fixture
def worker(queue: Queue, monkeypatch: pytest.MonkeyPatch, settings) -> Iterator[WarmWorker]:
    """A worker in this process, with an empty model, that puts our signal handlers back."""
    monkeypatch.setattr(matte_models, "warm_up", lambda: {"model": "drawn 123", "runtime": "onnxruntime"})
    settings.WORKER_MAX_RSS_MB = 1_000_000  # other tests have loaded models into this process
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield WarmWorker([queue], connection=queue.connection)
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_the_model_is_loaded_before_the_first_job_is_taken(worker, queue, monkeypatch):
    waiting_at_load: list[int] = []
    monkeypatch.setattr(matte_models, "warm_up", lambda: waiting_at_load.append(queue.count) or {})
    queue.enqueue("time.sleep", 0)
    worker.work(burst=True)
    assert waiting_at_load == [1]
    assert queue.count == 0


def test_a_worker_whose_queues_cut_nothing_out_loads_no_model(worker, queue, monkeypatch):
    monkeypatch.setattr(matte_models, "warm_up", lambda: pytest.fail("a model was loaded"))
    light = Queue("publish", connection=queue.connection, serializer=JSONSerializer)
    job = light.enqueue("time.sleep", 0)
    WarmWorker([light], connection=queue.connection).work(burst=True)
    assert job.get_status() == "finished"


def test_a_model_that_does_not_load_ends_the_worker_and_leaves_the_jobs(worker, queue, monkeypatch):
    monkeypatch.setattr(worker_module, "HEARTBEAT_SECONDS", 0)
    monkeypatch.setattr(matte_models, "warm_up", lambda: 1 / 0)
    queue.enqueue("time.sleep", 0)
    with pytest.raises(SystemExit):
        worker.work(burst=True)
    assert queue.count == 1


def test_a_job_that_fails_does_not_end_the_worker(worker, queue):
    queue.enqueue("operator.truediv", 1, 0)
    second = queue.enqueue("time.sleep", 0)
    worker.work(burst=True)
    assert second.get_status() == "finished"


class Trap:
    """Leaves a file behind where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


def test_a_pickle_in_redis_is_dropped_unread_wherever_it_lies(worker, queue, tmp_path):
    """Its arguments, and what RQ's upkeep reads of jobs whose worker is dead."""
    pickles = Queue("process", connection=queue.connection)
    job = pickles.enqueue("time.sleep", Trap(tmp_path / "arguments"), meta={"note": Trap(tmp_path / "meta")})
    lost = pickles.enqueue("time.sleep", 0, meta={"note": Trap(tmp_path / "lost")})
    queue.connection.lrem(queue.key, 1, lost.id)
    queue.connection.zadd(StartedJobRegistry(queue=queue).key, {f"{lost.id}:dead": 1})
    worker.work(burst=True)
    assert (queue.count, queue.fetch_job(job.id)) == (0, None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db(transaction=True)
def test_a_job_of_an_older_version_is_dropped_and_its_frame_queued_anew(
    worker, queue, buckets, batch, matter, monkeypatch
):
    frame = jobs.submit(batch, "AURA1_1.png", photo()).frame
    queue.empty()
    pickles = Queue("process", connection=queue.connection)
    pickles.enqueue(jobs.process, frame.pk, job_id=f"process-{frame.pk}-{frame.version}", unique=True)
    worker.work(burst=True)
    frame.refresh_from_db()
    assert (frame.state, queue.count) == (State.RECEIVED, 0)
    monkeypatch.setattr("pipeline.reaper.SETTLE_SECONDS", 0)
    jobs.reap()
    worker.work(burst=True)
    frame.refresh_from_db()
    assert frame.state == State.APPROVED


def test_the_workers_that_the_pool_starts_read_no_pickle(queue, worker):
    as_the_pool_makes_it = WarmWorker([Queue("process", connection=queue.connection)], connection=queue.connection)
    assert [found.serializer for found in as_the_pool_makes_it.queues] == [JSONSerializer]


def test_a_worker_makes_way_after_its_number_of_jobs(worker, queue, settings):
    settings.WORKER_MAX_JOBS = 2
    for _ in range(3):
        queue.enqueue("time.sleep", 0)
    worker.work(burst=True)
    assert queue.count == 1


def test_a_worker_that_has_grown_too_big_makes_way_after_its_job(worker, queue, settings):
    settings.WORKER_MAX_RSS_MB = 1
    for _ in range(2):
        queue.enqueue("time.sleep", 0)
    worker.work(burst=True)
    assert queue.count == 1


def test_a_worker_whose_pool_is_gone_takes_no_more_jobs(worker, queue, monkeypatch):
    monkeypatch.setattr(os, "getppid", lambda: -1)
    queue.enqueue("time.sleep", 0)
    worker.work(burst=True)
    assert queue.count == 1


def test_a_long_job_is_kept_alive_and_a_dead_one_is_missed_within_the_ttl(worker, queue, monkeypatch):
    monkeypatch.setattr(worker_module, "HEARTBEAT_SECONDS", 0.2)
    registry = StartedJobRegistry(queue=queue)
    deadlines: list[float] = []

    def watch() -> None:
        while not deadlines or registry.count:
            deadlines.extend(score for _, score in queue.connection.zrange(registry.key, 0, -1, withscores=True))
            time.sleep(0.2)

    thread = threading.Thread(target=watch)
    thread.start()
    queue.enqueue("time.sleep", 2.5)
    worker.work(burst=True)
    thread.join()
    assert deadlines[-1] > deadlines[0]
    assert max(deadlines) <= time.time() + TTL_SECONDS


def takes_writes(connection: Redis, does: bool) -> None:
    """As with a full disk of its own: Valkey may be asked to write only with replicas, and has none."""
    connection.config_set("min-replicas-to-write", 0 if does else 1)


def test_a_worker_waits_to_be_known_while_redis_takes_no_writes(worker, queue, monkeypatch, caplog):
    queue.enqueue("time.sleep", 0)
    takes_writes(queue.connection, False)
    monkeypatch.setattr("pipeline.worker.time.sleep", lambda _seconds: takes_writes(queue.connection, True))
    worker.work(burst=True)
    assert queue.count == 0 and caplog.text.count("begins no photo until Redis takes writes: ") == 1


def refuse_writes(url: str) -> None:
    """A job."""
    takes_writes(Redis.from_url(url), False)


def test_a_worker_that_redis_forgot_meanwhile_is_known_again(worker, queue, redis_server, monkeypatch):
    queue.enqueue("tests.pipeline.test_worker.refuse_writes", redis_server)

    def wait(_seconds: float) -> None:
        takes_writes(queue.connection, True)
        queue.connection.delete(worker.key)

    monkeypatch.setattr("pipeline.worker.time.sleep", wait)
    worker.work(burst=True)
    assert queue.connection.hexists(worker.key, "birth")


def test_a_worker_stops_though_redis_takes_no_writes(worker, queue, redis_server, monkeypatch):
    queue.enqueue("tests.pipeline.test_worker.refuse_writes", redis_server)
    monkeypatch.setattr("pipeline.worker.time.sleep", lambda _seconds: setattr(worker, "_stop_requested", True))
    try:
        worker.work(burst=True)
    except ResponseError:  # it can't sign off either
        pass
    finally:
        takes_writes(queue.connection, True)
    assert worker._stop_requested


class Pool:
    """`manage.py rqworker-pool` as the Procfile runs it, with a Valkey of its own."""

    def __init__(self, folder: Path) -> None:
        quick = {"DJANGO_SETTINGS_MODULE": "tests.quick.settings", "MATTES": "stand-in"}  # its jobs only sleep
        self.environment = environment(folder) | quick
        url = self.environment["REDIS_URL"]
        self.valkey = embedded.valkey(url=url, folder=folder / "redis", log_folder=folder / "log")
        self.start_valkey()
        self.queue = Queue("process", connection=Redis.from_url(url), serializer=JSONSerializer)
        command = [sys.executable, "manage.py", "rqworker-pool", "publish", "process", "--num-workers", "2"]
        command += ["--worker-class", "pipeline.worker.WarmWorker"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=os.environ | self.environment, start_new_session=True)

    def start_valkey(self) -> None:
        self.valkey_process = embedded.start(self.valkey)
        embedded.wait_until_up(self.valkey, self.valkey_process)

    def stop_valkey(self) -> None:
        embedded.stop([self.valkey_process])

    def worker_pids(self) -> set[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return {int(pid) for pid in children.split()}

    def close(self) -> None:
        embedded.stop([self.process, self.valkey_process])


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Pool]:
    pool = Pool(tmp_path)
    yield pool
    pool.close()


def is_finished(job: Job) -> bool:
    return bool(job.get_status() == "finished")


@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_its_sibling_goes_on(pool):
    first = pool.queue.enqueue("time.sleep", 0)
    wait_for(lambda: is_finished(first), 60)
    before = pool.worker_pids()
    os.kill(min(before), signal.SIGKILL)
    # Until its socket is closed, Redis may still hand the dead worker a job; the reaper finds such a frame.
    wait_for(lambda: min(before) not in pool.worker_pids(), 10)
    job = pool.queue.enqueue("time.sleep", 0)
    wait_for(lambda: is_finished(job), 30)
    wait_for(lambda: len(pool.worker_pids()) == 2 and pool.worker_pids() != before, 10)


@pytest.mark.slow
def test_a_restart_of_redis_in_the_middle_of_a_job_leaves_workers_that_work(pool):
    job = pool.queue.enqueue("time.sleep", 2)
    wait_for(lambda: job.get_status() == "started", 60)
    pool.stop_valkey()
    time.sleep(3)
    pool.start_valkey()
    following = [pool.queue.enqueue("time.sleep", 0) for _ in range(4)]
    wait_for(lambda: all(is_finished(job) for job in following), 30)
    wait_for(lambda: len(pool.worker_pids()) == 2, 10)


@pytest.mark.slow
def test_workers_outlive_a_redis_that_takes_no_writes(pool):
    first = pool.queue.enqueue("time.sleep", 0)
    wait_for(lambda: is_finished(first), 60)
    before = pool.worker_pids()
    busy = pool.queue.enqueue("time.sleep", 2)
    wait_for(lambda: busy.get_status() == "started", 10)
    takes_writes(pool.queue.connection, False)
    time.sleep(TTL_SECONDS / 2)  # more than an idle worker waits between two of its heartbeats
    takes_writes(pool.queue.connection, True)
    job = pool.queue.enqueue("time.sleep", 0)
    wait_for(lambda: is_finished(job), 30)
    assert pool.worker_pids() == before
