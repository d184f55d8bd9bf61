"""What admins are told, by real Valkey and S3: who works, what waits, what failed, and what to do when one is away."""

import re
import time
from datetime import timedelta
from html import unescape

import django_rq
import pytest
from django.test import Client
from django.utils import timezone
from rq.registry import FailedJobRegistry

from pipeline import clock, jobs, reaper
from pipeline.cutout import matte_models
from pipeline.models import Batch, Frame
from pipeline.states import State
from pipeline.upkeep import verify
from pipeline.worker import WarmWorker, resident_mb
from review.operations import limits
from tests.pipeline.conftest import matter  # noqa: F401 - a fixture
from tests.pipeline.test_worker import queue, worker  # noqa: F401 - fixtures
from tests.review.operations.conftest import AWAY, MUTE
from tests.services import bucket_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("services")]
LIMIT = 12.0
"""Two rounds of at most 2 s each, and the rest of the page on a busy machine."""


class OperationsPage:
    """What an admin reads there."""

    def __init__(self, browser: Client) -> None:
        self.browser = browser

    def __call__(self, now: str = "") -> str:
        answer = self.browser.get(f"/admin/operations/{now}")
        assert answer.status_code == 200
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


@pytest.fixture
def page(sign_in, settings) -> OperationsPage:
    settings.ALLOWED_HOSTS = ["testserver"]
    return OperationsPage(sign_in("admin"))


@pytest.fixture
def patience(monkeypatch) -> None:
    monkeypatch.setattr(limits, "LIMIT_SECONDS", 60)


def frame(**fields) -> Frame:
    batch, _ = Batch.objects.get_or_create(name="Drop")
    number = Frame.objects.count()
    usual = {"filename": f"Q{number}_1.jpg", "code": f"Q{number}", "view": "front", "sha256": f"q{number}"}
    return Frame.objects.create(batch=batch, **usual | fields)


@pytest.mark.parametrize("how", [AWAY, MUTE])
@pytest.mark.parametrize(
    ("which", "name", "advice"),
    [
        ("database", "Database", "correct DATABASE_URL"),
        ("redis", "Redis", "correct REDIS_URL"),
        ("s3", "S3, private bucket", "S3_WORK_BUCKET names one that is there"),
    ],
)
def test_a_server_that_is_away_or_mute_is_told_in_words_soon(which, name, advice, how, lose, page):
    page("?now")  # the first one compiles templates and makes clients
    lose(which, how)
    started = time.monotonic()
    told = page("?now")
    assert time.monotonic() - started < LIMIT
    assert f"{name} does not answer" in told and advice in told
    assert "secret-word" not in told


def test_a_bucket_that_is_not_there_is_told(page, settings, patience, monkeypatch):
    monkeypatch.setitem(settings.STORAGES["published"]["OPTIONS"], "bucket_name", "nobody-made-it")
    told = page()
    assert "S3, published bucket does not answer" in told and "nobody-made-it" in told
    assert "S3, private bucket answers in" in told


def test_a_worker_tells_its_memory_its_model_and_its_frame(page, patience, queue, worker, monkeypatch):  # noqa: F811
    at_work = frame(code="AURA1000", view="angle", state=State.PROCESSING)
    told: list[str] = []
    monkeypatch.setattr("time.sleep", lambda _: told.append(page("?now")))
    queue.enqueue("time.sleep", 1, job_id=f"process-{at_work.pk}-0")
    worker.work(burst=True)
    [now] = told
    assert "Cutting out AURA1000 angle" in now
    assert "Workers hold drawn 123 on onnxruntime." in now
    [memory] = re.findall(r"(\d+) MB", now)
    assert int(memory) == pytest.approx(resident_mb(), rel=0.5)


