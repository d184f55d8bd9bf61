import math
from datetime import timedelta

import django_rq
import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.utils import timezone

from pipeline import jobs, processing
from pipeline.models import Batch, BridgeLabel, Frame, Transition
from pipeline.shop import publish, withdraw
from pipeline.states import State
from pipeline.transitions import advance, hold
from review.queue import decisions, stamps, undo
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


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("decision", "state", "queue"),
    [
        ("approve", State.APPROVED, "publish"),
        ("reject", State.REJECTED, None),
        ("reprocess", State.RECEIVED, "process"),
    ],
)
def test_a_decision_moves_the_frame_and_what_follows_is_queued_after_the_grace(
    decision, state, queue, matted, operator, redis_server
):
    words = decisions.decide(decision, Frame.objects.get(pk=matted.pk), matted.version, operator)
    matted.refresh_from_db()
    assert (matted.state, matted.faults, matted.transitions.get().actor) == (state, 0, "olga")
    assert words.startswith("A front")
    jobs.reap()
    assert queued() == {"publish": 0, "process": 0}
    Frame.objects.update(not_before=timezone.now())
    jobs.reap()
    assert queued() == {"publish": 0, "process": 0} | ({queue: 1} if queue else {})


def queued():
    return {name: django_rq.get_queue(name).count for name in ("publish", "process")}


@pytest.mark.parametrize("state", [State.APPROVED, State.RECEIVED, State.WITHDRAWING])
def test_no_worker_acts_on_a_decision_that_can_be_taken_back(state, matted):
    later = timezone.now() + timedelta(seconds=30)
    Frame.objects.update(state=state, not_before=later)
    for run in (publish.run, processing.run, withdraw.run):
        run(matted.pk)
    matted.refresh_from_db()
    assert (matted.state, matted.not_before) == (state, later)


def test_of_two_operators_the_second_is_told_and_changes_nothing(matted, operator, redis_server):
    seen = matted.version
    decisions.decide("reject", Frame.objects.get(pk=matted.pk), seen, operator)
    with pytest.raises(decisions.DecisionError, match="was decided"):
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
    with pytest.raises(decisions.DecisionError, match="was decided"):
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
    Frame.objects.update(view=view, product_class=product_class)
    with pytest.raises(decisions.DecisionError, match="no half-glass picture"):
        decisions.decide("approve", Frame.objects.get(), angled.version, operator, bridge_x=728)
    assert (Frame.objects.get().state, BridgeLabel.objects.count()) == (State.EXCEPTION, 0)


def test_the_page_takes_the_bridge_along(angled, sign_in):
    asked = {"kind": "approve", "version": stamps.of(angled), "bridge_x": 728.25}
    answer = sign_in("operator").post(f"/workbench/{angled.pk}/decide", asked, content_type="application/json")
    assert answer.json()["said"] == "A angle approved."
    assert angled.bridge_labels.get().bridge_x == 728.25


def test_why_a_photo_is_to_be_taken_anew_is_kept(matted, operator):
    decisions.decide("reject", matted, matted.version, operator, why="blurred")
    assert matted.decisions.get().why == "blurred"
    assert matted.transitions.get().why == "needs a new photo: blurred"


@pytest.mark.parametrize(
    ("kind", "bridge_x", "words"),
    [
        ("approve", 747.25, "approved with the bridge moved by +31 px"),
        ("approve", 715.5, "approved with the bridge moved by −0.8 px"),
        ("reprocess", 747.25, "once more through the pipeline, with the bridge moved by +31 px"),
    ],
)
def test_history_says_how_far_the_bridge_was_moved(kind, bridge_x, words, angled, operator, redis_server):
    decisions.decide(kind, angled, angled.version, operator, bridge_x=bridge_x)
    assert angled.transitions.get().why == words


def test_a_bridge_that_was_moved_before_its_decision_was_taken_back_is_still_moved(angled, operator, redis_server):
    decisions.decide("approve", angled, angled.version, operator, bridge_x=747.25)
    undo.take_back(operator)
    angled.refresh_from_db()
    assert angled.transitions.last().why == "taken back: approved with the bridge moved by +31 px"
    decisions.decide("approve", angled, angled.version, operator)
    assert angled.transitions.last().why == "approved with the bridge moved by +31 px"


def test_what_is_taken_back_waits_where_it_waited(frame, operator, redis_server):
    came = timezone.now() - timedelta(minutes=15)
    Frame.objects.filter(pk=frame.pk).update(state=State.PROCESSING)
    frame.refresh_from_db()
    hold(frame, ["haze"], actor="gate")
    Transition.objects.filter(frame=frame).update(at=came)
    decisions.decide("discard", frame, frame.version, operator)
    undo.take_back(operator)
    frame.refresh_from_db()
    assert (frame.state, frame.state_since) == (State.EXCEPTION, came)
