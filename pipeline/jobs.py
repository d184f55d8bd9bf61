"""What RQ runs, and the only place that enqueues. The database is the truth: any job may run twice, or never."""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.utils import timezone
from redis import RedisError
from rq import Queue
from rq.exceptions import DuplicateJobError, InvalidJobOperation
from rq.job import Job, JobStatus
from structlog.contextvars import get_contextvars

from pipeline import alternatives, intake, processing, queues, reaper
from pipeline.gemini import batch_jobs, batch_results, one_by_one
from pipeline.models import Batch, Frame, GeminiJob, Rendering
from pipeline.shop import rerender
from pipeline.shop.publish import run as publish_files
from pipeline.shop.withdraw import run as withdraw_files
from pipeline.states import State
from pipeline.webhooks import delivery

log = logging.getLogger(__name__)
# So long an admin can see what failed; what waits is queued anew by the reaper all the same.
FAILED_KEPT_SECONDS = 86_400
ALTERNATIVES = {"later": "alternatives", "urgent": "opened"}
"""By queue, how a job is called that makes them: when nothing else waits, or for who looks at the frame."""


def process(frame_id: int) -> None:
    frame = processing.run(frame_id)
    if frame and (frame.state == State.APPROVED or (frame.state == State.ENHANCING and frame.ask_until)):
        enqueue(frame)
    if frame and alternatives.are_wanted(frame):
        _enqueue_alternatives(frame, "later")


def make_alternatives(frame_id: int) -> None:
    alternatives.make(frame_id)


def make_alternatives_now(frame: Frame) -> None:
    """Somebody looks at the frame: nothing that nobody looks at is more urgent."""
    _enqueue_alternatives(frame, "urgent", at_front=True)


def are_alternatives_coming(frame: Frame) -> bool:
    """Whether a job is in line that makes them, or at it."""
    try:
        found = (queues.named(queue).fetch_job(_alternatives_id(frame, queue)) for queue in ALTERNATIVES)
        return any(job and not job.is_failed for job in found)
    except InvalidJobOperation:  # it ended between our two questions
        return False
    except RedisError as error:
        log.warning("frame %s (%s): whether alternatives are coming, Redis doesn't say: %s", frame.pk, frame, error)
        return False


def _alternatives_id(frame: Frame, queue_name: str) -> str:
    return f"{ALTERNATIVES[queue_name]}-{frame.pk}-{frame.attempt}"


def _enqueue_alternatives(frame: Frame, queue_name: str, *, at_front: bool = False) -> None:
    """Without them a frame can be decided all the same."""
    try:
        job_id = _alternatives_id(frame, queue_name)
        _enqueue(queue_name, job_id, make_alternatives, frame.pk, at_front=at_front)
    except RedisError as error:
        log.warning("frame %s (%s) has no alternatives yet: Redis did not take the job: %s", frame.pk, frame, error)


def ask(frame_id: int) -> None:
    frame = one_by_one.run(frame_id)
    if frame and frame.state == State.RECEIVED and not frame.faults:  # after a fault it rests, till the reaper comes
        enqueue(frame)


def publish(frame_id: int) -> None:
    publish_files(frame_id)


def render_again(rendering_id: int) -> None:
    rerender.run(rendering_id)


def withdraw(frame_id: int) -> None:
    frame = withdraw_files(frame_id)
    if frame and frame.state in (State.RECEIVED, State.APPROVED):
        enqueue(frame)


def send_webhooks(endpoint_id: int) -> None:
    delivery.send_due(endpoint_id)


def serve_batch_jobs() -> None:
    """Whatever is to be done about Gemini's Batch jobs; a fault in one leaves the others alone."""
    _serve(batch_jobs.promote_late)
    _serve(batch_jobs.collect)
    for job in batch_jobs.unsubmitted():
        _serve(batch_jobs.submit, job)
    for job in batch_results.to_look_at():
        _serve(batch_results.look_after, job)


def _serve(step: Callable[..., list[Frame]], *jobs: GeminiJob) -> None:
    try:
        for frame in step(*jobs):
            enqueue(frame)
    except Exception:
        log.exception("%s failed", step.__name__)


