"""Standard frames collected into Batch jobs at Gemini, by count or age, and submitted: at most once."""

import logging
from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from pipeline.engines.gemini import Busy, Failed, GeminiError, NoAnswer
from pipeline.engines.object_store import MissingObjectError, ObjectStoreError
from pipeline.gemini import budget, client, lanes, outcomes
from pipeline.imaging.pictures.decode import DecodeError
from pipeline.models import Frame, GeminiCall, GeminiJob
from pipeline.models.gemini import NOTHING, UNDER_WAY
from pipeline.states import State

log = logging.getLogger(__name__)
# Longer than RQ lets a worker go on: who holds a job so long is dead.
LEASE = timedelta(seconds=settings.JOB_TIMEOUT_SECONDS + 60)
# A submission whose answer never came may still be on its way for so long.
SETTLE = timedelta(seconds=settings.GEMINI_TIMEOUT_SECONDS + 60)
PAUSE = timedelta(seconds=30)
# A job that is late and was cancelled, or can't be, is given up after so long.
GRACE = timedelta(minutes=10)


def uncollected() -> QuerySet[Frame]:
    """Standard frames that wait for a Batch job, the longest first."""
    in_job = GeminiCall.objects.filter(outcome=UNDER_WAY, frame__isnull=False).values("frame")
    waiting = Frame.objects.filter(state=State.ENHANCING, ask_until=None).exclude(pk__in=in_job)
    return waiting.select_related("batch").order_by("state_since", "pk")


def enough_wait() -> bool:
    """Whether enough wait, or one has waited long enough."""
    waiting = uncollected()
    oldest = waiting.first()
    if oldest is None:
        return False
    is_old = oldest.state_since <= timezone.now() - timedelta(seconds=settings.GEMINI_BATCH_AGE_SECONDS)
    return is_old or waiting.count() >= settings.GEMINI_BATCH_COUNT


def collect() -> list[Frame]:
    """Put what waits into a new job; returns the frames that go on without Gemini."""
    if not enough_wait():
        return []
    frames = list(uncollected()[: settings.GEMINI_BATCH_COUNT])
    if not settings.GEMINI_API_KEY:
        return [frame for frame in frames if outcomes.go_on(frame, "switched-off")]
    in_budget = budget.affordable(in_job=True)
    if frames[:in_budget]:
        _write_down(frames[:in_budget])
    return [frame for frame in frames[in_budget:] if outcomes.go_on(frame, "budget-spent")]


def _write_down(frames: list[Frame]) -> None:
    """The job and its calls, before Gemini hears of them."""
    origin = {"model_name": settings.GEMINI_MODEL, "prompt": settings.GEMINI_PROMPT}
    deadline = frames[0].state_since + timedelta(minutes=settings.GEMINI_BATCH_DEADLINE_MINUTES)
    try:
        with transaction.atomic():
            job = GeminiJob.objects.create(
                display_name=f"mattegate-{uuid4().hex}", deadline=deadline, next_look_at=timezone.now(), **origin
            )
            price = budget.price(in_job=True)
            GeminiCall.objects.bulk_create(GeminiCall(frame=frame, job=job, price=price, **origin) for frame in frames)
    except IntegrityError:
        log.info("somebody else collects the same frames")
        return
    if budget.spent_this_month() > settings.GEMINI_MONTHLY_BUDGET:
        job.delete()  # others spent it meanwhile: count again at the next tick


def hold(job: GeminiJob, **fields: object) -> bool:
    """Take a job for as long as a worker may need; False if somebody else has it."""
    return _set(job, **fields | {"next_look_at": timezone.now() + LEASE})


def release(job: GeminiJob, look_at: datetime, **fields: object) -> None:
    _set(job, **fields | {"next_look_at": look_at})


def _set(job: GeminiJob, **fields: object) -> bool:
    found = GeminiJob.objects.filter(pk=job.pk, version=job.version).update(version=F("version") + 1, **fields)
    job.version += 1
    for name, value in fields.items():
        setattr(job, name, value)
    return found == 1


def unsubmitted() -> QuerySet[GeminiJob]:
    """Jobs that Gemini may not have heard of, and that nobody holds."""
    return GeminiJob.objects.filter(name="", ended_at=None, next_look_at__lte=timezone.now())


def submit(job: GeminiJob) -> list[Frame]:
    """Bring a job to Gemini, if it isn't there yet; returns the frames that go on, or are asked for by themselves."""
    if not hold(job):
        return []
    try:
        if job.submitted_at and not _is_lost(job):
            return []
    except GeminiError as error:
        log.warning("%s: %s", job, error)
        if timezone.now() > job.deadline + GRACE:
            return give_up(job, f"Given up: Gemini does not say whether it has the job. {error}")
        release(job, timezone.now() + PAUSE, words=str(error))
        return []
    if timezone.now() > job.deadline or job.tries >= settings.GEMINI_MAX_TRIES:
        return _undo(job, job.words or "The job was not submitted in time.")
    return _submit(job)


