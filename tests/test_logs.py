"""What a log line tells: JSON with what is at work, and nothing that is nobody's business."""

import io
import json
import logging
import logging.config
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from structlog.contextvars import bound_contextvars

from accounts.asking import id_of
from config.logs import FORMATTERS
from pipeline import faults, queues
from pipeline.cutout.examine import timed
from pipeline.models import Batch, Frame
from pipeline.states import State

Lines = Callable[[], list[dict[str, Any]]]
ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What was logged meanwhile, as a container logs it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    made = logging.config.DictConfigurator({"version": 1})
    handler.setFormatter(made.configure_formatter(dict(FORMATTERS["json"])))
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


def test_a_step_tells_of_which_frame_batch_attempt_and_stage_it_speaks(lines, db):
    frame = Frame.objects.create(
        batch=Batch.objects.create(), filename="A_1.jpg", code="A", view="front", sha256="a", attempt=2
    )

    def step(_: Frame) -> None:
        with timed({}, "decode"):
            logging.getLogger("pipeline").warning("in the midst of it")
        logging.getLogger("pipeline").warning("after it")

    with bound_contextvars(request=ID):
        faults.run_step(Frame.objects.filter(pk=frame.pk, state=State.RECEIVED), step)
    logging.getLogger("pipeline").warning("outside")
    about = {"frame": frame.pk, "batch": frame.batch_id, "attempt": 2, "request": ID}
    within, after, outside = lines()
    assert about | {"stage": "decode", "message": "in the midst of it"} == {
        key: within[key] for key in (*about, "stage", "message")
    }
    assert about.items() <= after.items() and "stage" not in after
    assert outside.keys() == {"message", "level", "logger", "timestamp"}


def test_a_traceback_is_one_line_of_json(lines):
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logging.getLogger("pipeline").exception("%s failed", "it")
    (line,) = lines()
    assert line["message"] == "it failed" and line["level"] == "error" and "two\nlines" in line["exception"]


@pytest.mark.parametrize(
    ("https", "told", "is_believed"),
    [(True, ID, True), (True, f'{ID}"}}\n{{"x', False), (True, "", False), (False, ID, False)],
    ids=["our proxy's", "forged", "none", "without a proxy"],
)
def test_a_request_is_called_what_our_proxy_calls_it(https, told, is_believed, rf, settings):
    settings.HTTPS = https
    said = id_of(rf.get("/", headers={"x-request-id": told}))
    assert (said == told) == is_believed and len(said) == 32


def test_a_job_is_done_on_behalf_of_the_request_that_asked_for_it(redis_server, transactional_db, settings):
    from pipeline import jobs

    frame = Frame.objects.create(batch=Batch.objects.create(), filename="A_1.jpg", code="A", view="front", sha256="a")
    with bound_contextvars(request=ID):
        jobs.enqueue(frame)
    (job,) = [job for name in settings.RQ_QUEUES for job in queues.named(name).get_jobs()]
    assert job.meta == {"request": ID}
