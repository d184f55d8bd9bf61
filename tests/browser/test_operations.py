"""An admin watches the operations page: it goes on by itself, and says when it can't."""

import os
from pathlib import Path
from typing import Any

import django_rq
import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from rq.job import JobStatus
from rq.registry import FailedJobRegistry

from pipeline import clock, queues
from pipeline.models import Frame
from pipeline.states import State
from tests.browser.conftest import IN_A_BROWSER, sign_in
from tests.services import free_ports

pytestmark = IN_A_BROWSER


@pytest.fixture
def failed(frame: Frame) -> Frame:
    """A frame whose job failed, a worker at work on it, and a clock that ran."""
    Frame.objects.filter(pk=frame.pk).update(state=State.RECEIVED)
    queue = django_rq.get_queue("process")
    job = queue.enqueue("time.sleep", 0, job_id=f"process-{frame.pk}-1", failure_ttl=600)
    queue.remove(job)
    job.set_status(JobStatus.FAILED)
    FailedJobRegistry(queue=queue).add(job, ttl=600, exc_string="OperationalError: the server closed the connection")
    said: dict[Any, Any] = {"birth": "2026-01-01T10:00:00.000000Z", "hostname": "matte-1", "pid": 4711, "rss_mb": 812}
    said |= {"last_heartbeat": timezone.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
    said |= {"model": "isnet-imgly-fp16 b6e8497ba978", "runtime": "openvino"}
    queue.connection.hset("rq:worker:w1", mapping=said)
    queue.connection.sadd("rq:workers", "rq:worker:w1")
    queue.connection.sadd("rq:worker:w1:executions", f"{job.id}:e1")
    queue.connection.hset(f"rq:execution:{job.id}:e1", "id", "e1")
    clock.note("")
    return frame


def photograph(page: Page, name: str) -> None:
    """Into SCREENSHOTS, if somebody wants to look at the page."""
    if "SCREENSHOTS" not in os.environ:
        return
    for scheme in ("light", "dark"):
        page.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", scheme == "dark")
        for width in (1440, 820, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=Path(os.environ["SCREENSHOTS"]) / f"{name}-{scheme}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 1440, "height": 900})


def test_the_page_goes_on_by_itself_and_a_failed_job_is_run_again_by_keyboard(page, failed, settings):
    page.set_default_timeout(60_000)
    sign_in(page, "admin")
    page.goto("/admin/operations/")
    photograph(page, "well")
    again = page.get_by_role("button", name="Run again Cutting out")
    again.focus()
    with page.expect_response(lambda answer: answer.url.endswith("?now")):
        pass
    expect(again).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The job is queued again.")).to_be_visible(timeout=30_000)
    queue = django_rq.get_queue("process")
    assert queue.count == 1 and not queues.look().failed
    settings.REDIS_URL = f"redis://127.0.0.1:{free_ports(1)}/0"
    expect(page.get_by_text("the reaper then queues whatever waits")).to_be_visible(timeout=20_000)
    photograph(page, "redis-away")


def test_when_nobody_answers_the_page_says_that_it_is_old_and_goes_on(page, failed):
    page.set_default_timeout(60_000)
    sign_in(page, "admin")
    page.goto("/admin/operations/")
    page.route("**/operations/?now", lambda route: route.fulfill(status=500, body="broken"))
    expect(page.get_by_text("what stands below is old")).to_be_visible(timeout=20_000)
    photograph(page, "old")
    page.unroute("**/operations/?now")
    expect(page.get_by_text("what stands below is old")).to_be_hidden(timeout=20_000)
