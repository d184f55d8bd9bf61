"""From Gemini's picture, or without one, to the photo that is cut out and published."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from pipeline import naming, processing, work_files
from pipeline.engines import object_store
from pipeline.imaging.types import Matte
from pipeline.models import Frame
from pipeline.override import Edit, override
from pipeline.shop import publish
from pipeline.states import ANSWERED, State
from tests.gemini.relighting import relit
from tests.pipeline.conftest import photo


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def tinted(data: bytes) -> bytes:
    """The product in another colour."""
    image = pixels(data).copy()
    image[image[..., 0] < 128] = (150, 20, 20)
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def answered(received, matter, batch) -> Callable[[bytes], Frame]:
    """Processes a frame of which Gemini has given back that picture."""
    batch.enhancement = "gemini"
    batch.save()

    def process(answer: bytes) -> Frame:
        frame = received()
        object_store.save_work(naming.answer_key(frame.pk), answer)
        Frame.objects.update(gemini=ANSWERED)
        found = processing.run(frame.pk)
        assert found is not None
        return found

    return process


def files(frame: Frame) -> dict[tuple[str, str], bytes]:
    return {(file.variant, file.extension): file.data for file in publish.render(frame)}


def test_a_faithful_picture_lends_its_light_and_the_camera_keeps_the_pixels(answered):
    frame = answered(relit(photo()))
    assert (frame.gemini, frame.card.enhancer) == (ANSWERED, "gemini-transfer")
    assert frame.card.fidelity["overlap"] > 0.9
    enhanced = work_files.enhanced_photo(frame)
    assert enhanced.shape == pixels(photo()).shape
    wanted, had = pixels(relit(photo()))[240, 320], pixels(photo())[240, 320]
    assert abs(int(enhanced[240, 320, 0]) - int(wanted[0])) < abs(int(had[0]) - int(wanted[0])) / 2


def test_a_picture_of_another_colour_is_not_used_and_the_frame_says_why(answered):
    frame = answered(tinted(photo()))
    assert (frame.gemini, frame.card.enhancer) == ("colour-changed", "local-1")
    assert np.array_equal(work_files.enhanced_photo(frame), pixels(photo()))
    assert frame.card.fidelity["colour"] > 9


def test_without_a_product_there_is_nothing_to_compare(answered, matter, monkeypatch):
    monkeypatch.setattr(matter, "matte", lambda rgb: Matte(np.zeros(rgb.shape[:2], np.float32), 0.0, 0.0))
    frame = answered(relit(photo()))
    assert (frame.gemini, frame.card.enhancer) == ("nothing-found", "local-1")


def test_what_was_refused_once_is_not_judged_again(answered):
    frame = answered(tinted(photo()))
    Frame.objects.update(state=State.RECEIVED)
    again = processing.run(frame.pk)
    assert (again.gemini, again.card.fidelity) == ("colour-changed", None)


def test_only_files_with_generated_pixels_say_so(answered, settings):
    settings.GEMINI_MODE = "replace"
    generated = answered(relit(photo()))
    assert generated.card.enhancer == "gemini-replace"
    for data in files(generated).values():
        assert b"digitalsourcetype/trainedAlgorithmicMedia" in data


def test_files_with_the_cameras_pixels_say_nothing(answered):
    for data in files(answered(relit(photo()))).values():
        assert b"digitalsourcetype" not in data


def test_a_persons_matte_is_put_on_the_photo_that_the_machine_relit(answered):
    frame = answered(relit(photo()))
    before = work_files.enhanced_photo(frame)
    Frame.objects.update(state=State.EXCEPTION)
    frame.refresh_from_db()
    override(frame, Edit(), actor="olga")
    assert frame.card.enhancer == "gemini-transfer"
    assert np.array_equal(work_files.enhanced_photo(frame), before)


def test_scorecards_of_before_the_enhancer_stand_for_the_photo_as_it_was(answered, monkeypatch):
    frame = answered(tinted(photo()))
    frame.scorecards.update(enhancer="identity")
    monkeypatch.setattr("pipeline.cutout.relight.enhance.enhance", lambda rgb: rgb // 2)
    assert np.array_equal(work_files.enhanced_photo(frame), pixels(photo()))


def test_a_picture_that_is_gone_is_said_to_be_and_the_photo_is_enhanced_here(received, matter):
    frame = received()
    Frame.objects.update(gemini=ANSWERED)
    found = processing.run(frame.pk)
    assert (found.gemini, found.card.enhancer) == ("lost", "local-1")


def test_a_relit_photo_is_read_again_though_it_is_larger_than_what_uploaders_may_send(answered, settings):
    frame = answered(relit(photo()))
    settings.MAX_PHOTO_BYTES = 100
    kept = object_store.load_work(naming.work_key(frame.pk, 1, work_files.ENHANCED))
    assert len(kept) > 100 and work_files.enhanced_photo(frame).shape == pixels(photo()).shape
