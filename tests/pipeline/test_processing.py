import io

import numpy as np
from django.db import OperationalError
from PIL import Image

from pipeline import gate, naming, processing, reaper
from pipeline.cutout import matte_models
from pipeline.engines import object_store
from pipeline.imaging.pictures.alpha_png import decode_alpha
from pipeline.models import Frame, GatePolicy, Scorecard, active_policy
from pipeline.policies.shipped import shipped_policy
from pipeline.states import State
from pipeline.transitions import advance
from tests.pipeline.conftest import photo


def test_a_clean_cut_out_is_approved_with_a_scorecard_that_says_why(received, matter):
    frame = processing.run(received("AURA1_1.png").pk)
    card = Scorecard.objects.get(frame=frame)
    assert (frame.state, frame.was_exception, frame.attempt) == (State.APPROVED, False, 1)
    assert card.publish and card.confidence >= card.threshold
    assert (card.model_name, card.model_sha256, card.policy) == ("colour-key", "0" * 64, active_policy())
    assert card.components and card.metrics and card.scorer_version and card.seconds["matte"] >= 0


def test_a_frame_s_look_is_measured_and_counts_for_nothing(received, matter):
    white, grey = Image.open(io.BytesIO(photo())), io.BytesIO()
    white.point(lambda level: min(level, 200)).save(grey, "PNG")
    looks = [
        processing.run(received(name, data).pk).card for name, data in (("A_1.png", None), ("B_1.png", grey.getvalue()))
    ]
    assert [card.look["lightness"] > 99 for card in looks] == [True, False]
    assert all(card.look.keys() == {"lightness", "a", "b", "shadow", "contrast", "tilt"} for card in looks)
    assert all(card.look.keys().isdisjoint({**card.components, **card.metrics}) for card in looks)


def test_a_cut_out_that_came_with_the_file_is_what_is_published(received, matter):
    image = Image.open(io.BytesIO(photo())).convert("RGBA")
    image.putalpha(image.convert("L").point(lambda level: 255 if level < 128 else 0))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    frame = processing.run(received("AURA1_1.png", buffer.getvalue()).pk)
    assert (frame.state, frame.machine_card.rung) == (State.APPROVED, "own-alpha")
    stored = decode_alpha(object_store.load_work(naming.work_key(frame.pk, 1, "alpha.png")))
    assert np.array_equal(stored, np.asarray(image.getchannel("A")) / 255)


def test_pictures_for_people_are_made_on_the_way(received, matter):
    frame = processing.run(received("AURA1_1.png").pk)
    for name in ("alpha.png", "preview.webp", "thumb.webp", "cutout.webp"):
        assert object_store.load_work(naming.work_key(frame.pk, 1, name))


def test_a_product_that_touches_the_border_waits_for_a_person(received, matter):
    frame = processing.run(received("AURA1_1.png", photo(touch_border=True)).pk)
    assert (frame.state, frame.was_exception, frame.has_failed) == (State.EXCEPTION, True, False)
    assert "touches-border" in frame.reasons


def test_a_policy_that_holds_all_publishes_nothing(received, matter):
    GatePolicy.objects.filter(is_active=True).update(is_active=False)
    document = shipped_policy() | {"auto_publish": False}
    GatePolicy.objects.create(name="careful", version=1, document=document, is_active=True)
    frame = processing.run(received("AURA1_1.png").pk)
    assert (frame.state, frame.reasons) == (State.EXCEPTION, ["held-all"])


def test_a_file_that_cannot_be_decoded_goes_back_to_who_sent_it_and_counts_as_reviewed_nowhere(received, matter):
    frame = processing.run(received("AURA1_1.jpg", photo()[:500]).pk)
    assert (frame.state, frame.reasons) == (State.UNREADABLE, ["not-decodable"])
    assert "cut off or damaged" in frame.cause
    assert (frame.was_exception, frame.has_failed, frame.processed_at) == (False, False, None)


def test_an_original_that_was_never_stored_is_asked_for_again(received, matter):
    frame = received("AURA1_1.png")
    object_store._call("work", "delete_object", Key=naming.original_key(frame.pk))
    frame = processing.run(frame.pk)
    assert frame.state == State.UNREADABLE
    assert "send the photo again" in frame.cause


