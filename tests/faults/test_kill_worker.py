import os
import signal
import time

import pytest
from redis import Redis
from rq import Worker

from tests.faults.product import Product, is_alive
from tests.services import ROOT
from tests.waiting import wait_for

pytestmark = pytest.mark.slow
PHOTOS = ("AURA1000_1.jpg", "AURA1001_1.jpg")


def worker_at_work(product: Product) -> tuple[int, int] | None:
    """The process id of a worker in the middle of a photo, and the frame it is at."""
    for worker in Worker.all(connection=Redis.from_url(product.environment["REDIS_URL"])):
        step, _, rest = (worker.get_current_job_id() or "").partition("-")
        if step == "process" and worker.pid:
            return worker.pid, int(rest.split("-")[0])
    return None


def is_done(product: Product) -> bool:
    return product.rows("SELECT count(*) FROM pipeline_frame WHERE state IN ('published', 'exception')") == [(2,)]


def test_a_frame_whose_worker_is_killed_is_finished_by_another_within_a_minute_and_once(product):
    product.start_and_wait()
    product.manage("ingest", *(str(ROOT / "samples" / name) for name in PHOTOS), "--batch", "Killed")
    wait_for(lambda: worker_at_work(product), 30)
    pid, frame = worker_at_work(product) or (0, 0)
    wait_for(lambda: product.rows(f"SELECT 1 FROM pipeline_frame WHERE id={frame} AND state='processing'"), 10)
    time.sleep(0.5)  # well into the matte

    os.kill(pid, signal.SIGKILL)
    killed_at = time.monotonic()
    wait_for(lambda: not is_alive(pid), 5)
    wait_for(lambda: is_done(product), 60)
    print(f"finished {time.monotonic() - killed_at:.0f} s after the kill")

    assert product.rows(f"SELECT attempt FROM pipeline_frame WHERE id={frame}") == [(2,)]
    assert product.rows(f"SELECT attempt FROM pipeline_scorecard WHERE frame_id={frame}") == [(2,)]
    ends = f"SELECT count(*) FROM pipeline_transition WHERE frame_id={frame} AND target IN ('published', 'exception')"
    assert product.rows(ends) == [(1,)]
    assert product.rows(f"SELECT attempt FROM pipeline_frame WHERE id<>{frame}") == [(1,)]