def test_one_that_was_killed_is_told_as_silent(page, patience, queue, worker):  # noqa: F811
    worker.register_birth()
    long_ago = timezone.now() - timedelta(seconds=60)
    queue.connection.hset(worker.key, "last_heartbeat", long_ago.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    assert "silent: it was probably killed" in page()


def test_queues_their_depth_and_the_oldest_job(page, patience):
    queued = django_rq.get_queue("urgent")
    first = queued.enqueue("time.sleep", 0, job_id="process-1-0")
    first.enqueued_at = timezone.now() - timedelta(hours=2)
    first.save()
    queued.enqueue("time.sleep", 0, job_id="process-2-0")
    told = page()
    assert re.search(r"urgent 2 2 h( 1 min)? 0 ", told) and "publish 0 – 0" in told
    assert "No worker is there" in told


def fail(page, frame: Frame, work: WarmWorker) -> str:
    job_id = f"process-{frame.pk}-{frame.version}"
    django_rq.get_queue("process").enqueue("operator.truediv", 1, 0, job_id=job_id, failure_ttl=60)
    work.work(burst=True)
    return job_id


def test_a_failed_job_is_told_and_run_again(page, patience, worker, queue):  # noqa: F811
    failed = frame(code="AURA1000", view="angle", state=State.RECEIVED)
    job_id = fail(page, failed, worker)
    told = page()
    assert "Cutting out AURA1000 angle" in told and "ZeroDivisionError: division by zero" in told
    assert "waiting in line" in told
    answer = page.browser.post("/admin/operations/run-again", {"job": job_id}, follow=True)
    assert "The job is queued again." in answer.content.decode()
    assert queue.get_job_ids() == [job_id] and not FailedJobRegistry(queue=queue).get_job_ids()
    again = page.browser.post("/admin/operations/run-again", {"job": job_id}, follow=True)
    assert "not among the failed ones any more" in again.content.decode()
    assert queue.count == 1


def test_the_reaper_queues_a_frame_whose_job_failed_and_the_failure_is_over(worker, queue, page):  # noqa: F811
    lost = frame(state=State.RECEIVED)
    fail(page, lost, worker)
    jobs.enqueue(lost)
    assert queue.count == 1 and not FailedJobRegistry(queue=queue).get_job_ids()


def test_run_again_without_redis_says_so(page, lose):
    lose("redis", AWAY)
    answer = page.browser.post("/admin/operations/run-again", {"job": "process-1-0"}, follow=True)
    assert "Redis does not answer, so nothing was queued" in answer.content.decode()


def test_the_clock(page, patience, monkeypatch):
    assert "Clock (cron) never ran" in page()
    clock.note("")
    assert re.search(r"Clock \(cron\) ran (just now|\S+ s ago)", page())
    monkeypatch.setattr(clock, "SILENT_SECONDS", -1)
    assert "nothing that failed is tried again" in page()
    clock.note("the disk is full")
    assert "Its last round failed: the disk is full" in page()


def test_what_the_reaper_waits_for_is_counted_once_each(page, patience):
    now = timezone.now()
    frame(state=State.PROCESSING, lease_until=now + timedelta(minutes=5))
    frame(state=State.PUBLISHING, lease_until=now - timedelta(minutes=5))
    for _ in range(2):
        Frame.objects.filter(pk=frame(state=State.RECEIVED).pk).update(state_since=now - timedelta(hours=1))
    frame(state=State.RECEIVED)  # its job is being queued: nothing is to be done yet
    frame(state=State.RECEIVED, faults=3)
    frame(state=State.APPROVED, not_before=now + timedelta(minutes=5))
    frame(state=State.EXCEPTION), frame(state=State.PUBLISHED)
    found = reaper.awaited()
    assert (found.at_work, found.lapsed, found.due, found.resting, found.deciding) == (1, 1, 2, 1, 1)
    assert len(reaper.waiting()) == found.due
    assert found.next_try and (found.next_try - now).total_seconds() == pytest.approx(40 * 2**3, abs=30)
    assert re.search(r"After a fault 1; the first is tried again in 5 min", page())


def test_what_the_models_are_is_what_warm_workers_say(monkeypatch, matter):  # noqa: F811
    monkeypatch.setattr(matte_models, "keep_freed_memory", lambda: None)
    assert matte_models.warm_up() == {"model": f"colour-key {'0' * 12}", "runtime": ""}


def test_whether_database_and_buckets_agree(page, patience):
    assert "Not compared yet" in page()
    verify.nightly()
    assert "They agree" in page()
    put_beside()
    verify.everything(lambda *_: None)
    told = page()
    assert "1 disagreement. manage.py verify tells all of them" in told
    assert "logo.png This is no file of ours, and it lies in the public bucket. Move it elsewhere" in told


def put_beside() -> None:
    bucket_of("published").put_object(Key="logo.png", Body=b"something")
