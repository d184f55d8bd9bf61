"""The lanes as the product runs them: real Valkey, real S3, the real SDK, and a Gemini that fails in every way."""

import hashlib
import itertools
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from pipeline.gemini import batch_jobs, budget
from pipeline.models import Frame, GeminiCall, GeminiJob
from pipeline.states import ANSWERED
from pipeline.words import GEMINI_WORDS
from tests.gemini.conftest import committed
from tests.gemini.faults import Request
from tests.gemini.frames import all_finished, run_until, submit
from tests.gemini.server import GeminiServer

SYNC_FAULTS = ["429", "500", "blocked", "429-info", "safety", "503", "text-only", "timeout", "truncated-base64"]
SYNC_FAULTS += ["wrong-mime", "huge-image", "two-images", "disconnect", "disconnect-billed"]
ENTRY_FAULTS = ["blocked", "safety", "text-only", "truncated-base64", "wrong-mime", "huge-image", "error", "missing"]
ENTRY_FAULTS += ["duplicated", "lost-metadata", "two-images"]
JOB_FAULTS = ["partial", "failed", "expired", "cancelled", "stuck", "reordered", "stuck-for-good"]
SUBMIT_FAULTS = ["429", "500", "503", "submit-timeout", "timeout", "disconnect"]
POLL_FAULTS = ["429", "500", "timeout"]


def every(step: int, faults: list[str]) -> Callable[[Request], str | None]:
    """One in so many requests fails, each time in another way."""
    turn = itertools.cycle(faults)
    return lambda request: None if request.ordinal % step else next(turn)


@pytest.mark.slow
@committed
def test_all_of_220_frames_reach_their_end_paid_once_and_to_the_cent(
    gemini: GeminiServer, urgent, standard, services, matter, quick_publishing, settings, monkeypatch
):
    scripts = {
        "sync": every(5, SYNC_FAULTS),
        "entry": every(10, ENTRY_FAULTS),
        "job": every(2, JOB_FAULTS),
        "submit": every(4, SUBMIT_FAULTS),
        "poll": every(10, POLL_FAULTS),
    }
    billed_without_answer: set[str] = set()

    def script(request: Request) -> str | None:
        fault = scripts[request.kind](request) if request.kind in scripts else None
        if fault == "disconnect-billed":
            billed_without_answer.add(hashlib.sha256(request.photo).hexdigest())
        return fault

    gemini.script(script)
    settings.GEMINI_BATCH_COUNT = 14
    monkeypatch.setattr(batch_jobs, "GRACE", timedelta(seconds=2))
    monkeypatch.setattr("pipeline.engines.gemini.DEFAULT_RETRY_SECONDS", 1.0)
    submit(standard, 200)
    submit(urgent, 20, first=200)

    def time_passes() -> bool:
        """Jobs that run for long are late."""
        is_old = {"submitted_at__lt": timezone.now() - timedelta(seconds=10)}
        GeminiJob.objects.filter(ended_at=None, **is_old).update(deadline=timezone.now())
        return all_finished()

    run_until(time_passes, rounds=2000)
    assert Frame.objects.count() == 220 and all_finished()
    assert not GeminiCall.objects.filter(outcome="").exists() and not GeminiJob.objects.filter(ended_at=None).exists()
    assert gemini.ledger.paid_twice == set()
    known = sum((call.cost or 0 for call in GeminiCall.objects.all()), Decimal(0))
    answered = [charge.amount for charge in gemini.ledger.charges if charge.sha256 not in billed_without_answer]
    assert known == sum(answered) > 0
    assert budget.spent_this_month() >= gemini.ledger.total
    said = set(Frame.objects.values_list("gemini", flat=True))
    assert ANSWERED in said and said <= set(GEMINI_WORDS)
