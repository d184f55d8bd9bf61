"""A matte worked over by hand, on real pictures in a real bucket."""

import io

import numpy as np
import pytest
from django.contrib.auth.models import User
from PIL import Image

from pipeline import alternatives, intake, naming, override, processing
from pipeline.engines import object_store
from pipeline.engines.object_store import ObjectStoreError
from pipeline.imaging.matte.painting import Stroke
from pipeline.imaging.pictures.alpha_png import decode_alpha
from pipeline.models import Frame, GatePolicy
from pipeline.override import Edit
from pipeline.shop import publish
from pipeline.states import State
from pipeline.words import CUTOUT_WORDS
from review.models import Decision
from review.queue import decisions
from review.workbench import edits
from tests.pipeline.conftest import photo, stand_in

pytestmark = pytest.mark.django_db

DOT = Stroke("brush", 60, ((60.0, 60.0),))


@pytest.fixture
def olga():
    return User.objects.create_user("olga")


@pytest.fixture
def frame(db, buckets, monkeypatch):
    """A watch before white, held by a policy that holds all, with the alternatives that were made since."""
    stand_in(monkeypatch)
    row = GatePolicy.objects.get(is_active=True)
    GatePolicy.objects.filter(pk=row.pk).update(document=row.document | {"auto_publish": False, "audit_rate": 1.0})
    received = intake.receive(intake.open_batch("Spring", "watch"), "AURA1_1.png", photo()).frame
    return looked_at(processing.run(received.pk))


def looked_at(frame):
    alternatives.make(frame.pk)
    return frame


def picture(frame, name):
    data = object_store.load_work(naming.work_key(frame.pk, frame.attempt, name))
    with Image.open(io.BytesIO(data)) as opened:
        return np.asarray(opened)


def save(frame, user, *strokes, rung=""):
    edits.save(frame, frame.version, user, Edit(rung, strokes))


def test_the_alpha_in_the_bucket_changes_exactly_where_it_was_painted(frame, olga):
    before = picture(frame, "alpha.png")
    save(frame, olga, DOT)
    after = picture(frame, "alpha.png")
    y, x = np.indices(before.shape)
    distance = np.hypot(x + 0.5 - 60, y + 0.5 - 60)
    assert (after[distance < 29] == 255).all()
    assert (after[distance > 31] == before[distance > 31]).all()
    difference = picture(frame, "difference.png")
    assert (difference[distance < 29] == 255).all() and (difference[distance > 31] == 128).all()


def test_an_edit_is_kept_with_who_made_it_what_it_was_and_a_score_of_its_own(frame, olga):
    machine = frame.card
    save(frame, olga, DOT)
    kept = frame.overrides.get()
    assert (kept.by, kept.base_attempt, kept.base_rung, kept.scorecard) == ("olga", 1, "", frame.card)
    assert kept.strokes == [{"tool": "brush", "size": 60, "points": [[60.0, 60.0]]}]
    assert frame.card.rung == "by-hand" and frame.card.metrics["pieces"] == machine.metrics["pieces"] + 1
    assert frame.card.look["lightness"] == machine.look["lightness"] > 99
    assert (frame.state, frame.attempt) == (State.EXCEPTION, 2)
    assert frame.machine_card == machine
    said = Decision.objects.get()
    assert (said.kind, said.label, said.scorecard) == ("edit", "bad", machine)


def test_what_is_published_is_the_edited_matte(frame, olga):
    save(frame, olga, DOT)
    decisions.decide("approve", frame, frame.version, olga)
    Frame.objects.update(not_before=None)
    publish.run(frame.pk)
    frame.refresh_from_db()
    assert frame.state == State.PUBLISHED
    white = frame.renditions.get(variant="transparent", extension="png")
    with Image.open(io.BytesIO(object_store._read("published", white.key))) as shown:
        opacity = np.asarray(shown)[..., 3]
    rows = np.flatnonzero(opacity.any(1))
    assert opacity.shape[0] * 0.4 < rows[-1] - rows[0]  # the dot above makes the product twice as high


def test_an_alternative_takes_the_mattes_place_and_the_machines_own_can_be_had_back(frame, olga):
    rung = frame.card.mattes[0]["rung"]
    alternative = picture(frame, naming.alternative_name(rung, "png"))
    own = picture(frame, "alpha.png")
    save(frame, olga, rung=rung)
    assert (picture(frame, "alpha.png") == alternative).all() and frame.card.rung == rung
    save(frame, olga, rung="first-look")
    assert (picture(frame, "alpha.png") == own).all() and frame.attempt == 3


def approved(frame, user):
    """What the history says of the approval."""
    decisions.decide("approve", frame, frame.version, user)
    return frame.transitions.last().why


def test_history_counts_the_strokes_of_all_edits_that_the_matte_rests_on(frame, olga):
    save(frame, olga, DOT)
    save(frame, olga, DOT, DOT)
    assert approved(frame, olga) == "approved after painting (3 strokes)"


