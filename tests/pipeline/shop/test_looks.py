"""How far photos are from the house look that a listing spec names: on the frame's page, and on its batch's."""

import html

import pytest

from pipeline import intake
from pipeline.models import Batch, Frame, Scorecard, Spec
from pipeline.shop import looks, specs
from pipeline.states import State
from tests.factories import scorecard

REFERENCE = {"lightness": 90, "a": 0, "b": 0, "shadow": 8, "contrast": 45, "tilt": 5}
LOOK = {"lightness": 90.2, "a": 0.1, "b": -0.2, "shadow": 8.1, "contrast": 45.0, "tilt": 0.1}


@pytest.fixture
def studio(db) -> Batch:
    """A batch whose listing spec names a house look."""
    draft = specs.copy(Spec.objects.get(name="House"))
    specs.change(draft, "Studio", {"look": REFERENCE})
    specs.publish_version(draft)
    return intake.open_batch("Spring", "eyewear", spec="Studio")


def shot(batch: Batch, code: str, **look: float) -> Frame:
    """A frame that was measured to look so, otherwise as the reference."""
    named = {"filename": f"{code}_1.png", "code": code, "view": "front", "sha256": code}
    frame = Frame.objects.create(batch=batch, state=State.PUBLISHED, attempt=1, **named)
    scorecard(frame, look=LOOK | look)
    return frame


def text_of(client, address: str) -> str:
    return html.unescape(" ".join(client.get(address).content.decode().split()))


@pytest.mark.parametrize(
    ("look", "words"),
    [
        ({}, "as the house look"),
        ({"tilt": 2.1, "lightness": 86.0}, "2.1° clockwise off level; backdrop 4 darker than the house look"),
        ({"tilt": -6.0}, "6° anticlockwise off level, more than 5°"),
        ({"a": 3.0, "b": 4.0}, "backdrop’s tint 5 off"),
        ({"contrast": 33.0}, "product’s contrast 12 lower"),
        ({"shadow": 20.0}, "shadow 12 deeper than the house look"),
    ],
)
def test_a_distance_is_told_in_words(look, words):
    assert looks.words_of(LOOK | look, REFERENCE) == words


def test_what_the_reference_leaves_out_is_not_compared():
    assert looks.words_of({"lightness": 50.0, "tilt": 9.0}, {"lightness": 50}) == "as the house look"
    assert looks.words_of({"lightness": 50.0}, {"contrast": 20}) == ""


def test_a_frame_s_page_tells_its_distance_and_nothing_is_held_by_it(studio, sign_in):
    frame = shot(studio, "A", lightness=86.2, tilt=7.0)
    page = text_of(sign_in("manager"), f"/admin/pipeline/frame/{frame.pk}/change/")
    assert "7° clockwise off level, more than 5°; backdrop 3.8 darker than the house look" in page
    assert frame.reasons == [] and frame.state == State.PUBLISHED


def test_without_a_house_look_in_the_spec_no_page_tells_any(db, sign_in):
    batch = intake.open_batch("Plain", "eyewear")
    frame, client = shot(batch, "A"), sign_in("manager")
    assert looks.spreads(batch) == [] and looks.frame_words(frame) == ""
    for address in (f"frame/{frame.pk}", f"batch/{batch.pk}"):
        assert "House look" not in text_of(client, f"/admin/pipeline/{address}/change/")


def test_a_frame_from_before_looks_were_measured_is_no_part_of_the_spread(studio):
    scorecard(Frame.objects.create(batch=studio, filename="A_1.png", code="A", view="front", sha256="A", attempt=1))
    assert looks.spreads(studio) == []


def test_a_batch_s_page_shows_the_spread_and_leads_to_the_farthest(studio, sign_in):
    frames = [
        shot(studio, code, lightness=lightness) for code, lightness in zip("ABCDE", (90, 86, 94, 80, 89), strict=True)
    ]
    [light] = [spread for spread in looks.spreads(studio) if spread.name == "Backdrop’s brightness"]
    assert (light.count, light.middle, light.half) == (5, "1 darker", "4")
    assert [(one.frame_id, one.words) for one in light.worst] == [
        (frames[3].pk, "10 darker"),
        (frames[1].pk, "4 darker"),
        (frames[2].pk, "4 brighter"),
    ]
    page = text_of(sign_in("manager"), f"/admin/pipeline/batch/{studio.pk}/change/")
    assert "10 darker" in page and f"/admin/pipeline/frame/{frames[3].pk}/change/" in page
    assert "No photo is held by it" in page


def test_only_the_last_attempt_of_what_is_still_there_counts(studio):
    frame, gone = shot(studio, "A", lightness=40), shot(studio, "B", lightness=40)
    Frame.objects.filter(pk=frame.pk).update(attempt=2)
    Frame.objects.filter(pk=gone.pk).update(state=State.SUPERSEDED)
    frame.refresh_from_db()
    scorecard(frame, look=LOOK)
    assert {spread.count for spread in looks.spreads(studio)} == {1}
    assert looks.words_of(frame.card.look, REFERENCE) == "as the house look"


def test_more_photos_ask_the_database_no_more(studio, django_assert_num_queries):
    for code in ("A", "B", "C"):
        shot(studio, code)
    with django_assert_num_queries(1):
        assert looks.spreads(studio)


def test_a_batch_s_middle_look_can_be_taken_for_a_reference(studio):
    for code, lightness in (("A", 88), ("B", 91), ("C", 70)):
        shot(studio, code, lightness=lightness)
    assert looks.medians("Spring") == {"lightness": 88, "a": 0.1, "b": -0.2, "shadow": 8.1, "contrast": 45}
    Scorecard.objects.update(look={"lightness": 80.0, "contrast": 45.0})  # shadows were not measured once
    assert looks.medians("Spring") == {"lightness": 80, "contrast": 45}
    with pytest.raises(specs.SpecError, match="no batch 'Autumn'"):
        looks.medians("Autumn")
    intake.open_batch("Empty", "watch")
    with pytest.raises(specs.SpecError, match="No photo of Empty was measured yet"):
        looks.medians("Empty")
