"""What RQ runs, and the only place that enqueues. The database is the truth: any job may run twice, or never."""

import logging

import django_rq
from redis import RedisError
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.job import JobStatus

from pipeline import intake, processing, publishing, reaper, recalling
from pipeline.models import Batch, Frame
from pipeline.states import State

log = logging.getLogger(__name__)


def process(frame_id: int) -> None:
    frame = processing.run(frame_id)
    if frame and frame.state == State.APPROVED:
        enqueue(frame)


def publish(frame_id: int) -> None:
    publishing.run(frame_id)


def withdraw(frame_id: int) -> None:
    recalling.run(frame_id)


# Step, queue and job.
STEPS = {
    State.RECEIVED: ("process", "process", process),
    State.APPROVED: ("publish", "publish", publish),
    State.WITHDRAWING: ("withdraw", "publish", withdraw),
}


def enqueue(frame: Frame) -> None:
    """Queue a frame's next step, once per version of the frame."""
    name, queue_name, step = STEPS[State(frame.state)]
    queue, job_id = django_rq.get_queue(queue_name), f"{name}-{frame.pk}-{frame.version}"
    try:
        _forget_if_lost(queue, job_id)
        queue.enqueue(step, frame.pk, job_id=job_id, unique=True, result_ttl=0, failure_ttl=5)
    except DuplicateJobError:
        log.debug("%s is queued already", job_id)
    except RedisError as error:
        log.warning("frame %s (%s) waits for the reaper: Redis did not take its job: %s", frame.pk, frame, error)


def _forget_if_lost(queue: Queue, job_id: str) -> None:
    """A worker killed between taking a job off the queue and starting it leaves one that is queued nowhere."""
    job = queue.fetch_job(job_id)
    if job and job.get_status() == JobStatus.QUEUED and job.get_position() is None:
        job.delete()


def submit(batch: Batch, filename: str, data: bytes) -> intake.Receipt:
    """Take a photo in and queue it; raises what intake.receive raises."""
    receipt = intake.receive(batch, filename, data)
    if receipt.frame.state == State.RECEIVED:
        enqueue(receipt.frame)
    return receipt


def reap() -> None:
    for frame in [*reaper.release_lapsed(), *reaper.waiting()]:
        enqueue(frame)
