"""What RQ knows of workers, queues and failed jobs."""

import logging
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import django_rq
from django.conf import settings
from redis import Redis, RedisError
from rq import Queue, worker_registration
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.executions import Execution
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer
from rq.utils import utcparse

from pipeline.engines import redis_server

log = logging.getLogger(__name__)
FAILED_SHOWN = 20


@dataclass(frozen=True)
class JobSeen:
    """A job, and the frame that it is about, if it is about one."""

    id: str
    step: str
    frame_id: int | None
    since: datetime | None
    error: str = ""


@dataclass(frozen=True)
class WorkerSeen:
    """What a worker says of itself every few seconds."""

    host: str
    pid: int
    since: datetime
    heard_at: datetime
    rss_mb: int | None
    model: str
    runtime: str
    job: JobSeen | None
    shortage: str = ""
    """What its disk is short of, so that it begins nothing."""


@dataclass(frozen=True)
class QueueSeen:
    name: str
    depth: int
    failed: int
    oldest_since: datetime | None


@dataclass(frozen=True)
class Seen:
    """What Redis knows of the work."""

    workers: list[WorkerSeen]
    queues: list[QueueSeen]
    failed: list[JobSeen]


def named(name: str) -> Queue:
    return django_rq.get_queue(name, connection=redis_server.kept(settings.RQ_QUEUES[name]["URL"]))


def workers_alive() -> int:
    """How many take photos now; 0 also where Redis doesn't say."""
    queue = named("process")
    try:
        keys = worker_registration.get_keys(queue)
        return int(queue.connection.exists(*keys)) if keys else 0  # a worker that was killed left its name there
    except RedisError as error:
        log.warning("nobody knows how many workers there are: %s", error)
        return 0


def look() -> Seen:
    """Workers, queues and failed jobs (the newest first)."""
    with redis_server.looking() as redis:
        queues = [Queue(name, connection=redis, serializer=JSONSerializer) for name in settings.RQ_QUEUES]
        failed = [job for queue in queues for job in _failed(queue)]
        failed.sort(key=lambda job: job.since.timestamp() if job.since else 0, reverse=True)
        found = (_worker(redis, key) for key in worker_registration.get_keys(connection=redis))
        workers = sorted((worker for worker in found if worker), key=lambda worker: (worker.host, worker.pid))
        return Seen(workers, [_queue(queue) for queue in queues], failed[:FAILED_SHOWN])


def _worker(redis: Redis, key: str) -> WorkerSeen | None:
    """None of one that died: its name stays behind for a while."""
    said = redis_server.texts(redis, key)
    if not {"birth", "last_heartbeat"} <= said.keys() or "death" in said:
        return None
    return WorkerSeen(
        host=said.get("hostname", ""),
        pid=int(said.get("pid", 0)),
        since=utcparse(said["birth"]),
        heard_at=utcparse(said["last_heartbeat"]),
        rss_mb=int(said["rss_mb"]) if "rss_mb" in said else None,
        model=said.get("model", ""),
        runtime=said.get("runtime", ""),
        job=_at_work(redis, key),
        shortage=said.get("shortage", ""),
    )


def _at_work(redis: Redis, worker_key: str) -> JobSeen | None:
    """What the worker runs now; of one that died in the middle, its last run may stand there for a while."""
    members: Any = redis.smembers(f"{worker_key}:executions")
    runs = [Execution.from_composite_key(member.decode(), connection=redis) for member in members]
    return next((_job(redis, run.job_id) for run in runs if redis.exists(run.key)), None)


def _queue(queue: Queue) -> QueueSeen:
    oldest = next(iter(queue.get_job_ids(0, 1)), None)
    job = queue.fetch_job(oldest) if oldest else None
    failed = FailedJobRegistry(queue=queue).get_job_count(cleanup=False)
    return QueueSeen(queue.name, queue.count, failed, job.enqueued_at if job else None)


def _failed(queue: Queue) -> list[JobSeen]:
    newest = FailedJobRegistry(queue=queue).get_job_ids(0, FAILED_SHOWN - 1, desc=True, cleanup=False)
    return [_job(queue.connection, job_id) for job_id in newest]


def _job(redis: Redis, job_id: str) -> JobSeen:
    """By its name: what a job of an older version carries can't be read."""
    named = re.fullmatch(r"([a-z]+)-(\d+)-\d+", job_id)
    step, frame_id = (named[1], int(named[2])) if named else (job_id.rpartition("-")[0] or job_id, None)
    try:
        job = Job.fetch(job_id, connection=redis, serializer=JSONSerializer)
        error = _error(job) if job.is_failed else ""
    except (NoSuchJobError, InvalidJobOperation):  # the second: it ended between the two questions
        return JobSeen(job_id, step, frame_id, None)
    return JobSeen(job_id, step, frame_id, job.ended_at or job.started_at, error)


def _error(job: Job) -> str:
    """The last line of its traceback."""
    result = job.latest_result()
    lines = (result.exc_string or "").strip().splitlines() if result else []
    return lines[-1][:300] if lines else ""


def run_again(job_id: str) -> bool:
    """Whether it was there to be queued again; twice does no harm."""
    with redis_server.looking() as redis:
        try:
            job = Job.fetch(job_id, connection=redis, serializer=JSONSerializer)
            FailedJobRegistry(job.origin, connection=redis, serializer=JSONSerializer).requeue(job)
        except (NoSuchJobError, InvalidJobOperation):
            return False
    return True
