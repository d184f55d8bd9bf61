"""Claims, undo, bulk and what the workbench is told, without a browser."""

import json
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.html import strip_tags

from pipeline.models import Batch, BridgeLabel, Frame
from pipeline.states import State
from review.evidence.labels import samples
from review.models import Claim, Decision, QueueItem
from review.queue import bulk, claims, decisions, stamps, undo
from review.workbench import frame_json
from tests.factories import bridge_fields, judged, label, policy, scorecard

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga():
    return User.objects.create_user("olga")


@pytest.fixture
def oskar():
    return User.objects.create_user("oskar")


def waiting(code, **fields):
    """A frame in the queue, later than those before it."""
    usual = {"filename": f"{code}_1.jpg", "code": code, "view": "front", "sha256": code, "reasons": ["haze"]}
    batch, _ = Batch.objects.get_or_create(name="Spring")
    frame = Frame.objects.create(batch=batch, attempt=1, state=State.EXCEPTION, **usual | fields)
    scorecard(frame)
    return frame


def lapse():
    Claim.objects.update(until=timezone.now() - timedelta(seconds=1))


def decide(kind, frame, user, **fields):
    frame = Frame.objects.get(pk=frame.pk)
    decisions.decide(kind, frame, frame.version, user, **fields)


def ask(client, question, **said):
    return client.post(f"/workbench/{question}", said, content_type="application/json").json()


# --- claims -----------------------------------------------------------------------------------------


def test_two_people_are_handed_different_frames_the_oldest_first(olga, oskar):
    first, second = waiting("A"), waiting("B")
    assert claims.take_next(olga).pk == first.pk
    assert claims.take_next(oskar).pk == second.pk
    assert claims.take_next(oskar, beside=[second.pk]) is None


def test_a_claim_that_lapsed_is_anybodys_and_its_holder_is_told_whose(olga, oskar):
    frame = waiting("A")
    claims.take_next(olga)
    assert not claims.take(frame, oskar)
    lapse()
    assert claims.take_next(oskar).pk == frame.pk
    assert claims.renew(olga, [frame.pk]) == {frame.pk: "oskar"}
    assert claims.renew(oskar, [frame.pk]) == {}


def test_a_heartbeat_keeps_a_claim(olga, oskar):
    frame = waiting("A")
    claims.take_next(olga)
    lapse()
    claims.renew(olga, [frame.pk])
    assert claims.take_next(oskar) is None


def test_what_is_let_go_is_free_at_once(olga, oskar):
    first, second = waiting("A"), waiting("B")
    claims.take(first, olga)
    claims.take(second, olga)
    claims.release(olga, but=[second.pk])
    assert claims.take_next(oskar).pk == first.pk


def test_a_skipped_frame_comes_after_all_others_but_first_for_everybody_else(olga, oskar, sign_in):
    first, second = waiting("A"), waiting("B")
    operator = sign_in("operator")
    operator.post(f"/workbench/{first.pk}/skip", {}, content_type="application/json")
    user = User.objects.get(username="operator")
    assert [frame.pk for frame in claims.queue_of(user)] == [second.pk, first.pk]
    assert [frame.pk for frame in claims.queue_of(oskar)] == [first.pk, second.pk]


# --- undo -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["approve", "reprocess", "discard", "reject"])
def test_a_decision_that_is_taken_back_leaves_the_frame_as_it_was_and_says_nothing(kind, olga):
    frame = waiting("A")
    decide(kind, frame, olga)
    assert [back.pk for back in undo.take_back(olga)] == [frame.pk]
    frame.refresh_from_db()
    assert (frame.state, frame.reasons, frame.not_before) == (State.EXCEPTION, ["haze"], None)
    said, taken_back = frame.transitions.order_by("pk")
    assert taken_back.why == f"taken back: {said.why}" != "taken back: "
    with pytest.raises(decisions.DecisionError, match="nothing to take back"):
        undo.take_back(olga)


