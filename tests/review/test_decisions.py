import django_rq
import pytest
from django.contrib.auth.models import User

from pipeline.models import Batch, Frame
from pipeline.states import State
from review import decisions
from tests.factories import scorecard


@pytest.fixture
def operator(db):
    return User.objects.create_user("olga")


@pytest.fixture
def frame(db):
    batch = Batch.objects.create(name="Spring")
    frame = Frame.objects.create(
        batch=batch,
        filename="A_1.jpg",
        code="A",
        view="front",
        sha256="0",
        state=State.EXCEPTION,
        attempt=1,
        reasons=["haze"],
        faults=2,
    )
    return frame


@pytest.fixture
def matted(frame):
    scorecard(frame)
    return frame


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize(
    ("decision", "state", "queue"),
    [
        ("approve", State.APPROVED, "publish"),
        ("reject", State.REJECTED, None),
        ("reprocess", State.RECEIVED, "process"),
    ],
)
def test_a_decision_moves_the_frame_and_queues_what_follows(decision, state, queue, matted, operator, redis_server):
    words = decisions.decide(decision, Frame.objects.get(pk=matted.pk), matted.version, operator)
    matted.refresh_from_db()
    assert (matted.state, matted.faults, matted.transitions.get().actor) == (state, 0, "olga")
    assert words.startswith("A front")
    counts = {name: django_rq.get_queue(name).count for name in ("publish", "process")}
    assert counts == {"publish": 0, "process": 0} | ({queue: 1} if queue else {})


def test_of_two_operators_the_second_is_told_and_changes_nothing(matted, operator, redis_server):
    seen = matted.version
    decisions.decide("reject", Frame.objects.get(pk=matted.pk), seen, operator)
    with pytest.raises(decisions.DecisionError, match="by somebody else"):
        decisions.decide("approve", Frame.objects.get(pk=matted.pk), seen, operator)
    matted.refresh_from_db()
    assert matted.state == State.REJECTED


def test_a_frame_without_a_matte_can_not_be_approved(frame, operator):
    with pytest.raises(decisions.DecisionError, match="no matte"):
        decisions.decide("approve", frame, frame.version, operator)


def test_an_empty_matte_can_not_be_approved(frame, operator):
    scorecard(frame, reasons=["empty"])
    with pytest.raises(decisions.DecisionError, match="no matte"):
        decisions.decide("approve", frame, frame.version, operator)
