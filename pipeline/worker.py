"""The warm worker: one process that keeps the model loaded and runs job after job.

RQ's own worker forks for each job, which would load the model each time; an ONNX session must not cross a fork.
Run it as `manage.py rqworker-pool publish urgent process later --worker-class pipeline.worker.WarmWorker`.
"""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.db import close_old_connections
from redis.client import Pipeline
from redis.exceptions import RedisError, ResponseError
from rq import SimpleWorker
from rq.exceptions import DeserializationError, StopRequested
from rq.executions import Execution
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus
from structlog.contextvars import bound_contextvars

from pipeline import space
from pipeline.heartbeat import beating

log = logging.getLogger(__name__)
Result = TypeVar("Result")
HEARTBEAT_SECONDS = 5
# A worker killed with -9 is noticed when this has passed without a heartbeat.
TTL_SECONDS = 20
LIGHT_QUEUES = {"publish"}
"""Whose jobs cut nothing out."""
ROOM_SECONDS = 2
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class WarmWorker(SimpleWorker):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        ours = {"worker_ttl": TTL_SECONDS, "maintenance_interval": HEARTBEAT_SECONDS, "serializer": JSONSerializer}
        super().__init__(*args, **{**kwargs, **ours})
        for queue in self.queues:  # the pool makes them with RQ's default, and a pickle from Redis may run anything
            queue.serializer = JSONSerializer
        self._parent_pid = os.getppid()
        self._model: dict[Any, Any] = {}
        self._shortage = ""

    def work(self, *args: Any, **kwargs: Any) -> bool:
        """Load the model in this process, if its queues need one; then work until told to stop or due for recycling."""
        # Until RQ installs its own handlers, those inherited from the pool would stop our siblings, not us.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: sys.exit(0))
        if any(queue.name not in LIGHT_QUEUES for queue in self.queues):
            self._warm_up()
        ours = {
            # RQ's housekeeping every few seconds would drown what is said about the photos.
            "logging_level": "WARNING",
            "max_jobs": settings.WORKER_MAX_JOBS,
            # The database and the reaper decide what runs when; a scheduler would outlive a killed worker.
            "with_scheduler": False,
        }
        return super().work(*args, **{**kwargs, **ours})

    def _warm_up(self) -> None:
        from pipeline.cutout import matte_models  # here: ONNX must not be touched before the pool forks

        try:
            self._model = {**matte_models.warm_up()}
        except Exception as error:
            log.critical("the model could not be loaded: %s", error)
            time.sleep(HEARTBEAT_SECONDS)  # the pool starts another at once
            sys.exit(1)

    def register_birth(self) -> None:
        self._when_redis_takes_writes(super().register_birth)

    def check_for_suspension(self, burst: bool) -> None:
        self._when_redis_takes_writes(partial(super().check_for_suspension, burst))

    def dequeue_job_and_maintain_ttl(self, *args: Any, **kwargs: Any) -> tuple[Job, Queue] | None:
        self._wait_for_room()
        return self._when_redis_takes_writes(partial(super().dequeue_job_and_maintain_ttl, *args, **kwargs))

    def _when_redis_takes_writes(self, act: Callable[[], Result]) -> Result:
        """RQ would quit, and the pool load a model each second, while Redis' own disk is full."""
        told = False
        while True:
            try:
                done = act()
                break
            except ResponseError as error:
                if not told:
                    log.error("worker %d begins no photo until Redis takes writes: %s", os.getpid(), error)
                told = True
            if self._stop_requested:
                raise StopRequested
            self._stop_without_pool()
            time.sleep(ROOM_SECONDS)
        if told:
            self._be_known_again()
        return done

    def _be_known_again(self) -> None:
        """Redis forgets a worker that it took no heartbeat of."""
        if not self.connection.hexists(self.key, "birth"):
            self.connection.delete(self.key)
            super().register_birth()

    def _wait_for_room(self) -> None:
        """Begin nothing while the disk is full; who is asked to stop meanwhile stops."""
        while not self._stop_requested and (shortage := space.shortage()):
            if shortage != self._shortage:
                log.error("worker %d begins no photo until there is room: %s", os.getpid(), shortage)
            self._shortage = shortage
            try:
                self.heartbeat()
            except RedisError as error:
                log.error("Redis went away while worker %d waits for room: %s", os.getpid(), error)
            self._stop_without_pool()
            time.sleep(ROOM_SECONDS)
        if self._shortage:
            log.info("worker %d goes on: there is room again", os.getpid())
        self._shortage = ""

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """RQ's own, and for the operations page what this process holds."""
        connection = self.connection if pipeline is None else pipeline
        try:
            super().heartbeat(timeout, pipeline=pipeline)
            connection.hset(self.key, mapping={"rss_mb": resident_mb(), "shortage": self._shortage, **self._model})
        except ResponseError as error:  # RQ would quit for it
            log.error("worker %d missed a heartbeat: %s", os.getpid(), error)

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:
        return TTL_SECONDS

    def execute_job(self, job: Job, queue: Queue) -> None:
        close_old_connections()
        try:
            if is_readable(job):
                self._perform(job, queue)
            else:
                log.warning("job %s is of an older version and dropped: the reaper queues its frame anew", job.id)
                job.delete()
            self.set_state(WorkerStatus.IDLE)
        except RedisError as error:
            # Nothing is lost: the frame's state is in the database, and the reaper reads it there.
            log.error("Redis failed during job %s: %s", job.id, error)
            self.executions.clear()
            self._wait_for_redis()
        finally:
            close_old_connections()
        if resident_mb() > settings.WORKER_MAX_RSS_MB:
            log.info("worker %d uses %d MB and makes way for a fresh one", os.getpid(), resident_mb())
            self._stop_requested = True

    def _perform(self, job: Job, queue: Queue) -> None:
        execution = self.prepare_execution(job)
        about = {"stage": job.id.partition("-")[0], "request": job.meta.get("request", "")}
        with self._heartbeats(job, execution), bound_contextvars(**about):
            self.perform_job(job, queue, execution)

    def _heartbeats(self, job: Job, execution: Execution) -> AbstractContextManager[None]:
        """Tell RQ every few seconds, from a thread, that this job is still at work."""

        def beat() -> bool:
            try:
                self.maintain_heartbeats(job, execution)
            except RedisError as error:
                log.error("a heartbeat of job %s was missed: %s", job.id, error)
            return True

        return beating(beat, HEARTBEAT_SECONDS)

    def _wait_for_redis(self) -> None:
        while not self._stop_requested:
            try:
                self.connection.ping()
                return
            except ResponseError:  # it is there; that it takes no writes is told before the next job
                return
            except RedisError:
                time.sleep(1)

    def set_shutdown_requested_date(self) -> None:
        """RQ notes this from within its signal handler: an error here would surface in the middle of a matte."""
        try:
            super().set_shutdown_requested_date()
        except RedisError as error:
            log.error("Redis went away while worker %d was asked to stop: %s", os.getpid(), error)

    def run_maintenance_tasks(self) -> None:
        self._stop_without_pool()
        self._wait_for_room()
        self._when_redis_takes_writes(super().run_maintenance_tasks)

    def _stop_without_pool(self) -> None:
        if os.getppid() != self._parent_pid:
            log.warning("worker %d stops: its pool is gone", os.getpid())
            raise StopRequested


def is_readable(job: Job) -> bool:
    """Whether it is JSON: older versions queued pickles."""
    try:
        return bool(job.func_name)
    except DeserializationError:
        return False


def resident_mb() -> int:
    """Memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * PAGE_BYTES // 1_000_000
