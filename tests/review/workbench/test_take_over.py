"""A manager takes a frame out of another's hands: it is noted, and whoever lost it is told."""

from http import HTTPStatus

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from redis import Redis

from pipeline.models import Batch, Frame, TakeOver
from pipeline.states import State
from pipeline.transitions import advance
from review.models import Claim, Decision
from review.queue import claims, stamps
from tests.review.workbench.test_workbench import lapse, state_of, waiting

pytestmark = pytest.mark.django_db


def signed_in(name: str, role: str) -> Client:
    user = User.objects.create_user(name, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def olga() -> Client:
    return signed_in("olga", "operator")


@pytest.fixture
def maria() -> Client:
    return signed_in("maria", "manager")


@pytest.fixture
def frame(olga) -> Frame:
    """One that olga has in hand."""
    found = waiting("A")
    assert ask(olga, found, "open").status_code == HTTPStatus.OK
    return found


def ask(client: Client, frame: Frame, question: str, **said: object):
    return client.post(f"/workbench/{frame.pk}/{question}", said, content_type="application/json")


def approve(client: Client, frame: Frame):
    return ask(client, frame, "decide", kind="approve", version=stamps.of(frame))


def noted() -> list[tuple[str, str]]:
    return list(TakeOver.objects.values_list("by", "taken_from"))


def test_a_manager_takes_a_frame_over_and_decides_it(maria, frame):
    answer = ask(maria, frame, "take-over").json()
    assert answer["said"] == "A front is taken over from olga." and answer["item"]["id"] == frame.pk
    assert noted() == [("maria", "olga")]
    assert approve(maria, frame).status_code == HTTPStatus.OK
    frame.refresh_from_db()
    assert frame.state == State.APPROVED


def test_whoever_lost_it_is_refused_and_told_who_took_it_and_when(olga, maria, frame):
    ask(maria, frame, "take-over")
    at = TakeOver.objects.get().at
    answer = approve(olga, frame)
    words = f"maria took A front over from you on {at.day} {at:%b, %H:%M}; nothing was changed."
    assert (answer.status_code, answer.json()["detail"]) == (HTTPStatus.CONFLICT, words)
    frame.refresh_from_db()
    assert frame.state == State.EXCEPTION
    assert claims.renew(User.objects.get(username="olga"), [frame.pk]) == {frame.pk: "maria"}


def test_a_third_is_told_only_who_looks_at_it(maria, frame):
    ask(maria, frame, "take-over")
    detail = approve(signed_in("oskar", "operator"), frame).json()["detail"]
    assert detail == "maria is looking at A front right now; nothing was changed."


def test_who_only_looks_is_told_of_cutouts_that_came(maria, frame):
    answer = ask(maria, frame, "choices")
    assert answer.status_code == HTTPStatus.OK and answer.json()["alternatives"] == []


@pytest.mark.django_db(transaction=True)
def test_more_to_choose_from_is_promised_only_while_it_is_in_line(olga, maria, redis_server):
    frame = waiting("A", version=1)
    ask(olga, frame, "open")
    assert ask(maria, frame, "choices").json()["areMoreComing"]
    Redis.from_url(redis_server).flushall()
    assert not ask(maria, frame, "choices").json()["areMoreComing"]


def test_of_two_take_overs_the_last_counts(olga, maria, frame):
    mona = signed_in("mona", "manager")
    for manager in (maria, mona):
        ask(manager, frame, "take-over")
    assert noted() == [("maria", "olga"), ("mona", "maria")]
    assert "mona took A front over from you" in approve(maria, frame).json()["detail"]
    assert "mona is looking at A front right now" in approve(olga, frame).json()["detail"]
    assert approve(mona, frame).status_code == HTTPStatus.OK


@pytest.mark.parametrize("question", ["skip", "shop", "click"])
def test_what_another_has_in_hand_is_neither_skipped_nor_shown_nor_worked_on(question, maria, frame):
    strokes = [{"tool": "brush", "size": 20, "points": [[60, 60]]}]
    answer = ask(maria, frame, question, strokes=strokes)
    assert answer.status_code == HTTPStatus.CONFLICT
    assert answer.json()["detail"] == "olga is looking at A front right now; nothing was changed."
    assert not Decision.objects.exists()
    ask(maria, frame, "take-over")
    assert "right now" not in ask(maria, frame, question, strokes=strokes).json().get("detail", "")


@pytest.mark.parametrize("role", ["uploader", "operator", "nobody"])
def test_nobody_else_takes_a_frame_over(role, frame, sign_in):
    assert ask(sign_in(role), frame, "take-over").status_code == HTTPStatus.FORBIDDEN
    assert Claim.objects.get().by == "olga" and noted() == []


def test_a_frame_of_ones_own_is_only_held_on_to(maria):
    own = waiting("B")
    for _ in range(2):
        answer = ask(maria, own, "take-over")
        assert answer.json()["said"] == "Nobody else was looking at B front; it is yours."
    assert Claim.objects.get().by == "maria" and noted() == []


def test_a_claim_that_lapsed_is_not_taken_from_anybody(maria, frame):
    lapse()
    ask(maria, frame, "take-over")
    assert claims.holder_of(frame) == "maria" and noted() == []


def test_a_frame_that_is_decided_is_not_taken_over(maria, frame):
    advance(frame, State.REJECTED, actor="olga")
    answer = ask(maria, frame, "take-over")
    assert answer.status_code == HTTPStatus.CONFLICT and "no longer in the queue" in answer.json()["detail"]
    assert noted() == []


def test_with_four_eyes_nobody_takes_over_what_they_sent_in(maria, frame, settings):
    settings.FOUR_EYES = True
    Batch.objects.update(created_by=User.objects.get(username="maria"))
    answer = ask(maria, frame, "take-over")
    assert answer.status_code == HTTPStatus.CONFLICT and "You sent A front in yourself" in answer.json()["detail"]
    assert Claim.objects.get().by == "olga" and noted() == []


def test_the_frames_history_tells_it_between_what_happened_before_and_after(maria, frame):
    ask(maria, frame, "take-over")
    approve(maria, frame)
    page = " ".join(maria.get(f"/admin/pipeline/frame/{frame.pk}/change/").content.decode().split())
    told = '<b>taken over</b> <span class="mg-soft">by maria</span> <p>olga was looking at it</p>'
    assert told in page and page.index(told) < page.index("<p>Good as it is</p>")


@pytest.mark.parametrize(("role", "may"), [("operator", False), ("manager", True)])
def test_the_page_says_who_holds_a_frame_and_whether_it_may_be_taken_over(role, may, frame, sign_in):
    client = sign_in(role)
    told = state_of(client.get(f"/workbench/?frame={frame.pk}").content.decode())
    assert (told["asked"], told["canTakeOver"]) == (frame.pk, may)
    answer = ask(client, frame, "open")
    assert answer.status_code == HTTPStatus.OK and answer.json()["item"]["held"]["by"] == "olga"
