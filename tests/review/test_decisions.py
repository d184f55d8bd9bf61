import math
from http import HTTPStatus

import django_rq
import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError

from pipeline.models import Batch, BridgeLabel, Frame
from pipeline.states import State
from pipeline.transitions import advance
from review import decisions
from tests.factories import bridge_fields, scorecard


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


@pytest.fixture
def angled(frame):
    """An angled pair with a bridge at 716.25 px, in a product from 200 to 1225 px."""
    frame.view = "angle"
    frame.save()
    scorecard(frame, **bridge_fields())
    return frame


@pytest.mark.parametrize(
    ("decision", "is_kept"),
    [("approve", True), ("reprocess", True), ("reject", False)],
)
def test_a_moved_bridge_is_kept_as_a_label_unless_the_photo_is_taken_anew(
    decision, is_kept, angled, operator, redis_server
):
    decisions.decide(decision, angled, angled.version, operator, bridge_x=728.5)
    labels = list(BridgeLabel.objects.values("frame", "attempt", "bridge_x", "found_x", "by"))
    kept = {"frame": angled.pk, "attempt": 1, "bridge_x": 728.5, "found_x": 716.25, "by": "olga"}
    assert labels == ([kept] if is_kept else [])


def test_a_bridge_that_nobody_moved_is_no_label(angled, operator, redis_server):
    decisions.decide("approve", angled, angled.version, operator)
    assert not BridgeLabel.objects.exists()
    assert angled.transitions.get().why == "good as it is"


def test_a_bridge_that_the_machine_did_not_find_can_be_placed(frame, operator, redis_server):
    Frame.objects.filter(pk=frame.pk).update(view="angle")
    frame.refresh_from_db()
    scorecard(frame, reasons=["no-bridge"])
    decisions.decide("approve", frame, frame.version, operator, bridge_x=700)
    label = frame.bridge_labels.get()
    assert (label.bridge_x, label.found_x) == (700, None)


@pytest.mark.parametrize("decision", ["approve", "reprocess"])
def test_a_decision_that_came_too_late_leaves_no_label(decision, angled, operator, redis_server):
    seen = Frame.objects.get(pk=angled.pk)
    advance(angled, State.REJECTED, actor="oskar")
    with pytest.raises(decisions.DecisionError, match="by somebody else"):
        decisions.decide(decision, seen, seen.version, operator, bridge_x=728)
    assert not BridgeLabel.objects.exists()


def test_a_label_that_can_not_be_written_stops_the_decision(angled, operator, redis_server, monkeypatch):
    def fail(**fields: object) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(BridgeLabel.objects, "create", fail)
    with pytest.raises(DatabaseError):
        decisions.decide("approve", angled, angled.version, operator, bridge_x=728)
    assert Frame.objects.get().state == State.EXCEPTION
    assert django_rq.get_queue("publish").count == 0


@pytest.mark.parametrize("bridge_x", [-1, 220, 1205, 1400, math.nan, math.inf])
def test_a_bridge_outside_the_product_is_refused(bridge_x, angled, operator):
    with pytest.raises(decisions.DecisionError, match="from 221 to 1203 px"):
        decisions.decide("approve", angled, angled.version, operator, bridge_x=bridge_x)
    assert (Frame.objects.get().state, BridgeLabel.objects.count()) == (State.EXCEPTION, 0)


@pytest.mark.parametrize(("view", "product_class"), [("front", "eyewear"), ("angle", "watch")])
def test_a_bridge_where_there_is_no_half_glass_picture_is_refused(view, product_class, angled, operator):
    Batch.objects.update(product_class=product_class)
    Frame.objects.update(view=view)
    with pytest.raises(decisions.DecisionError, match="no half-glass picture"):
        decisions.decide("approve", Frame.objects.get(), angled.version, operator, bridge_x=728)
    assert (Frame.objects.get().state, BridgeLabel.objects.count()) == (State.EXCEPTION, 0)


@pytest.mark.parametrize("bridge_x", ["x", "nan", "1e999", "7 px"])
def test_a_bridge_that_is_no_number_is_refused_in_words(bridge_x, angled, sign_in):
    form = {"decision": "approve", "version": angled.version, "bridge_x": bridge_x}
    response = sign_in("operator").post(f"/admin/review/queueitem/{angled.pk}/change/", form)
    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert "The place of the bridge is not a number" in response.content.decode()
    assert Frame.objects.get().state == State.EXCEPTION


def test_the_form_takes_the_bridge_along(angled, redis_server, sign_in):
    form = {"decision": "approve", "version": angled.version, "bridge_x": "728.25"}
    sign_in("operator").post(f"/admin/review/queueitem/{angled.pk}/change/", form)
    assert angled.bridge_labels.get().bridge_x == 728.25
