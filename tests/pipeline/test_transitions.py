import threading

import pytest
from django.db import connection

from pipeline.models import Batch, Frame, GatePolicy, Transition
from pipeline.states import State
from pipeline.transitions import StaleTransition, advance


@pytest.fixture
def frame(batch: Batch) -> Frame:
    return Frame.objects.create(batch=batch, filename="A_1.jpg", code="A", view="front", sha256="0")


def test_a_move_is_recorded_with_who_and_why(frame):
    advance(frame, State.PROCESSING, actor="worker", why="its turn", lease=60)
    move = Transition.objects.get(frame=frame)
    assert (move.source, move.target, move.actor, move.why) == ("received", "processing", "worker", "its turn")
    frame.refresh_from_db()
    assert frame.state == State.PROCESSING
    assert frame.lease_until is not None


def test_whoever_saw_an_older_version_loses_and_leaves_no_trace(frame):
    stale = Frame.objects.get(pk=frame.pk)
    advance(frame, State.PROCESSING, actor="first")
    with pytest.raises(StaleTransition):
        advance(stale, State.PROCESSING, actor="second")
    assert [move.actor for move in Transition.objects.all()] == ["first"]


def test_a_move_that_the_life_of_a_frame_does_not_have_is_refused(frame):
    with pytest.raises(ValueError, match="no move from received to published"):
        advance(frame, State.PUBLISHED, actor="nobody")


@pytest.mark.django_db(transaction=True)
def test_of_eight_workers_at_once_exactly_one_gets_the_frame():
    batch = Batch.objects.create(name="Race")
    frame = Frame.objects.create(batch=batch, filename="A_1.jpg", code="A", view="front", sha256="0")
    outcomes: list[str] = []
    start = threading.Barrier(8)

    def compete() -> None:
        mine = Frame.objects.get(pk=frame.pk)
        start.wait()
        try:
            advance(mine, State.PROCESSING, actor=threading.current_thread().name)
            outcomes.append("won")
        except StaleTransition:
            outcomes.append("lost")
        finally:
            connection.close()

    threads = [threading.Thread(target=compete) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["lost"] * 7 + ["won"]
    assert Transition.objects.filter(frame=frame).count() == 1


def test_records_of_what_happened_are_never_rewritten(frame):
    advance(frame, State.PROCESSING, actor="worker")
    for row in (Transition.objects.first(), GatePolicy.objects.create(name="new", version=1, document={})):
        with pytest.raises(TypeError, match="can't be changed"):
            row.save()