def _is_lost(job: GeminiJob) -> bool:
    """Whether an earlier submission, whose answer never came, did not arrive either."""
    name = client.gemini(job.model_name).find(job.display_name)
    if name:
        log.info("%s had arrived, as %s", job, name)
        release(job, timezone.now(), name=name, words="")
    return name is None


def _submit(job: GeminiJob) -> list[Frame]:
    try:
        photos, unread = _photos(job)
        if not photos:
            end(job, "No photo of it could be read.")
        elif hold(job, submitted_at=timezone.now()):
            _send(job, photos)
        return unread
    except Busy as busy:
        release(job, timezone.now() + timedelta(seconds=busy.retry_after), submitted_at=None, words=str(busy))
    except Failed as failed:
        return _after_failure(job, failed)
    except NoAnswer as none:
        release(job, timezone.now() + SETTLE, words=str(none))
    except (ObjectStoreError, MemoryError) as error:
        release(job, timezone.now() + PAUSE, words=str(error))
    except DatabaseError:
        raise
    except Exception as error:
        log.exception("%s: a fault in the program", job)
        release(job, timezone.now() + PAUSE, words=f"A fault in the program ({error}); please report it.")
    return []


def _send(job: GeminiJob, photos: dict[str, bytes]) -> None:
    name = client.gemini(job.model_name).submit(job.display_name, photos, client.prompt(job.prompt))
    look_at = timezone.now() + timedelta(seconds=settings.GEMINI_BATCH_POLL_SECONDS)
    release(job, look_at, name=name, words="")
    log.info("%s is submitted: %d photos", job, len(photos))


def _photos(job: GeminiJob) -> tuple[dict[str, bytes], list[Frame]]:
    """What is sent, by key, and the frames whose photo can't be read."""
    photos: dict[str, bytes] = {}
    unread: list[Frame | None] = []
    for call in open_calls(job):
        if call.frame is None or call.frame.state != State.ENHANCING:
            outcomes.close(call, "moved-on", cost=NOTHING)
            continue
        try:
            photos[call.key] = client.photo_of(call.frame)
        except (DecodeError, MissingObjectError) as error:
            unread.append(outcomes.finish(call, "no-photo", cost=NOTHING, words=str(error)))
    return photos, [frame for frame in unread if frame]


def _after_failure(job: GeminiJob, failed: Failed) -> list[Frame]:
    """Once more later, after a look whether the job is there in spite of the error; or not at all."""
    log.warning("%s was not submitted: %s", job, failed)
    if failed.is_lasting:
        return _undo(job, str(failed))
    look_at = min(timezone.now() + PAUSE * 2**job.tries, job.deadline)
    release(job, look_at, tries=job.tries + 1, words=str(failed))
    return []


def _undo(job: GeminiJob, words: str) -> list[Frame]:
    """A job that Gemini doesn't have: its frames are asked for by themselves."""
    frames = [undone(call, "failed", words) for call in open_calls(job)]
    end(job, words)
    return [frame for frame in frames if frame]


def give_up(job: GeminiJob, words: str) -> list[Frame]:
    """Nothing waits for ever; but what may be made, and paid for, is not asked for again."""
    frames = [outcomes.finish(call, "late", cost=None, words=words) for call in open_calls(job)]
    end(job, words)
    return [frame for frame in frames if frame]


def open_calls(job: GeminiJob) -> QuerySet[GeminiCall]:
    return job.calls.filter(outcome=UNDER_WAY).select_related("frame__batch")


def end(job: GeminiJob, words: str) -> bool:
    """False if somebody else took it meanwhile."""
    return _set(job, next_look_at=timezone.now(), ended_at=timezone.now(), words=words)


def undone(call: GeminiCall, outcome: str, words: str) -> Frame | None:
    """A call for which nothing was made, nor paid: its frame is asked for by itself. None if it has moved on."""
    with transaction.atomic():
        return lanes.promote(call.frame) if outcomes.close(call, outcome, cost=NOTHING, words=words) else None


def late() -> QuerySet[Frame]:
    """Standard frames that no job took in time."""
    since = timezone.now() - timedelta(minutes=settings.GEMINI_BATCH_DEADLINE_MINUTES)
    return uncollected().filter(state_since__lt=since)


def promote_late() -> list[Frame]:
    return list(filter(None, map(lanes.promote, late())))