# Step and job; those of urgent batches come before the others'.
STEPS = {
    State.RECEIVED: ("process", process),
    State.ENHANCING: ("ask", ask),
    State.APPROVED: ("publish", publish),
    State.WITHDRAWING: ("withdraw", withdraw),
}
LIGHT = ("publish", "withdraw")


def _queue_of(frame: Frame, step: str) -> str:
    if step in LIGHT or (step == "process" and frame.wants_gemini):  # which only sends it there
        return "publish"
    return "urgent" if frame.batch.lane == "urgent" else "process"


def _job_id(frame: Frame, step: str) -> str:
    return f"{step}-{frame.pk}-{frame.version}"


def enqueue(frame: Frame) -> None:
    """Queue a frame's next step, once per version of the frame."""
    name, step = STEPS[State(frame.state)]
    try:
        # What must leave the shop goes ahead of all that waits to get in.
        first = frame.state == State.WITHDRAWING
        _enqueue(_queue_of(frame, name), _job_id(frame, name), step, frame.pk, at_front=first)
    except RedisError as error:
        log.warning("frame %s (%s) waits for the reaper: Redis did not take its job: %s", frame.pk, frame, error)


def enqueue_rendering(rendering: Rendering) -> None:
    """After all that waits to come into the shop; the reaper finds it if Redis doesn't take it now."""
    try:
        _enqueue("later", f"render-again-{rendering.pk}", render_again, rendering.pk)
    except RedisError as error:
        log.warning("%s waits for the reaper: Redis did not take its job: %s", rendering, error)


def _enqueue(queue_name: str, job_id: str, step: Callable[..., None], *arguments: int, at_front: bool = False) -> None:
    queue = queues.named(queue_name)
    try:
        _forget_if_over(queue, job_id)
        kept = {"result_ttl": 0, "failure_ttl": FAILED_KEPT_SECONDS}
        meta = {"request": get_contextvars().get("request", "")}  # on behalf of which this is done, for the log
        queue.enqueue(step, *arguments, job_id=job_id, unique=True, at_front=at_front, meta=meta, **kept)
    except DuplicateJobError:
        log.debug("%s is queued already", job_id)


def _forget_if_over(queue: Queue, job_id: str) -> None:
    job = queue.fetch_job(job_id)
    if job and _is_over(job):
        # RQ looks for each run of it, and raises where that lapsed with its worker: the reaper would stop at this job.
        job.connection.delete(job.execution_registry.key)
        with suppress(InvalidJobOperation):
            job.delete()


def _is_over(job: Job) -> bool:
    """A worker killed between taking a job off the queue and starting it leaves one that is queued nowhere."""
    try:
        return job.is_failed or (job.get_status() == JobStatus.QUEUED and job.get_position() is None)
    except InvalidJobOperation:  # it ended between two of our questions, and nothing is kept of those that went well
        return True


def is_queued(frame: Frame) -> bool:
    """Whether its next step is in line, or a worker is at it."""
    name, _ = STEPS[State(frame.state)]
    job = queues.named(_queue_of(frame, name)).fetch_job(_job_id(frame, name))
    return job is not None and not _is_over(job)


def submit(batch: Batch, filename: str, data: bytes, **said: Any) -> intake.Receipt:
    """Take a photo in and queue it; takes and raises what intake.receive does."""
    receipt = intake.receive(batch, filename, data, **said)
    if receipt.frame.state == State.RECEIVED:
        enqueue(receipt.frame)
    return receipt


def reap() -> None:
    for frame in [*reaper.release_lapsed(), *reaper.waiting(), *one_by_one.to_be_asked()[: reaper.SWEEP]]:
        enqueue(frame)
    for rendering in rerender.waiting():
        enqueue_rendering(rendering)
    if _batch_jobs_wait():
        # By the minute: RQ stumbles for a while over a job of that name whose worker was killed.
        _enqueue("publish", f"batch-jobs-{timezone.now():%H%M}", serve_batch_jobs)
    for endpoint in delivery.endpoints_due():
        _enqueue("publish", f"webhooks-{endpoint.pk}_{timezone.now():%H%M}", send_webhooks, endpoint.pk)


def _batch_jobs_wait() -> bool:
    waiting = (batch_jobs.late(), batch_jobs.unsubmitted(), batch_results.to_look_at())
    return batch_jobs.enough_wait() or any(rows.exists() for rows in waiting)
