"""The product with the contract server in Gemini's place."""

from collections.abc import Iterator

import django_rq
import pytest
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from pipeline import intake, jobs, reaper
from pipeline.gemini import batch_jobs, client, one_by_one
from pipeline.models import Batch, Frame
from pipeline.states import State
from tests.gemini.server import API_KEY, MODEL, PRICE, GeminiServer
from tests.pipeline.conftest import matter  # noqa: F401 - a fixture

# Jobs are queued at commit; the shipped policy must outlive the clean-up.
committed = pytest.mark.django_db(transaction=True)
QUEUES = ("publish", "urgent", "process")


@pytest.fixture
def gemini(settings, monkeypatch) -> Iterator[GeminiServer]:
    """A server that the pipeline takes for Gemini; pauses are short, so that a test needn't wait."""
    with GeminiServer() as server:
        settings.GEMINI_API_KEY, settings.GEMINI_MODEL, settings.GEMINI_BASE_URL = API_KEY, MODEL, server.url
        settings.GEMINI_PRICE_PER_IMAGE = PRICE
        settings.GEMINI_TIMEOUT_SECONDS = 2
        settings.GEMINI_REQUESTS_PER_MINUTE = 100_000
        settings.GEMINI_BATCH_AGE_SECONDS = settings.GEMINI_BATCH_POLL_SECONDS = 0
        monkeypatch.setattr(one_by_one, "PAUSE_SECONDS", 0.1)
        monkeypatch.setattr(reaper, "SETTLE_SECONDS", 0.1)
        monkeypatch.setattr(batch_jobs, "PAUSE", batch_jobs.PAUSE / 300)
        monkeypatch.setattr(batch_jobs, "SETTLE", batch_jobs.PAUSE)
        client.gemini.cache_clear()
        yield server
    client.gemini.cache_clear()


@pytest.fixture
def urgent(db, gemini) -> Batch:
    return intake.open_batch("Urgent drop", "watch", enhancement="gemini", lane="urgent")


@pytest.fixture
def standard(db, gemini) -> Batch:
    return intake.open_batch("Standard drop", "watch", enhancement="gemini")


@pytest.fixture
def quick_publishing(monkeypatch) -> None:
    """What is published is no matter here; eight files each would be."""
    monkeypatch.setattr(jobs, "STEPS", jobs.STEPS | {State.APPROVED: ("publish", _publish_nothing)})


def _publish_nothing(frame_id: int) -> None:
    Frame.objects.filter(pk=frame_id).update(state=State.PUBLISHED)


def work() -> None:
    """Run what is queued, the way a worker does."""
    queues = [django_rq.get_queue(name) for name in QUEUES]
    worker = SimpleWorker(queues, connection=queues[0].connection, serializer=JSONSerializer)
    worker.work(burst=True, logging_level="WARNING")
    assert [queue.failed_job_registry.get_job_ids() for queue in queues] == [[], [], []]