@pytest.mark.parametrize("kind", ["approve", "discard", "reject", "reprocess"])
def test_an_audit_that_is_taken_back_is_due_again_and_is_no_label(kind, olga):
    frame = judged(1, policy(is_active=True), haze=0.1).frame
    decide(kind, frame, olga)
    undo.take_back(olga)
    frame.refresh_from_db()
    assert (frame.state, frame.audit_due, frame.reasons) == (State.PUBLISHED, "drawn", [])
    assert samples() == []
    label(frame.card, bad=False)
    assert len(samples()) == 1


def test_decisions_are_taken_back_one_by_one_the_last_first_and_only_ones_own(olga, oskar):
    frames = [waiting(code) for code in "ABC"]
    for frame, user in zip(frames, (olga, olga, oskar), strict=True):
        decide("approve", frame, user)
    assert [undo.take_back(olga)[0].code for _ in range(2)] == ["B", "A"]
    assert Frame.objects.get(code="C").state == State.APPROVED


def test_what_a_worker_may_have_begun_is_not_taken_back(olga):
    frame = waiting("A")
    decide("approve", frame, olga)
    Frame.objects.update(not_before=timezone.now())
    with pytest.raises(decisions.DecisionError, match="too late"):
        undo.take_back(olga)
    frame.refresh_from_db()
    assert frame.state == State.APPROVED


def test_a_bridge_that_was_moved_stays_moved_when_the_decision_is_taken_back(olga):
    frame = waiting("A", view="angle")
    frame.scorecards.all().delete()
    scorecard(frame, **bridge_fields())
    decide("approve", frame, olga, bridge_x=730.0)
    undo.take_back(olga)
    assert BridgeLabel.objects.get().bridge_x == 730
    decide("approve", frame, olga)
    assert Decision.objects.last().label == "bad"


def test_a_frame_in_somebody_elses_hands_is_not_decided(olga, oskar):
    frame = waiting("A")
    claims.take(frame, oskar)
    with pytest.raises(decisions.DecisionError, match="oskar is looking at A front right now"):
        decide("approve", frame, olga)
    decide("approve", frame, oskar)


# --- bulk -------------------------------------------------------------------------------------------


def test_many_are_decided_at_once_refused_one_by_one_and_taken_back_together(olga, oskar):
    frames = [waiting(code) for code in "ABC"]
    held, unmatted, gone = waiting("D"), waiting("E"), waiting("F")
    claims.take(held, oskar)
    unmatted.scorecards.all().delete()
    decide("reject", gone, oskar)
    changed, unseen = waiting("G"), waiting("H")
    seen = dict(Frame.objects.exclude(pk=unseen.pk).values_list("pk", "version")) | {changed.pk: changed.version - 1}
    done, refusals = bulk.decide("approve", QueueItem.objects.all(), seen, olga)
    assert done == 3
    assert sorted(refusals) == [
        "E front has no matte that could be published. Reprocess it, or ask for a new photo.",
        "F front is no longer in the queue; somebody decided it.",
        "G front was decided while you looked at it; nothing was changed.",
        "H front wasn't on the page, so nobody looked at it; nothing was changed.",
        "oskar is looking at D front right now; nothing was changed.",
    ]
    assert {back.pk for back in undo.take_back(olga)} == {frame.pk for frame in frames}
    assert set(Frame.objects.exclude(code="F").values_list("state", flat=True)) == {State.EXCEPTION}


def test_each_row_of_the_list_is_ticked_by_its_own_name(sign_in):
    for code in "AB":
        waiting(code)
    page = sign_in("operator").get("/admin/review/queueitem/").content.decode()
    assert 'aria-label="Select A front"' in page and 'aria-label="Select B front"' in page
    assert "action-toggle" in page