def test_history_names_the_cut_out_that_was_chosen_and_painted_on(frame, olga):
    rung = frame.card.mattes[0]["rung"]
    save(frame, olga, DOT, DOT)  # left behind by the choice
    save(frame, olga, rung=rung)
    save(frame, olga, DOT)
    assert approved(frame, olga) == f"approved with {CUTOUT_WORDS[rung]}, after painting (1 stroke)"


def test_history_says_nothing_of_a_choice_that_was_given_up_again(frame, olga):
    save(frame, olga, rung=frame.card.mattes[0]["rung"])
    save(frame, olga, rung="first-look")
    assert approved(frame, olga) == "good as it is"


def test_an_edit_of_a_frame_that_moved_on_is_refused_and_changes_nothing(frame, olga):
    seen = frame.version
    decisions.decide("reject", Frame.objects.get(), seen, olga)
    with pytest.raises(decisions.DecisionError, match="was decided"):
        edits.save(Frame.objects.get(), seen, olga, Edit("", (DOT,)))
    assert not frame.overrides.exists() and Frame.objects.get().attempt == 1


def test_an_edit_that_can_not_be_stored_leaves_the_frame_as_it_was(frame, olga, monkeypatch):
    def fail(*_):
        raise ObjectStoreError("away")

    monkeypatch.setattr(object_store, "save_work", fail)
    with pytest.raises(ObjectStoreError):
        save(frame, olga, DOT)
    monkeypatch.undo()
    stored = Frame.objects.get()
    assert (stored.attempt, stored.state, stored.lease_until) == (1, State.EXCEPTION, None)
    save(stored, olga, DOT)


def test_an_edit_of_nothing_is_refused(frame, olga):
    with pytest.raises(decisions.DecisionError, match="nothing to save"):
        save(frame, olga)
    assert not frame.overrides.exists()


def test_an_alternative_that_is_none_is_refused(frame, olga):
    with pytest.raises(decisions.DecisionError, match="no alternative of that name"):
        save(frame, olga, rung="../original")


def test_a_click_shows_what_it_would_do_and_saves_nothing(frame):
    erased = Stroke("erase", 20, ((320.0, 240.0),))
    answer = edits.try_click(frame, Edit("", (erased, Stroke("fill", 20, ((320.0, 240.0),)))))
    box = answer["box"]
    assert box["x0"] <= 310 and box["x1"] >= 330 and box["x1"] - box["x0"] < 60
    assert Frame.objects.get().attempt == 1


def test_a_marked_frame_that_passes_has_alternatives_and_doubts_like_a_held_one(frame):
    row = GatePolicy.objects.get(is_active=True)
    everything = {product: dict.fromkeys(views, 0.0) for product, views in row.document["thresholds"].items()}
    document = row.document | {"auto_publish": True, "vetoes": [], "thresholds": everything}
    GatePolicy.objects.filter(pk=row.pk).update(document=document)
    audited = looked_at(processing.run(intake.receive(frame.batch, "AURA2_1.png", photo(60)).frame.pk))
    assert (audited.state, audited.audit_due) == (State.APPROVED, "drawn")
    assert [other["rung"] for other in audited.card.mattes] == [other["rung"] for other in frame.card.mattes]
    assert picture(audited, "doubt.webp").shape == picture(frame, "doubt.webp").shape


def test_a_large_picture_is_made_when_it_is_first_asked_for(frame, sign_in):
    operator = sign_in("operator")
    for name, mode in (("photo.jpg", "RGB"), ("mask.png", "LA")):
        answer = operator.get(f"/frames/{frame.pk}/1/{name}")
        with Image.open(io.BytesIO(answer.content)) as shown:
            assert (shown.size, shown.mode) == ((640, 480), mode)
    with Image.open(io.BytesIO(object_store.load_work(naming.made_key(frame.pk, 1, "mask.png")))) as kept:
        mask = np.asarray(kept)
    assert (mask[..., 1] == picture(frame, "alpha.png")).all()


def test_every_file_can_be_seen_as_the_shop_will_show_it(frame, sign_in):
    operator = sign_in("operator")
    files = operator.post(f"/workbench/{frame.pk}/shop", {}, content_type="application/json").json()["files"]
    assert {(file["variant"], file["extension"]) for file in files} == {
        *(("white", extension) for extension in ("jpg", "png", "webp")),
        *(("transparent", extension) for extension in ("png", "webp")),
    }
    for file in files:
        answer = operator.get(file["url"])
        assert len(answer.content) == file["size"] and answer["Content-Type"].startswith("image/")


def test_the_alpha_that_was_painted_is_the_one_that_is_read_again(frame, olga):
    save(frame, olga, DOT)
    again = decode_alpha(object_store.load_work(naming.work_key(frame.pk, 2, "alpha.png")))
    assert (override.matte_of(frame, "") == again).all()
