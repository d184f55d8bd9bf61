"""Blind second looks: who is asked, what they are shown, and that what they say moves nothing."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.contrib.auth.models import Group, User
from django.forms import model_to_dict
from django.test import Client
from django.utils import timezone

from pipeline import audit_draw
from pipeline.models import Batch, BridgeLabel, Frame, Override, Scorecard
from pipeline.states import State
from review.evidence.labels import samples
from review.models import Claim, Decision, QueueItem
from review.queue import decisions, second_looks, stamps
from tests.factories import bridge_fields, judged, policy, scorecard

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def all_are_drawn(monkeypatch):
    monkeypatch.setattr(audit_draw, "SECOND_LOOKS", 1.0)


def signed_in(name: str, role: str = "operator") -> Client:
    user = User.objects.create_user(name, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def olga() -> Client:
    return signed_in("olga")


@pytest.fixture
def omar() -> Client:
    return signed_in("omar")


@pytest.fixture
def frame() -> Frame:
    """A doubted pair of glasses whose bridge is in doubt too."""
    batch, _ = Batch.objects.get_or_create(name="Spring")
    about = {"filename": "A_2.jpg", "code": "A", "view": "angle", "sha256": "a", "version": 2}
    found = Frame.objects.create(
        batch=batch, attempt=1, state=State.EXCEPTION, reasons=["haze", "bridge-unsure"], **about
    )
    scorecard(found, others=[{"rung": "closer", "confidence": 0.3}], **bridge_fields())
    return found


def ask(client: Client, question: str, pk: int | None = None, **said):
    address = f"/workbench/{pk}/{question}" if pk else f"/workbench/{question}"
    return client.post(address, said, content_type="application/json")


def shown(client: Client):
    """What the workbench shows this person next; everybody has let go of what they had."""
    Claim.objects.all().delete()
    return ask(client, "next").json()["item"]


def later(**span: float) -> None:
    """Every decision was made so much longer ago."""
    for said in Decision.objects.all():
        Decision.objects.filter(pk=said.pk).update(at=said.at - timedelta(**(span or {"minutes": 5})))


def decided(client: Client, frame: Frame, kind: str = "approve", **more) -> Decision:
    frame.refresh_from_db()
    answer = ask(client, "decide", frame.pk, kind=kind, version=stamps.of(frame), **more)
    assert answer.status_code == HTTPStatus.OK, answer.content
    later()
    Claim.objects.all().delete()
    return Decision.objects.latest("pk")


def moved_on(frame: Frame, state: State, **fields) -> None:
    Frame.objects.filter(pk=frame.pk).update(state=state, state_since=timezone.now(), **fields)


def as_it_is(frame: Frame):
    return Frame.objects.get(pk=frame.pk), BridgeLabel.objects.count(), frame.transitions.count()


def approve(client, frame):
    decided(client, frame)
    moved_on(frame, State.PUBLISHED, published_at=timezone.now(), version=9)


def approve_with_another_bridge(client, frame):
    decided(client, frame, bridge_x=651.375)
    moved_on(frame, State.PUBLISHED, published_at=timezone.now())


def approve_after_painting(client, frame):
    Frame.objects.filter(pk=frame.pk).update(attempt=2, version=3)
    frame.refresh_from_db()
    painted = scorecard(frame, components={"haze": 0.9}, **bridge_fields())
    Override.objects.create(frame=frame, scorecard=painted, base_attempt=1, strokes=[{}], by="olga")
    decided(client, frame)


def discard(client, frame):
    decided(client, frame, "discard")


def ask_for_another_photo(client, frame):
    decided(client, frame, "reject", why="blurred", remark="both temples", mark=[0.1, 0.2])


def reprocess(client, frame):
    """Meanwhile it was processed again, in vain, and a better one took its place in the shop."""
    decided(client, frame, "reprocess")
    Frame.objects.filter(pk=frame.pk).update(attempt=2)
    frame.refresh_from_db()
    scorecard(frame, components={"torn": 0.1}, others=[{"rung": "relit", "confidence": 0.8}])
    moved_on(frame, State.PUBLISHED, reasons=["torn"], gemini="refused", published_at=timezone.now())


WAYS = [approve, approve_with_another_bridge, approve_after_painting, discard, ask_for_another_photo, reprocess]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_second_person_is_shown_what_the_first_one_was_whatever_was_said_and_done(way, frame, olga, omar):
    before = shown(olga)
    way(olga, frame)
    item = shown(omar)
    # It is decided, so no more is made of it to choose from.
    now = {"version": item["version"], "waiting": before["waiting"].replace("0", "5"), "areMoreComing": False}
    assert item == before | now
    page = omar.get("/workbench/").content.decode()
    hidden = ("olga", "temples", "published", "651.375", "second", "relit")
    assert not [word for word in hidden if word in str(item)]
    assert not [word for word in ("olga", "temples", "651.375", "relit") if word in page]
    assert ask(omar, "open", frame.pk).json()["item"] == item
    assert ask(omar, "beat", held=[frame.pk]).json()["lost"] == {}


@pytest.mark.parametrize("kind", ["approve", "discard", "reject", "reprocess"])
def test_what_the_second_one_says_is_told_like_any_decision_and_moves_nothing(kind, frame, olga, omar):
    decided(olga, frame)
    before = as_it_is(frame)
    item = shown(omar)
    said = ask(omar, "decide", frame.pk, kind=kind, version=item["version"], bridge_x=651.375, why="blurred")
    assert said.json()["said"] == f"A angle {decisions.DECISIONS[kind][1]}."
    now = as_it_is(frame)
    assert (model_to_dict(now[0]), now[1:]) == (model_to_dict(before[0]), before[1:])
    second = Decision.objects.latest("pk")
    assert (second.second_of, second.occasion, second.by) == (Decision.objects.earliest("pk"), "second", "omar")
    assert second.label == ("" if kind == "reject" else "bad")  # the bridge was moved
    assert shown(omar) is None and shown(olga) is None


def test_it_is_never_shown_to_who_decided_it_nor_to_a_third(frame, olga, omar):
    decided(olga, frame)
    assert shown(olga) is None and ask(olga, "open", frame.pk).status_code == HTTPStatus.CONFLICT
    item = shown(omar)
    ask(omar, "decide", frame.pk, kind="approve", version=item["version"])
    assert shown(signed_in("third")) is None


def test_no_further_cutouts_are_promised(frame, olga, omar):
    assert shown(olga)["areMoreComing"]
    approve(olga, frame)
    again = shown(omar)
    assert again["id"] == frame.pk and not again["areMoreComing"]


def test_nobody_waits_for_it(frame, olga):
    """One operator alone has an empty queue, and after a week nobody is asked any more."""
    decided(olga, frame)
    told = ask(olga, "next").json()
    assert told["item"] is None and told["line"]["left"] == 0 and not QueueItem.objects.exists()
    later(days=8)
    assert shown(signed_in("late")) is None


def test_as_long_as_it_can_be_taken_back_and_once_it_was_nobody_is_asked(frame, olga, omar):
    ask(olga, "decide", frame.pk, kind="approve", version=stamps.of(frame))
    assert shown(omar) is None
    ask(olga, "undo")
    later()
    assert QueueItem.objects.filter(pk=frame.pk).exists()
    assert shown(omar)["id"] == frame.pk and second_looks.of(frame.pk, User.objects.get(username="omar")) is None


def test_one_that_waits_again_is_decided_and_not_only_looked_at(frame, olga, omar):
    decided(olga, frame)
    seen = shown(omar)
    moved_on(frame, State.EXCEPTION, version=5)
    answer = ask(omar, "decide", frame.pk, kind="discard", version=seen["version"])
    assert answer.status_code == HTTPStatus.CONFLICT and "decided while you looked" in answer.json()["detail"]
    assert decided(omar, frame, "discard").occasion == "exception"


def test_a_second_decision_is_taken_back_and_the_frame_shown_again(frame, olga, omar):
    decided(olga, frame)
    ask(omar, "decide", frame.pk, kind="discard", version=shown(omar)["version"])
    before = as_it_is(frame)
    back = ask(omar, "undo").json()
    assert (
        back["item"]["id"] == frame.pk and stamps.version_of(frame, back["item"]["version"]) == second_looks.NO_VERSION
    )
    assert as_it_is(frame)[1:] == before[1:] and Frame.objects.get(pk=frame.pk).version == before[0].version
    assert shown(omar)["id"] == frame.pk


def test_it_can_be_skipped_but_neither_painted_on_nor_renamed(frame, olga, omar):
    decided(olga, frame)
    item = shown(omar)
    painted = ask(omar, "edit", frame.pk, version=item["version"], rung="closer")
    named = ask(omar, "rename", frame.pk, version=item["version"], code="B", view="angle", product_class="eyewear")
    assert painted.status_code == named.status_code == HTTPStatus.CONFLICT
    assert "second opinion" in painted.json()["detail"] and "second opinion" in named.json()["detail"]
    assert ask(omar, "skip", frame.pk).status_code == HTTPStatus.OK
    assert shown(omar) is None and shown(signed_in("third"))["id"] == frame.pk


def test_with_four_eyes_who_sent_it_is_not_asked(frame, olga, omar, settings):
    settings.FOUR_EYES = True
    Batch.objects.update(created_by=User.objects.get(username="omar"))
    decided(olga, frame)
    assert shown(omar) is None and shown(signed_in("third"))["id"] == frame.pk


def test_a_second_opinion_says_nothing_of_the_matte_that_an_estimate_or_a_certificate_would_count(olga, omar):
    frame = judged(1, policy(is_active=True), haze=0.1).frame
    decided(olga, frame)
    item = shown(omar)
    ask(omar, "decide", frame.pk, kind="discard", version=item["version"])
    assert Decision.objects.filter(second_of=None).count() == 1
    assert [sample.is_bad for sample in samples()] == [False]
    assert Frame.objects.get(pk=frame.pk).state == State.PUBLISHED


def test_what_was_never_cut_out_is_decided_once(olga, omar, frame):
    Scorecard.objects.all().delete()
    assert not decided(olga, frame, "reprocess").is_drawn_again
    assert shown(omar) is None


def test_two_in_a_hundred_are_drawn_by_their_file_alone(monkeypatch):
    monkeypatch.setattr(audit_draw, "SECOND_LOOKS", 0.02)
    files = [f"{number:064x}" for number in range(20_000)]
    drawn = {file for file in files if audit_draw.is_for_second_look(file, "key")}
    assert 0.016 < len(drawn) / len(files) < 0.024
    assert drawn == {file for file in files if audit_draw.is_for_second_look(file, "key")}
    assert drawn != {file for file in files if audit_draw.is_for_second_look(file, "another")}
    audited = {file for file in files if audit_draw.draw(file, "key") < 0.02}
    assert len(drawn & audited) < 40  # the draw for audits is another one
