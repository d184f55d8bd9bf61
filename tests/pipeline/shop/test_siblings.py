"""Two products under one code: no picture tells by itself, their colours do."""

from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image, ImageDraw

from pipeline import processing
from pipeline.models import Frame
from pipeline.shop import publish
from pipeline.states import SENT_BACK, State
from review.queue import decisions

BLUE, DARK_BLUE, RED, BLACK = (40, 70, 190), (25, 45, 120), (190, 40, 40), (30, 30, 30)


def product(*colours: tuple[int, int, int]) -> bytes:
    """On white, its front in the first colour, its temple in the last."""
    image = Image.new("RGB", (320, 240), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((60, 70, 260, 170), fill=colours[0])
    draw.rectangle((160, 70, 262, 170), fill=colours[-1])
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def published(received, matter) -> Callable[[str, bytes], Frame]:
    """The frame when the gate and the publisher have done what they do with it."""

    def publish_photo(filename: str, data: bytes) -> Frame:
        frame = processing.run(received(filename, data).pk)
        assert frame and frame.state == State.APPROVED
        publish.run(frame.pk)
        frame.refresh_from_db()
        return frame

    return publish_photo


def test_a_view_in_another_colour_is_held(published):
    assert published("AURA1_1.png", product(BLUE)).state == State.PUBLISHED
    frame = published("AURA1_3.png", product(RED))
    assert (frame.state, frame.reasons) == (State.EXCEPTION, ["unlike-front"])
    assert "mixed up" in frame.reason_words[0]


def test_two_that_are_published_at_the_same_moment_see_each_other(published):
    other = published("AURA1_1.png", product(BLUE))
    Frame.objects.filter(pk=other.pk).update(state=State.PUBLISHING)
    assert published("AURA1_3.png", product(RED)).state == State.EXCEPTION


def test_views_of_one_product_are_not_whatever_the_light_and_the_side(published):
    photos = {"AURA1_1.png": product(BLUE), "AURA1_3.png": product(DARK_BLUE)}
    photos |= {"AURA2_1.png": product(BLACK), "AURA2_3.png": product(BLACK, RED)}  # a red temple
    assert {published(*photo).state for photo in photos.items()} == {State.PUBLISHED}


def test_other_products_and_other_photos_of_one_view_may_differ(published):
    assert published("AURA1_1.png", product(BLUE)).state == State.PUBLISHED
    assert published("AURA2_3.png", product(RED)).state == State.PUBLISHED


def test_once_a_person_has_seen_it_it_is_published(published, django_user_model):
    published("AURA1_1.png", product(BLUE))
    frame = published("AURA1_3.png", product(RED))
    decisions.decide("approve", frame, frame.version, django_user_model.objects.create_user("olga"))
    Frame.objects.filter(pk=frame.pk).update(not_before=None)
    publish.run(frame.pk)
    frame.refresh_from_db()
    assert frame.state == State.PUBLISHED


def test_what_a_person_mended_in_an_audit_is_not_held_for_what_they_saw(published):
    published("AURA1_1.png", product(BLUE))
    frame = published("AURA1_3.png", product(RED))
    Frame.objects.filter(pk=frame.pk).update(state=State.APPROVED, reasons=[SENT_BACK], was_exception=False)
    publish.run(frame.pk)
    frame.refresh_from_db()
    assert frame.state == State.PUBLISHED