def test_the_list_offers_what_was_decided_last_to_be_taken_back(sign_in):
    frames = [waiting(code) for code in "AB"]
    operator = sign_in("operator")
    form = {"action": "discard", "_selected_action": [frame.pk for frame in frames]}
    form |= {f"version-{frame.pk}": stamps.of(frame) for frame in frames}
    page = strip_tags(operator.post("/admin/review/queueitem/", form, follow=True).content.decode())
    assert "2 frames rejected" in page and "Take back the last 2 decisions" in page
    page = operator.post("/admin/queue/undo/", follow=True).content.decode()
    assert "Taken back: 2 frames" in page
    assert QueueItem.objects.count() == 2


# --- what the page is told --------------------------------------------------------------------------


def state_of(page: str) -> dict:
    found = re.search(r'<script id="state" type="application/json">(.*?)</script>', page)
    assert found
    return json.loads(found[1])


def test_the_page_tells_the_line_and_claims_nothing_under_a_strict_policy(sign_in):
    first, second = waiting("A"), waiting("B")
    response = sign_in("operator").get("/workbench/")
    told = state_of(response.content.decode())
    assert told["asked"] is None and [thumb["id"] for thumb in told["line"]["rail"]] == [first.pk, second.pk]
    assert not Claim.objects.exists()
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]


def test_a_frame_that_another_looks_at_is_shown_and_who_it_is_is_said(sign_in, oskar):
    first = waiting("A")
    claims.take(first, oskar, "his")
    told = ask(sign_in("operator"), f"{first.pk}/open", page="hers")["item"]
    words = "oskar is looking at A front right now. Here you can look, and change nothing."
    assert told["id"] == first.pk and told["held"] == {"by": "oskar", "isOwn": False, "words": words}
    assert Claim.objects.get().by == "oskar"


def test_two_tabs_of_one_login_are_handed_different_frames_and_one_may_take_the_others(sign_in):
    first, second = waiting("A"), waiting("B")
    operator = sign_in("operator")
    assert [ask(operator, "next", page=page)["item"]["id"] for page in ("one", "two")] == [first.pk, second.pk]
    held = ask(operator, f"{first.pk}/open", page="two")["item"]["held"]
    assert held["isOwn"] and held["words"].startswith("You have A front open in another tab")
    assert ask(operator, f"{first.pk}/open", page="two", here=True)["item"]["held"] is None
    assert ask(operator, "beat", page="one", held=[first.pk])["lost"] == {str(first.pk): "operator"}


def test_what_is_fetched_ahead_waits_for_everybody_and_is_taken_last(sign_in, oskar):
    first, second, third = waiting("A"), waiting("B"), waiting("C")
    operator = sign_in("operator")
    ask(operator, "next", page="one")
    assert ask(operator, "next", page="one", held=[first.pk], is_ahead=True)["item"]["id"] == second.pk
    assert [frame.pk for frame in claims.queue_of(oskar)] == [second.pk, third.pk]
    assert claims.take_next(oskar, "his").pk == third.pk
    assert claims.take_next(oskar, "his", [third.pk], ahead=True) is None
    assert claims.take_next(oskar, "his", [third.pk]).pk == second.pk
    assert ask(operator, "beat", page="one", held=[first.pk], ahead=[second.pk])["lost"] == {str(second.pk): "oskar"}


def test_a_page_that_is_left_lets_go_and_no_other_does(sign_in, oskar):
    first, second = waiting("A"), waiting("B")
    operator = sign_in("operator")
    for page in ("one", "two"):
        ask(operator, "next", page=page)
    answer = operator.post("/workbench/leave", {"page": "one"})
    assert answer.status_code == 204
    assert [frame.pk for frame in claims.queue_of(oskar)] == [first.pk]
    assert ask(operator, "next", page="three", after="two")["item"]["id"] == first.pk
    assert [frame.pk for frame in claims.queue_of(oskar)] == [second.pk]


def test_how_many_wait_in_other_hands_is_told(sign_in, oskar):
    held, _ = waiting("A"), waiting("B")
    claims.take(held, oskar, "his")
    line = ask(sign_in("operator"), "next")["line"]
    assert (line["left"], line["elsewhere"]) == (1, 1)