def test_a_passing_fault_is_tried_again_until_the_tries_are_spent(received, matter, settings, monkeypatch):
    settings.MAX_FAULTS = 2

    def fail(rgb: object) -> None:
        raise MemoryError("no memory left")

    frame = received("AURA1_1.png")
    monkeypatch.setattr(matter, "matte", fail)
    assert processing.run(frame.pk).state == State.RECEIVED
    last = processing.run(frame.pk)
    assert (last.state, last.reasons) == (State.EXCEPTION, ["attempts-spent"])
    assert "no memory left" in last.cause and "Tried 2 times" in last.cause


def test_a_database_that_fails_leaves_the_frame_to_the_reaper(received, matter, monkeypatch):
    def fail(*args: object, **fields: object) -> None:
        raise OperationalError("database is locked")

    frame = received("AURA1_1.png")
    with monkeypatch.context() as locked:
        locked.setattr(gate, "record", fail)
        assert processing.run(frame.pk) is None
    Frame.objects.filter(pk=frame.pk).update(lease_until=None)
    assert reaper.release_lapsed() == [frame]
    assert processing.run(frame.pk).state == State.APPROVED


def test_a_fault_in_the_program_is_logged_and_the_frame_is_not_lost(received, matter, monkeypatch, caplog):
    def fail(rgb: object) -> None:
        raise KeyError("bug")

    frame = received("AURA1_1.png")
    monkeypatch.setattr(matter, "matte", fail)
    frame = processing.run(frame.pk)
    assert (frame.state, frame.reasons) == (State.EXCEPTION, ["program-fault"])
    assert "Traceback" in caplog.text


def test_a_worker_that_lost_its_frame_changes_nothing(received, matter, monkeypatch):
    frame = received("AURA1_1.png")
    cut = matter.matte

    def lose_the_frame_meanwhile(rgb):
        advance(Frame.objects.get(pk=frame.pk), State.RECEIVED, actor="reaper")
        return cut(rgb)

    monkeypatch.setattr(matter, "matte", lose_the_frame_meanwhile)
    assert processing.run(frame.pk) is None
    frame.refresh_from_db()
    assert frame.state == State.RECEIVED
    assert not Scorecard.objects.exists()


def test_a_job_that_runs_twice_does_its_work_once(received, matter):
    frame = received("AURA1_1.png")
    assert processing.run(frame.pk).state == State.APPROVED
    assert processing.run(frame.pk) is None
    assert Scorecard.objects.count() == 1


def assert_pictures(frame, card):
    """Each alternative has its cut-out to be shown, and its matte to be taken."""
    for other in card.alternatives:
        assert object_store.load_work(naming.work_key(frame.pk, 1, other["picture"])).startswith(b"RIFF")
        assert object_store.load_work(naming.work_key(frame.pk, 1, naming.alternative_name(other["rung"], "png")))


def test_what_the_ladder_tried_in_vain_is_kept_for_the_reviewer(received, matter):
    frame = processing.run(received("AURA1_1.png", photo(touch_border=True)).pk)
    card = Scorecard.objects.get(frame=frame)
    assert card.rung == "first-look" and [other["rung"] for other in card.others] == ["difference"]
    assert_pictures(frame, card)


def test_a_second_model_that_cannot_load_costs_only_its_rung(settings, caplog):
    settings.SECOND_MATTE_MODEL = "u2net"
    settings.WEIGHTS_DIR = settings.WEIGHTS_DIR / "not there"
    matte_models.second_matter.cache_clear()
    assert matte_models.second_matter() is None
    assert "without its last rung" in caplog.text
    matte_models.second_matter.cache_clear()


def test_the_scorecard_says_how_the_files_colours_were_read(received, matter):
    buffer = io.BytesIO()
    Image.open(io.BytesIO(photo())).convert("CMYK").save(buffer, "TIFF")
    frame = processing.run(received("AURA1_1.tif", buffer.getvalue()).pk)
    assert frame.card.colours == "CMYK that names no profile: read as SWOP (CGATS TR 001)"
    assert processing.run(received("AURA2_1.png", photo(50)).pk).card.colours == "sRGB"
