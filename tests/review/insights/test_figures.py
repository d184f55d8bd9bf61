from datetime import timedelta

import pytest
from django.utils import timezone

from pipeline.models import Batch, Frame
from review.insights import figures
from review.models import DriftAlarm
from tests.factories import judged, label, policy, scorecard


@pytest.fixture
def frame(db):
    now = timezone.now()

    def make(batch="Spring", days_ago=0, processed=True, seconds=None, **fields):
        batch, _ = Batch.objects.get_or_create(name=batch)
        count = Frame.objects.count()
        made = Frame.objects.create(
            batch=batch, filename="A_1.jpg", code="A", view="front", sha256=str(count), **fields
        )
        received = now - timedelta(days=days_ago)
        Frame.objects.filter(pk=made.pk).update(
            received_at=received,
            processed_at=received if processed else None,
            published_at=received + timedelta(seconds=seconds) if seconds is not None else None,
        )

    return make


def test_each_frame_is_counted_once_under_what_became_of_it(frame):
    frame(seconds=10)
    frame(seconds=30)
    frame(was_exception=True)
    frame(was_exception=True, seconds=5000)
    frame(was_exception=True, has_failed=True)
    frame(processed=False)
    [all_of_them] = figures.overall(figures.outcomes())
    assert (all_of_them.processed, all_of_them.auto_published, all_of_them.sent_to_review, all_of_them.failed) == (
        5,
        2,
        3,
        1,
    )
    assert all_of_them.review_rate == 0.6
    assert all_of_them.median_seconds == 20


def test_days_and_batches_are_told_apart_and_old_days_left_out(frame):
    frame(batch="Spring", days_ago=1)
    frame(batch="Autumn")
    frame(batch="Autumn")
    frame(batch="Ancient", days_ago=figures.DAYS + 1)
    rows = figures.outcomes()
    assert [(f.label, f.processed) for f in figures.by_batch(rows)] == [("Autumn", 2), ("Spring", 1)]
    assert [f.processed for f in figures.by_day(rows)] == [2, 1]


def test_before_anything_was_processed_there_are_no_figures(db):
    assert figures.overall(figures.outcomes()) == []


def test_each_rung_is_counted_as_tried_and_where_it_cleared_the_doubt_as_rescued(frame):
    tried = [{"rung": "closer", "confidence": 0.1}, {"rung": "relit", "confidence": 0.2}]
    for attempt, (rung, others) in enumerate(
        [("first-look", []), ("first-look", tried), ("relit", [{"rung": "first-look", "confidence": 0.3}, tried[0]])], 1
    ):
        frame(attempt=attempt)
        scorecard(Frame.objects.latest("pk"), rung=rung, others=others)
    assert figures.ladder() == [
        figures.RungFigures("closer look", tried=2, rescued=0),
        figures.RungFigures("weak contrasts raised", tried=2, rescued=1),
    ]


def test_the_figures_say_that_nobody_has_audited_yet(frame, sign_in):
    frame(seconds=10)
    assert "no audits yet" in sign_in("manager").get("/admin/figures/").content.decode()


def test_escapes_have_their_count_and_interval_and_drift_is_told(sign_in):
    row = policy(is_active=True)
    for number in range(20):
        label(judged(number, row, haze=0.1), bad=number == 0)
    Frame.objects.update(processed_at=timezone.now())
    DriftAlarm.objects.create(policy=row, scope="batch", name="Spring drop", n=212, statistic=0.34, p_value=1e-9)
    page = sign_in("manager").get("/admin/figures/").content.decode()
    assert "1 of 20 audits" in page and "0.127 % – 24.9 %" in page  # exact, Clopper & Pearson
    assert "nothing is sent to review" in page
    assert "Batch Spring drop" in page and "212 frames" in page


def test_what_waits_for_a_person_is_told_as_sent_to_review_and_not_as_reviewed(frame, sign_in):
    frame(was_exception=True)
    frame(seconds=10)
    page = sign_in("manager").get("/admin/figures/").content.decode()
    assert ">Sent to review</th>" in page and ">50 %<" in page
    assert "eview rate" not in page and "Exceptions" not in page
