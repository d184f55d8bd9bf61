from datetime import timedelta

import pytest
from django.utils import timezone

from pipeline import reaper
from pipeline.models import Batch, Frame
from pipeline.states import State


@pytest.fixture
def make(batch: Batch):
    def frame(state: State, *, seconds_ago: int = 0, lease: int | None = None, faults: int = 0) -> Frame:
        now = timezone.now()
        made = Frame.objects.create(
            batch=batch,
            filename="A_1.jpg",
            code="A",
            view="front",
            sha256=str(Frame.objects.count()),
            state=state,
            faults=faults,
            lease_until=now + timedelta(seconds=lease) if lease is not None else None,
        )
        Frame.objects.filter(pk=made.pk).update(state_since=now - timedelta(seconds=seconds_ago))
        return made

    return frame


def test_a_frame_of_a_dead_worker_is_taken_back(make):
    frame = make(State.PROCESSING, lease=-1)
    assert reaper.release_lapsed() == [frame]
    frame.refresh_from_db()
    assert (frame.state, frame.faults, frame.lease_until) == (State.RECEIVED, 1, None)


def test_a_frame_approved_once_stays_approved_when_its_publisher_dies(make):
    frame = make(State.PUBLISHING, lease=-1)
    reaper.release_lapsed()
    frame.refresh_from_db()
    assert frame.state == State.APPROVED


def test_a_frame_that_is_being_worked_on_is_left_alone(make):
    make(State.PROCESSING, lease=20)
    make(State.PUBLISHING, lease=20)
    assert reaper.release_lapsed() == []


def test_a_frame_that_kills_its_workers_comes_to_a_person(make, settings):
    frame = make(State.PROCESSING, lease=-1, faults=settings.MAX_FAULTS - 1)
    assert reaper.release_lapsed() == []
    frame.refresh_from_db()
    assert (frame.state, frame.reasons) == (State.EXCEPTION, ["attempts-spent"])


def test_frames_that_wait_longer_than_a_job_would_take_to_start_are_queued_again(make):
    make(State.RECEIVED, seconds_ago=1)
    received, approved = make(State.RECEIVED, seconds_ago=90), make(State.APPROVED, seconds_ago=80)
    make(State.EXCEPTION, seconds_ago=90)
    assert reaper.waiting() == [approved, received]


def test_decisions_and_faults_do_not_wait_behind_the_uploads_in_line(make, monkeypatch):
    monkeypatch.setattr(reaper, "SWEEP", 2)
    uploads = [make(State.RECEIVED, seconds_ago=1000 - number) for number in range(4)]
    failed = make(State.RECEIVED, seconds_ago=200, faults=1)
    decided = [make(State.WITHDRAWING, seconds_ago=120), make(State.APPROVED, seconds_ago=100)]
    assert reaper.waiting() == [*decided, failed, *uploads[:2]]


def test_a_photo_that_somebody_sent_back_does_not_wait_behind_the_uploads_in_line(make, monkeypatch):
    monkeypatch.setattr(reaper, "SWEEP", 2)
    uploads = [make(State.RECEIVED, seconds_ago=1000 - number) for number in range(4)]
    reprocessed = make(State.RECEIVED, seconds_ago=100)
    Frame.objects.filter(pk=reprocessed.pk).update(not_before=timezone.now() - timedelta(seconds=70))
    assert reaper.waiting() == [reprocessed, *uploads[:2]]


def test_each_fault_doubles_the_pause_before_the_next_try(make):
    make(State.RECEIVED, seconds_ago=100, faults=2)
    due = make(State.RECEIVED, seconds_ago=200, faults=2)
    assert reaper.waiting() == [due]
