"""A photo of something else than its name says: renamed, and processed again, wherever it stood."""

from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from pipeline import intake, jobs, naming, processing, queues
from pipeline.models import Batch, BridgeLabel, Frame, Listing
from pipeline.shop import publish, withdraw
from pipeline.states import State
from review.evidence.estimates import estimates
from review.evidence.labels import samples
from review.models import Decision
from review.queue import claims, decisions, renames, stamps, undo
from review.queue.renames import Name
from tests.factories import bridge_fields, judged, policy, scorecard
from tests.pipeline.conftest import ColourKeyMatter, photo
from tests.services import bucket_of

pytestmark = pytest.mark.django_db
WATCH = Name("TEMPO7", "side", "watch")


@pytest.fixture
def olga():
    return User.objects.create_user("olga")


@pytest.fixture
def frame(db):
    batch = Batch.objects.create(name="Spring")
    fields = {"filename": "A_2.jpg", "code": "A", "view": "angle", "sha256": "0", "attempt": 1, "reasons": ["haze"]}
    frame = Frame.objects.create(batch=batch, state=State.EXCEPTION, **fields)
    scorecard(frame, **bridge_fields())
    return frame


@pytest.fixture
def published(buckets, monkeypatch):
    """A photo that is in the shop as AURA1 1, and is to be looked at."""
    monkeypatch.setattr("pipeline.cutout.matte_models.matter", ColourKeyMatter)
    monkeypatch.setattr("pipeline.cutout.matte_models.second_matter", lambda: None)
    return in_the_shop(40)


def in_the_shop(colour):
    spring, meant = intake.open_batch("Spring", "watch"), frozenset({"replace"})
    frame = intake.receive(spring, "AURA1_1.png", photo(colour), meant=meant).frame
    processing.run(frame.pk)
    publish.run(frame.pk)
    Frame.objects.filter(pk=frame.pk).update(audit_due="drawn")
    return Frame.objects.get(pk=frame.pk)


def say(frame, name, user):
    return renames.rename(frame, renames.checked(frame, frame.version, user, name), user)


def keys():
    return {item.key for item in bucket_of("published").objects.all()}


def what_it_is(frame):
    frame.refresh_from_db()
    return frame.code, frame.view, frame.product_class, frame.state


def test_a_frame_is_of_its_batchs_class_unless_it_is_said_otherwise(db):
    batch = Batch.objects.create(name="Spring", product_class="watch")
    usual = {"batch": batch, "filename": "A_1.jpg", "code": "A", "view": "front"}
    made = [
        Frame.objects.create(**usual, sha256="0"),
        Frame.objects.create(**usual, sha256="1", product_class="eyewear"),
    ]
    assert [frame.product_class for frame in made] == ["watch", "eyewear"]


def test_it_is_processed_again_under_its_new_name_and_its_history_keeps_the_old_one(frame, olga):
    said = say(frame, Name("tempo7", "side", "watch"), olga)
    assert what_it_is(frame) == ("TEMPO7", "side", "watch", State.RECEIVED)
    assert frame.filename == "A_2.jpg" and frame.batch.product_class == "eyewear"
    assert frame.transitions.get().why == "renamed: was A angle, eyewear; is TEMPO7 side, watch"
    assert said == "A angle is TEMPO7 side, watch now, and is processed again."


def test_it_is_taken_back_whole(frame, olga):
    say(frame, WATCH, olga)
    assert undo.take_back(olga) == [frame]
    assert what_it_is(frame) == ("A", "angle", "eyewear", State.EXCEPTION)
    assert frame.reasons == ["haze"] and not Decision.objects.filter(kind="rename", undone_by=None).exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (Name("", "side", "watch"), "Nothing can't be a product code: a product code starts with"),
        (Name("TEMPO 7", "side", "watch"), "TEMPO 7 can't be a product code"),
        (Name("T" * 65, "side", "watch"), "longer than 64"),
        (Name("a", "angle", "eyewear"), "That is its name already: A angle, eyewear"),
    ],
)
def test_a_name_that_no_photo_can_have_is_refused_in_words(name, words, frame, olga):
    with pytest.raises(decisions.DecisionError, match=words):
        say(frame, name, olga)
    assert what_it_is(frame) == ("A", "angle", "eyewear", State.EXCEPTION)


def test_an_old_version_and_anothers_frame_are_refused(frame, olga):
    with pytest.raises(decisions.DecisionError, match="was decided"):
        renames.checked(frame, frame.version + 1, olga, WATCH)
    claims.take(frame, User.objects.create_user("oskar"))
    with pytest.raises(decisions.DecisionError, match="oskar is looking at"):
        renames.checked(frame, frame.version, olga, WATCH)


def test_who_is_second_changes_nothing(frame, olga):
    seen = Frame.objects.get(pk=frame.pk)
    say(frame, WATCH, olga)
    with pytest.raises(decisions.DecisionError, match="A angle was decided"):
        renames.rename(seen, Name("B", "front", "watch"), olga)
    assert what_it_is(frame)[0] == "TEMPO7" and Decision.objects.count() == 1


def crop_of(frame: Frame) -> Any:
    return publish._crop(frame, np.ones((8, 8), np.float32), None, frame.listing_spec)