def test_the_list_says_who_looks_at_what(sign_in, oskar):
    first, second, third = waiting("A"), waiting("B"), waiting("C")
    claims.take(first, oskar)
    claims.take(second, oskar, ahead=True)
    page = sign_in("operator").get("/admin/review/queueitem/").content.decode()
    told = re.findall(r"field-in_hand[^>]*>\s*([^<]*?)\s*<", page)
    assert told == ["oskar", "nobody", "nobody"], third


@pytest.mark.parametrize("asked", ["abc", "999999", "9" * 30])
def test_a_frame_that_is_not_there_is_refused_in_words(asked, sign_in):
    operator = sign_in("operator")
    told = state_of(operator.get(f"/workbench/?frame={asked}").content.decode())
    assert "no longer in the queue" in ask(operator, f"{told['asked']}/open")["detail"]


def test_each_doubt_names_its_place_and_the_tool_that_mends_it(olga):
    frame = waiting("A", reasons=["haze", "odd-shape"])
    type(frame.card).objects.update(places={"haze": [1, 2, 3, 4]})
    chips = frame_json.item(Frame.objects.get(pk=frame.pk), olga)["chips"]
    assert [(chip["place"], chip["tool"]) for chip in chips] == [([1, 2, 3, 4], "erase"), (None, None)]


@pytest.mark.parametrize(
    ("doubts", "tool"),
    [(["haze", "fading"], "brush"), (["haze", "backdrop-kept", "fading"], "erase"), (["torn"], "erase")],
)
def test_a_doubt_of_either_sign_arms_what_the_costliest_of_one_sign_asks_for(doubts, tool, olga):
    frame = waiting("A", reasons=doubts)
    chips = frame_json.item(Frame.objects.get(pk=frame.pk), olga)["chips"]
    assert chips[0]["tool"] == tool


def test_a_matte_that_lost_a_part_comes_after_all_that_are_whole_however_sure(olga):
    frame = waiting("A")
    others = [{"rung": "closer", "confidence": 0.9, "is_partial": True}, {"rung": "relit", "confidence": 0.1}]
    type(frame.card).objects.update(others=others, confidence=0.5, reasons=["fading"])
    told = frame_json.item(Frame.objects.get(pk=frame.pk), olga)
    assert [(other["rung"], other["isBest"]) for other in told["alternatives"]] == [("relit", True), ("closer", False)]


def test_an_alternative_surer_than_the_matte_is_the_best_guess_and_no_confidence_is_told(olga):
    frame = waiting("A")
    others = [{"rung": "closer", "confidence": 0.2}, {"rung": "relit", "confidence": 0.6}]
    type(frame.card).objects.update(others=others)
    told = frame_json.item(Frame.objects.get(pk=frame.pk), olga)
    assert [(other["rung"], other["isBest"]) for other in told["alternatives"]] == [("relit", True), ("closer", False)]
    assert "0.6" not in json.dumps(told) and "score" not in told


@pytest.mark.parametrize(
    ("fields", "product_class"), [({"view": "front"}, "eyewear"), ({"view": "angle"}, "watch")], ids=["front", "watch"]
)
def test_where_nothing_is_parted_there_is_no_bridge(fields, product_class, olga):
    frame = waiting("A", **fields)
    Frame.objects.update(product_class=product_class)
    assert frame_json.item(Frame.objects.get(pk=frame.pk), olga)["bridge"] is None


def test_the_last_of_several_placings_of_a_bridge_counts_and_its_maker_is_named(olga):
    frame = waiting("A", view="angle")
    frame.scorecards.all().delete()
    scorecard(frame, **bridge_fields())
    for place, by in [(650, "oskar"), (699.5, "olga")]:
        BridgeLabel.objects.create(frame=frame, attempt=1, bridge_x=place, found_x=716.25, by=by)
    told = frame_json.item(Frame.objects.get(pk=frame.pk), olga)["bridge"]
    assert (told["x"], told["found"], told["placedBy"]) == (699.5, 716.25, "olga")
