"""Every number that Prometheus is told, counted again by other code."""

import statistics
from collections import Counter
from datetime import timedelta

import django_rq
import pytest
from django.utils import timezone

from pipeline import clock, queues
from pipeline.models import Batch, Frame
from pipeline.states import State
from review.evidence.estimates import estimates
from review.operations import limits
from tests.factories import judged, label, policy, scorecard
from tests.review.operations.test_probes import values

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("services")]


@pytest.fixture(autouse=True)
def patience(monkeypatch) -> None:
    """What is told is asserted here, not how soon: a busy machine would leave things out."""
    monkeypatch.setattr(limits, "LIMIT_SECONDS", 60)


def told(client) -> dict[tuple[str, ...], float]:
    return values(client.get("/metrics").content.decode())


def frame(number: int, **fields) -> Frame:
    batch, _ = Batch.objects.get_or_create(name="Drop")
    return Frame.objects.create(
        batch=batch, filename=f"Q{number}_1.jpg", code=f"Q{number}", view="front", sha256=f"q{number}", **fields
    )


def test_frames_by_state_and_the_oldest(client):
    states = [State.RECEIVED] * 3 + [State.PUBLISHED] * 2 + [State.EXCEPTION]
    for number, state in enumerate(states):
        frame(number, state=state)
    Frame.objects.filter(code="Q1").update(state_since=timezone.now() - timedelta(minutes=10))
    found = told(client)
    assert {state: found["mattegate_frames", state.value] for state in State} == {
        state: Counter(states)[state] for state in State
    }
    assert found["mattegate_frames_oldest_seconds", "received"] == pytest.approx(600, abs=60)


def test_the_share_sent_to_review_of_the_last_seven_days(client):
    now = timezone.now()
    for number in range(40):
        long_ago = now - timedelta(days=8)
        frame(
            number,
            processed_at=long_ago if number < 10 else now,
            was_exception=number % 4 == 0,
            has_failed=number % 8 == 0,
        )
    found = told(client)
    recent = [number for number in range(40) if number >= 10]
    sent = sum(number % 4 == 0 for number in recent)
    assert found["mattegate_recent_processed_frames",] == len(recent)
    assert found["mattegate_recent_sent_to_review_frames",] == sent
    assert found["mattegate_recent_failed_frames",] == sum(number % 8 == 0 for number in recent)
    assert found["mattegate_review_share",] == pytest.approx(sent / len(recent))


def test_stage_timings(client):
    taken = [0.5 + number / 10 for number in range(30)]
    for number, seconds in enumerate(taken):
        scorecard(frame(number, attempt=1), seconds={"matte": seconds, "for people": 2 * seconds})
    found = told(client)
    assert found["mattegate_stage_seconds", "0.5", "matte"] == pytest.approx(statistics.median(taken))
    assert found["mattegate_stage_seconds", "1", "for people"] == pytest.approx(2 * max(taken))
    assert taken[27] <= found["mattegate_stage_seconds", "0.95", "matte"] <= taken[29]


def test_escapes_are_those_of_the_figures(client):
    """Drawn and found good or bad, twice said, taken back, asked for, on a later run, or of another's threshold."""
    row = policy(is_active=True)
    cards = [judged(number, row, haze=0.1) for number in range(12)]
    for number, card in enumerate(cards[:9]):
        label(card, bad=number % 3 == 0)
    label(cards[1], bad=True)
    label(cards[10], bad=True, occasion="asked")
    again = cards[11].frame
    again.attempt = 2
    later = scorecard(again, publish=True, is_marked=True, policy=row)
    label(later, bad=True, occasion="drawn")
    found = told(client)
    known = estimates(0.1)
    assert (known.audits, known.failed_audits) == (9, 3)
    assert found["mattegate_audits", "bad"] == known.failed_audits
    assert found["mattegate_audits", "good"] == known.audits - known.failed_audits
    assert found["mattegate_escape_share",] == pytest.approx(known.escaped.value)


def test_what_nothing_is_known_of_is_left_out(client):
    names = {name for name, *_ in told(client)}
    assert not names & {"mattegate_review_share", "mattegate_escape_share", "mattegate_cron_age_seconds"}


def test_queues_their_oldest_job_and_the_clock(client):
    queue = django_rq.get_queue("urgent")
    first = queue.enqueue("time.sleep", 0, job_id="process-1-0")
    first.enqueued_at = timezone.now() - timedelta(minutes=5)
    first.save()
    queue.enqueue("time.sleep", 0, job_id="process-2-0")
    clock.note("")
    found = told(client)
    assert {name: found["mattegate_queue_jobs", name] for name in ("publish", "urgent", "process")} == {
        "publish": 0,
        "urgent": 2,
        "process": 0,
    }
    assert found["mattegate_queue_oldest_seconds", "urgent"] == pytest.approx(300, abs=60)
    assert 0 <= found["mattegate_cron_age_seconds",] < 60
    assert found["mattegate_workers",] == 0 == len(queues.look().workers)