def test_a_watch_has_no_bridge_whatever_was_placed_before(frame, olga):
    BridgeLabel.objects.create(frame=frame, attempt=1, bridge_x=700, by="olga")
    say(frame, Name("A", "angle", "watch"), olga)
    assert crop_of(frame) is None
    undo.take_back(olga)
    assert crop_of(Frame.objects.get()).bridge_x == 700


def test_the_page_is_asked_before_two_photos_have_one_name(frame, sign_in):
    other = Frame.objects.create(batch=frame.batch, filename="B_1.jpg", code="B", view="front", sha256="1")
    client = sign_in("operator")

    def answer(**more):
        asked = {"version": stamps.of(frame), "code": " b ", "view": "front", "product_class": "eyewear", **more}
        return client.post(f"/workbench/{frame.pk}/rename", asked, content_type="application/json").json()

    told = answer()
    assert told["ask"].startswith("There is a photo of B front already, in batch Spring. It came after this one")
    assert told["despite"] == [other.pk] and what_it_is(frame)[0] == "A"
    assert "is B front, eyewear now" in answer(despite=told["despite"])["said"]
    assert what_it_is(frame)[0] == "B"


def test_a_photo_that_is_replaced_is_told_of_and_one_that_is_gone_is_not(frame, olga):
    newer = Frame.objects.create(batch=frame.batch, filename="B_1.jpg", code="B", view="front", sha256="1")
    name = Name("A", "angle", "watch")
    assert renames.others_of(newer, name) == [frame]
    assert "it replaces that one" in renames.words_for(newer, name, [frame])
    Frame.objects.filter(pk=frame.pk).update(state=State.REJECTED)
    assert renames.others_of(newer, name) == []


# --- what it says of the matte ------------------------------------------------------------------------


@pytest.mark.parametrize("haze", [0.1, 0.99], ids=["an audit", "an exception"])
def test_it_counts_neither_as_escaped_nor_as_clean(haze, olga):
    row = policy(is_active=True)
    wrong, _ = (judged(number, row, haze=haze).frame for number in (1, 2))
    Decision.objects.create(
        frame=wrong, scorecard=wrong.card, kind="edit", occasion="exception", label="bad", by="olga"
    )
    say(wrong, WATCH, olga)
    assert (samples(), estimates(0.1).failed_audits, estimates(0.1).audits) == ([], 0, 0)
    assert estimates(0.1).scored == 1
    undo.take_back(olga)
    assert estimates(0.1).scored == 2


# --- one that is published -----------------------------------------------------------------------------


def test_a_published_one_leaves_nothing_under_its_old_name_and_is_published_under_the_new_one(published, olga):
    frame = published
    say(frame, WATCH, olga)
    assert frame.state == State.WITHDRAWING and any(key.startswith("AURA1/") for key in keys())
    Frame.objects.update(not_before=timezone.now())
    withdraw.run(frame.pk)
    assert keys() == set() and not Listing.objects.exclude(frame=None).exists()
    assert what_it_is(frame) == ("TEMPO7", "side", "watch", State.RECEIVED)
    assert not frame.renditions.exists()
    processing.run(frame.pk)
    Frame.objects.filter(pk=frame.pk).update(state=State.APPROVED)
    publish.run(frame.pk)
    assert what_it_is(frame)[3] == State.PUBLISHED
    assert keys() and keys() <= {naming.manifest_key("TEMPO7", "side"), *naming.rendition_keys("TEMPO7", "side")}


def test_what_it_had_replaced_comes_back(published, olga):
    older, frame = published, in_the_shop(41)
    say(frame, WATCH, olga)
    Frame.objects.update(not_before=timezone.now())
    withdraw.run(frame.pk)
    assert what_it_is(older) == ("AURA1", "front", "watch", State.RECEIVED)
    assert older.transitions.last().why == f"frame {frame.pk}, which replaced it, was another product or view"
    processing.run(older.pk)
    Frame.objects.filter(pk=older.pk).update(state=State.APPROVED)
    publish.run(older.pk)
    assert naming.manifest_key("AURA1", "front") in keys()


def test_a_published_one_that_is_taken_back_stays_in_the_shop_as_it_was(published, olga):
    frame = published
    before = keys()
    say(frame, WATCH, olga)
    undo.take_back(olga)
    assert what_it_is(frame) == ("AURA1", "front", "watch", State.PUBLISHED)
    assert (frame.audit_due, frame.reasons, keys()) == ("drawn", [], before)


def test_who_renames_is_told_the_same_of_both(published, olga):
    frame = published
    audit = say(frame, WATCH, olga)
    Frame.objects.filter(pk=frame.pk).update(code="AURA1", view="front", state=State.EXCEPTION)
    assert say(Frame.objects.get(pk=frame.pk), WATCH, olga) == audit


@pytest.mark.django_db(transaction=True)
def test_once_it_is_out_of_the_shop_it_is_queued_to_be_processed(published, olga, services):
    frame = published
    say(frame, WATCH, olga)
    Frame.objects.update(not_before=timezone.now())
    jobs.withdraw(frame.pk)
    frame.refresh_from_db()
    assert queues.named("process").fetch_job(f"process-{frame.pk}-{frame.version}")
