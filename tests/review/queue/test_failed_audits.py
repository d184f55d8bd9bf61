"""What an audit says is carried out once the files have left the shop, and nobody decides it twice."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from pipeline import intake, jobs, naming, processing, reshoots
from pipeline.engines import object_store
from pipeline.engines.object_store import ObjectStoreError
from pipeline.imaging.matte.painting import Stroke
from pipeline.models import Frame, Listing, Rejection
from pipeline.override import Edit
from pipeline.shop import publish
from pipeline.shop.recall import recall
from pipeline.states import SENT_BACK, State
from review.evidence.estimates import estimates
from review.evidence.labels import samples
from review.models import QueueItem
from review.queue import decisions
from review.queue.today import today
from review.workbench import edits
from tests.pipeline.conftest import photo, stand_in
from tests.services import bucket_of

pytestmark = pytest.mark.django_db
DOT = Stroke("brush", 60, ((60.0, 60.0),))


@pytest.fixture
def olga():
    return User.objects.create_user("olga")


@pytest.fixture
def sender():
    return User.objects.create_user("sven")


@pytest.fixture
def queued(monkeypatch):
    """Frames whose next step was queued."""
    found: list[Frame] = []
    monkeypatch.setattr(jobs, "enqueue", found.append)
    return found


@pytest.fixture
def audited(buckets, monkeypatch, sender, queued):
    stand_in(monkeypatch)
    frame = in_the_shop("AURA1_1.png", 40, sender, draw=0)
    assert (frame.state, frame.audit_due) == (State.PUBLISHED, "drawn")
    return frame


def in_the_shop(filename: str, colour: int, sender: User, *, draw: float = 1) -> Frame:
    spring = intake.open_batch("Spring", "watch", sender)
    frame = intake.receive(spring, filename, photo(colour), meant=frozenset({"replace"})).frame
    Frame.objects.filter(pk=frame.pk).update(draw=draw)
    processing.run(frame.pk)
    return shown(frame)


def shown(frame: Frame) -> Frame:
    publish.run(frame.pk)
    return Frame.objects.get(pk=frame.pk)


def say(kind: str, frame: Frame, user: User, **told: Any) -> Frame:
    """What the auditor says, and what becomes of the frame once nobody can take it back."""
    frame = Frame.objects.get(pk=frame.pk)
    decisions.decide(kind, frame, frame.version, user, **told)
    Frame.objects.update(not_before=None)
    if frame.state == State.WITHDRAWING:
        jobs.withdraw(frame.pk)
    return Frame.objects.get(pk=frame.pk)


def mend(frame: Frame, user: User) -> None:
    edits.save(frame, frame.version, user, Edit("", (DOT,)))


def keys() -> set[str]:
    return {item.key for item in bucket_of("published").objects.all()}


def asked_of(sender: User) -> list[Frame]:
    return [row.frame for row in reshoots.open_for(sender)]


def test_a_rejected_one_is_rejected_and_its_sender_is_asked_once_it_has_left_the_shop(audited, olga, sender, queued):
    decisions.decide("reject", audited, audited.version, olga, why="blurred", remark="left lens", mark=[0.5, 0.5])
    assert asked_of(sender) == [] and reshoots.told_of_frames([audited], sender)[0][1] is None
    Frame.objects.update(not_before=None)
    jobs.withdraw(audited.pk)
    jobs.withdraw(audited.pk)
    audited.refresh_from_db()
    told = Rejection.objects.get()
    assert (audited.state, audited.reasons, keys(), queued) == (State.REJECTED, [], set(), [])
    assert (told.needs_photo, told.why, told.remark, told.mark) == (True, "blurred", "left lens", [0.5, 0.5])
    assert asked_of(sender) == [audited] and not QueueItem.objects.exists()


def test_a_bad_cut_out_is_rejected_and_no_photo_is_asked_for(audited, olga, sender):
    assert say("discard", audited, olga).state == State.REJECTED
    assert not Rejection.objects.get().needs_photo and asked_of(sender) == []
    assert [sample.is_bad for sample in samples()] == [True]


def test_a_manager_can_have_a_rejected_one_looked_at_again(audited, olga):
    frame = say("discard", audited, olga)
    recall("review", frame, frame.version, actor="maria", why="cut out by hand")
    assert (frame.state, frame.reasons) == (State.EXCEPTION, [SENT_BACK]) and not Rejection.objects.exists()


def test_a_mended_one_is_published_again_by_itself_with_its_new_matte(audited, olga, queued):
    manifest = naming.manifest_key("AURA1", "front")
    before = json.loads(object_store.load_published(manifest))
    mend(audited, olga)
    frame = say("approve", audited, olga)
    assert (frame.state, keys(), queued) == (State.APPROVED, set(), [frame])
    frame = shown(frame)
    after = json.loads(object_store.load_published(manifest))
    assert (frame.state, frame.audit_due, frame.was_exception) == (State.PUBLISHED, "", False)
    assert {file["key"] for file in after["files"]} == {file["key"] for file in before["files"]}
    assert after["version"] > before["version"]
    assert not {file["sha256"] for file in after["files"]} & {file["sha256"] for file in before["files"]}
    assert Listing.objects.get().frame == frame and not QueueItem.objects.exists()
    assert [sample.is_bad for sample in samples()] == [True]


def test_one_that_is_to_be_cut_out_once_more_comes_to_a_person_however_confident(audited, olga, queued):
    frame = say("reprocess", audited, olga)
    assert (frame.state, keys(), queued) == (State.RECEIVED, set(), [frame])
    processing.run(frame.pk)
    frame.refresh_from_db()
    assert frame.card and frame.card.publish and frame.attempt == 2
    assert (frame.state, frame.reasons, frame.audit_due) == (State.EXCEPTION, [SENT_BACK], "")
    assert [waiting.pk for waiting in QueueItem.objects.all()] == [frame.pk]
    assert shown(say("approve", frame, olga)).state == State.PUBLISHED
    assert [sample.is_bad for sample in samples()] == [True]
    assert (estimates(0.1).audits, estimates(0.1).failed_audits, estimates(0.1).scored) == (1, 1, 1)


def test_sent_back_again_or_painted_on_it_is_still_not_published_unseen(audited, olga):
    frame = say("reprocess", audited, olga)
    processing.run(frame.pk)
    frame.refresh_from_db()
    mend(frame, olga)
    assert SENT_BACK in Frame.objects.get(pk=frame.pk).reasons
    processing.run(say("reprocess", frame, olga).pk)
    assert Frame.objects.get(pk=frame.pk).state == State.EXCEPTION


def test_a_fault_on_the_way_does_not_let_it_slip_through(audited, olga, settings, monkeypatch):
    frame, settings.MAX_FAULTS = say("reprocess", audited, olga), 1
    with monkeypatch.context() as broken:
        broken.setattr(object_store, "load_work", lambda key: (_ for _ in ()).throw(ObjectStoreError("away")))
        processing.run(frame.pk)
    frame.refresh_from_db()
    assert (frame.state, frame.reasons) == (State.EXCEPTION, ["attempts-spent", SENT_BACK])
    processing.run(say("reprocess", frame, olga).pk)
    assert Frame.objects.get(pk=frame.pk).state == State.EXCEPTION


@pytest.mark.parametrize("kind", ["approve", "reprocess", "reject"])
def test_a_newer_photo_keeps_the_name(kind, audited, olga, sender, queued):
    if kind == "approve":
        mend(audited, olga)
    seen = Frame.objects.get(pk=audited.pk)
    decisions.decide(kind, seen, seen.version, olga, why="blurred" if kind == "reject" else "")
    newer = in_the_shop("AURA1_1.png", 60, sender)
    Frame.objects.update(not_before=None)
    files = keys()
    jobs.withdraw(audited.pk)
    audited.refresh_from_db()
    assert (audited.state, newer.state, queued) == (State.SUPERSEDED, State.PUBLISHED, [])
    assert Listing.objects.get().frame == newer and keys() == files and asked_of(sender) == []


def test_a_mended_one_is_no_sibling_that_is_looked_at(audited, olga, sender):
    mend(audited, olga)
    shown(say("approve", audited, olga))
    other = in_the_shop("AURA1_3.png", 42, sender, draw=0)
    assert say("discard", other, olga).state == State.REJECTED
    assert Frame.objects.get(pk=audited.pk).audit_due == ""


@pytest.mark.parametrize("days", [0, 3])
@pytest.mark.parametrize("kind", ["approve", "reprocess", "reject"])
def test_what_follows_moves_none_of_the_days_figures(kind, days, audited, olga):
    if kind == "approve":
        mend(audited, olga)
    frame = Frame.objects.get(pk=audited.pk)
    Frame.objects.update(published_at=timezone.now() - timedelta(days=days))
    decisions.decide(kind, frame, frame.version, olga, why="blurred" if kind == "reject" else "")
    before = today(olga)
    Frame.objects.update(not_before=None)
    jobs.withdraw(frame.pk)
    assert today(olga) == before
    processing.run(frame.pk)
    shown(frame)
    assert today(olga) == before


def test_who_decides_is_told_of_an_audit_what_they_are_told_of_an_exception(audited, olga, sender):
    """Also where it can't be done: what was painted away can't be published."""
    other = in_the_shop("AURA2_1.png", 44, sender)
    Frame.objects.filter(pk=other.pk).update(state=State.EXCEPTION)
    said = []
    for frame in (audited, Frame.objects.get(pk=other.pk)):
        frame.scorecards.update(reasons=["empty"])
        with pytest.raises(decisions.DecisionError) as refused:
            decisions.decide("approve", frame, frame.version, olga)
        said.append(str(refused.value).replace(frame.code, "P"))
    assert said[0] == said[1]
    assert Frame.objects.get(pk=audited.pk).state == State.PUBLISHED
