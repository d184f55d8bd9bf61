"""The page for admins: who works, what waits, what answers, what failed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from redis import RedisError

from accounts.access import allowed
from config.asked import read
from pipeline import clock, queues, reaper, space
from pipeline.models import Frame
from pipeline.upkeep import verify
from pipeline.worker import TTL_SECONDS
from review.operations import dependencies, machine
from review.operations.limits import Question, ask

QUESTIONS = {
    "work": Question(queues.look),
    "tick": Question(clock.last_tick),
    "awaited": Question(reaper.awaited),
    "disks": Question(space.disks),
    "measured": Question(machine.measured),
    "verified": Question(verify.last),
}


STEP_WORDS = {
    "process": "cutting out",
    "alternatives": "making cut-outs to choose from",
    "opened": "making cut-outs to choose from",
    "ask": "asking Gemini",
    "publish": "publishing",
    "withdraw": "withdrawing",
    "batch-jobs": "Gemini's Batch jobs",
    "webhooks": "sending webhooks",
}


class WhichJob(forms.Form):
    job = forms.RegexField(r"^[\w-]{1,100}$")


@dataclass(frozen=True)
class JobTold:
    """A job in words, with its frame."""

    id: str
    words: str
    frame: Frame | None
    since: datetime | None
    error: str


@dataclass(frozen=True)
class WorkerTold:
    seen: queues.WorkerSeen
    job: JobTold | None
    is_silent: bool
    """It says that it lives every few seconds; one that was killed stays listed for a while."""


@never_cache
@allowed("accounts.operate")
def operations(request: HttpRequest) -> HttpResponse:
    """`?now` is the part that the page asks for again and again."""
    if "now" in request.GET:
        return render(request, "review/operations_now.html", _now())
    context = admin.site.each_context(request) | _now() | {"title": "Operations"}
    return render(request, "review/operations.html", context)


def _now() -> dict[str, Any]:
    answers = ask({**dependencies.QUESTIONS, **QUESTIONS})
    found = dependencies.told(answers)
    values = {name: answers[name].value for name in QUESTIONS}
    work: queues.Seen | None = values.pop("work")
    frames = _frames_of(work) if work and answers["database"].is_there else {}
    return {
        **values,
        "dependencies": found,
        "down": [dependency for dependency in found if not dependency.answer.is_there],
        "redis_is_there": answers["work"].is_there and answers["tick"].is_there,
        "workers": [_worker(worker, frames) for worker in work.workers] if work else [],
        "queues": work.queues if work else [],
        "failed": [_told(job, frames) for job in work.failed] if work else [],
        "failed_count": sum(queue.failed for queue in work.queues) if work else 0,
        "models": sorted({(worker.model, worker.runtime) for worker in work.workers if worker.model}) if work else [],
        "at": timezone.now(),
    }


def _frames_of(work: queues.Seen) -> dict[int, Frame]:
    seen = [*work.failed, *(worker.job for worker in work.workers if worker.job)]
    ids = {job.frame_id for job in seen if job.frame_id}
    return ask({"frames": Question(lambda: Frame.objects.in_bulk(ids))})["frames"].value or {}


def _told(job: queues.JobSeen, frames: dict[int, Frame]) -> JobTold:
    return JobTold(job.id, STEP_WORDS.get(job.step, job.step), frames.get(job.frame_id or 0), job.since, job.error)


def _worker(seen: queues.WorkerSeen, frames: dict[int, Frame]) -> WorkerTold:
    is_silent = (timezone.now() - seen.heard_at).total_seconds() > TTL_SECONDS
    return WorkerTold(seen, _told(seen.job, frames) if seen.job else None, is_silent)


@allowed("accounts.operate", "POST")
def run_again(request: HttpRequest) -> HttpResponse:
    """Queue a failed job again."""
    job = read(WhichJob, request.POST)["job"]
    try:
        if queues.run_again(job):
            messages.success(request, "The job is queued again.")
        else:
            messages.info(request, "That job is not among the failed ones any more: it was queued already, or is gone.")
    except RedisError as error:
        messages.warning(request, f"Redis does not answer, so nothing was queued: {error}")
    return redirect("operations")
