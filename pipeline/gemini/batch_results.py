"""Batch jobs at Gemini looked after: polled, their answers told apart, cancelled when they are late."""

import logging
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from pipeline.engines.gemini import Answer, Failed, GeminiError, Job
from pipeline.engines.object_store import ObjectStoreError
from pipeline.gemini import batch_jobs, budget, client, outcomes
from pipeline.models import Frame, GeminiCall, GeminiJob
from pipeline.models.gemini import NOTHING, UNDER_WAY

log = logging.getLogger(__name__)
NEVER_SENT = ("no-photo", "moved-on")


def to_look_at() -> QuerySet[GeminiJob]:
    """Jobs to look at now."""
    return GeminiJob.objects.exclude(name="").filter(ended_at=None, next_look_at__lte=timezone.now())


def look_after(job: GeminiJob) -> list[Frame]:
    """Look at one job; returns the frames that go on, or are asked for by themselves."""
    if not batch_jobs.hold(job):
        return []
    too_late = (job.cancelled_at or job.deadline) + batch_jobs.GRACE
    if timezone.now() > too_late + 2 * batch_jobs.GRACE:  # looking at it kills workers
        return batch_jobs.give_up(job, "Given up: no worker outlived a look at it.")
    try:
        seen = client.gemini(job.model_name).poll(job.name)
        if seen.state != "running":
            return _harvest(job, seen)
        _cancel_if_late(job)
        words = seen.words
    except (GeminiError, ObjectStoreError) as error:
        log.warning("%s: %s", job, error)
        words = str(error)
        if isinstance(error, Failed) and error.is_lasting and _is_unknown(job):
            return batch_jobs.give_up(job, "Gemini does not know the job any more.")
    except Exception as error:
        log.exception("%s: a fault in the program", job)
        words = f"A fault in the program ({type(error).__name__}: {error}); please report it."
    if timezone.now() > too_late:
        return batch_jobs.give_up(job, f"Given up: Gemini did not end it. {words}".strip())
    pause = timedelta(seconds=settings.GEMINI_BATCH_POLL_SECONDS)
    batch_jobs.release(job, timezone.now() + pause, cancelled_at=job.cancelled_at, words=words)
    return []


def _is_unknown(job: GeminiJob) -> bool:
    """Whether Gemini answers, and says that there is no such job."""
    try:
        return client.gemini(job.model_name).find(job.display_name) is None
    except GeminiError:
        return False


def _cancel_if_late(job: GeminiJob) -> None:
    if job.cancelled_at is None and timezone.now() > job.deadline:
        client.gemini(job.model_name).cancel(job.name)
        job.cancelled_at = timezone.now()
        log.warning("%s is late and was cancelled; its frames will be asked for by themselves", job)


def _harvest(job: GeminiJob, seen: Job) -> list[Frame]:
    """Settle every call of a job that has ended; may be broken off and done again."""
    calls = list(job.calls.exclude(frame=None).exclude(outcome__in=NEVER_SENT).select_related("frame__batch"))
    pairs, nameless = matched(calls, seen.answers)
    frames = [_take(call, answer) for call, answer in pairs]
    answered = {call.pk for call, _ in pairs}
    frames += [_without_answer(call, seen, nameless) for call in calls if call.pk not in answered]
    with transaction.atomic():
        for answer in nameless:
            _note_nameless(job, answer)
        is_ours = batch_jobs.end(job, f"{seen.state}. {seen.words}".strip())
        transaction.set_rollback(not is_ours)
    return [frame for frame in frames if frame]


def _take(call: GeminiCall, answer: Answer) -> Frame | None:
    if call.outcome != UNDER_WAY:
        return None
    if answer.outcome == "failed":
        return batch_jobs.undone(call, "failed", answer.words)
    return outcomes.settle(call, answer)


def _without_answer(call: GeminiCall, seen: Job, nameless: Sequence[Answer]) -> Frame | None:
    """Asked for by itself if nothing can have been made of it; what may be paid for isn't asked for again."""
    if nameless:
        return outcomes.finish(call, "unmatched", cost=NOTHING, words="The job's answers could not be told apart.")
    words = seen.words or "Gemini's job ended without an answer for this photo."
    if seen.state == "succeeded":
        return outcomes.finish(call, "no-answer", cost=None, words=words)
    return batch_jobs.undone(call, "missing", words)


def _note_nameless(job: GeminiJob, answer: Answer) -> None:
    """Whose it is can't be told, but it was paid for."""
    origin = {"price": budget.price(in_job=True), "model_name": job.model_name, "prompt": job.prompt}
    outcomes.settle(GeminiCall.objects.create(job=job, **origin), answer)


Pairs = list[tuple[GeminiCall, Answer]]


def matched(calls: Sequence[GeminiCall], answers: Sequence[Answer]) -> tuple[Pairs, list[Answer]]:
    """Which answer is whose, and the answers of which that can't be told.

    By key, the first of each. What came without a key by its order, if as many are missing and the others are in order.
    """
    by_key: dict[str, Answer] = {}
    for answer in answers:
        if answer.key:
            by_key.setdefault(answer.key, answer)
    pairs = [(call, by_key[call.key]) for call in calls if call.key in by_key]
    nameless = [answer for answer in answers if not answer.key]
    unanswered = [call for call in calls if call.key not in by_key]
    keys = [call.key for call in calls]
    is_in_order = list(by_key) == [key for key in keys if key in by_key]
    if len(nameless) == len(unanswered) and (is_in_order or len(nameless) == 1):
        return pairs + list(zip(unanswered, nameless, strict=True)), []
    return pairs, nameless
