"""Listing specs on pages: copied, changed, previewed, saved as a version, and locked from then on."""

import io

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image

from pipeline import intake, work_files
from pipeline.models import Frame, Spec
from pipeline.shop import specs
from pipeline.states import State
from pipeline.views.specs import _shown
from tests.factories import scorecard
from tests.pipeline.conftest import ColourKeyMatter, photo


@pytest.fixture
def amazon(db) -> Spec:
    return Spec.objects.get(name="Amazon")


@pytest.fixture
def previewed(services) -> None:
    """A photo that has been published."""
    frame = intake.receive(intake.open_batch("Spring", "watch"), "A_1.png", photo()).frame
    Frame.objects.filter(pk=frame.pk).update(state=State.PUBLISHED, published_at=timezone.now(), attempt=1)
    frame.refresh_from_db()
    rgb = work_files.original_photo(frame)
    work_files.save_matte(frame, rgb, ColourKeyMatter().matte(rgb).alpha)


def kept(client: Client, draft: Spec, **changed) -> str:
    said = _shown(draft.document) | {"max_kilobytes": ""} | changed
    return client.post(f"/admin/specs/{draft.pk}/", said, follow=True).content.decode()


def test_a_copy_is_changed_saved_and_locked_and_new_batches_can_choose_it(services, sign_in, amazon):
    client = sign_in("admin")
    client.post(f"/admin/specs/{amazon.pk}/copy/")
    draft = Spec.objects.get(is_draft=True)
    assert draft.name == "Amazon, edited" and draft.document["fill"] == 0.9
    page = kept(client, draft, name="Winter", canvas=1800, fill=80, background="#f0f0f0", formats=["white.jpg"])
    draft.refresh_from_db()
    assert "The draft is kept." in page and (draft.name, draft.version) == ("Winter", 1)
    assert draft.listing_spec.canvas == 1800 and draft.listing_spec.background == (240, 240, 240)
    with pytest.raises(intake.IntakeError, match="Listing spec 'Winter'"):
        intake.open_batch("A", "watch", spec="Winter")
    assert "Nothing is kept yet" in kept(client, draft, canvas=60000, save="1")
    # What stands in the form is what is saved, whether or not the draft was kept before.
    page = kept(client, draft, fill=85, save="1")
    assert "Saved version" in page and "as it is, because" in page
    assert intake.open_batch("A", "watch", spec="Winter").listing_spec.fill == 0.85
    assert "stays as it is; copy it to change it" in kept(client, draft, canvas=500)
    client.post(f"/admin/specs/{draft.pk}/delete/")
    assert Spec.objects.get(pk=draft.pk).document["canvas"] == 1800


def test_a_later_version_takes_the_place_of_the_one_before_and_batches_keep_theirs(amazon):
    first = specs.copy(amazon)
    specs.publish_version(first)
    second = specs.copy(first)
    specs.publish_version(second)
    assert (second.name, second.version) == (first.name, 2)
    assert list(Spec.objects.filter(name=first.name, is_offered=True)) == [second]


def test_names_of_shipped_specs_and_values_that_make_no_spec_are_refused_in_words(services, sign_in, amazon):
    client, draft = sign_in("admin"), specs.copy(amazon)
    assert "choose another name" in kept(client, draft, name="House")
    assert "This field is required" in kept(client, draft, formats=[])
    assert "less than or equal to 6000" in kept(client, draft, canvas=60000)
    draft.refresh_from_db()
    assert draft.document["canvas"] == 2000


def asked_for(client: Client, file_name: str, *formats: str) -> dict:
    return client.get("/admin/specs/names.json", {"file_name": file_name, "formats": formats}).json()


def test_names_are_shown_and_what_is_wrong_with_them_is_said_before_they_are_saved(services, sign_in):
    client = sign_in("admin")
    assert asked_for(client, "{code}.{number}.{ext}", "white.jpg")["names"] == [
        ["front, white, JPG", "AURA1000.1.jpg"],
        ["angle, white, JPG", "AURA1000.2.jpg"],
        ["side, white, JPG", "AURA1000.3.jpg"],
    ]
    for name, formats, words in [
        (
            "{code}.MAIN.{ext}",
            ["white.jpg"],
            "Two files would be called AURA1000.MAIN.jpg: front, white, JPG, and angle",
        ),
        ("{code}.{number}.{ext}", ["white.jpg", "half-glass.jpg"], "Two files would be called AURA1000.2.jpg"),
        ("{shop}{code}.{ext}", ["white.jpg"], "{shop} stands for nothing"),
        ("", ["white.jpg"], "This field is required."),
        ("{code}.{number}.{ext}", [], "Files: This field is required."),
        ("{code}\0.{ext}", ["white.jpg"], "Null characters are not allowed"),
    ]:
        said = asked_for(client, name, *formats)
        assert said["names"] == [] and words in " ".join(said["faults"])


def test_names_that_two_files_would_share_are_not_saved_and_others_are(services, sign_in, amazon):
    client, draft = sign_in("admin"), specs.copy(amazon)
    page = kept(client, draft, file_name="{code}.MAIN.{ext}")
    assert "Two files would be called AURA1000.MAIN.jpg: front, white, JPG, and angle, white, JPG." in page
    draft.refresh_from_db()
    assert "file_name" not in draft.document and draft.listing_spec.file_name == "{code}_{number}_{variant}.{ext}"
    assert "The draft is kept." in kept(client, draft, file_name="{code}.MAIN-{number}.{ext}")
    assert Spec.objects.get(pk=draft.pk).listing_spec.file_name == "{code}.MAIN-{number}.{ext}"
    draft.refresh_from_db()
    assert "Two files would be called" in kept(client, draft, formats=["white.jpg", "transparent.png", "white.png"])


def test_another_way_than_the_page_can_not_save_such_names_either(amazon):
    draft = specs.copy(amazon)
    with pytest.raises(specs.SpecError, match=r"two files would be called AURA1000\.MAIN\.jpg"):
        specs.change(draft, "Winter", {"file_name": "{code}.MAIN.{ext}"})


def test_a_preview_of_pictures_does_not_mind_what_files_are_called(services, sign_in, amazon, previewed):
    said = _shown(amazon.document) | {"max_kilobytes": "", "file_name": "{code"}
    assert sign_in("admin").get(f"/admin/specs/{amazon.pk}/preview/white.webp", said).status_code == 200


def test_a_preview_shows_the_values_that_stand_in_the_form(services, sign_in, amazon, previewed):
    client, draft = sign_in("admin"), specs.copy(amazon)
    for fill in (50, 90):
        said = _shown(draft.document) | {"max_kilobytes": "", "fill": fill, "background": "#00ff00", "canvas": 6000}
        answer = client.get(f"/admin/specs/{draft.pk}/preview/white.webp", said)
        picture = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB")).astype(int)
        columns = np.flatnonzero((picture[..., 1] - picture[..., 0] < 128).any(0))
        assert picture.shape == (480, 480, 3) and picture[0, 0, 1] > 240
        assert (columns[-1] - columns[0] + 1) / 480 == pytest.approx(fill / 100, abs=0.02)


def test_a_house_look_is_set_taken_from_a_batch_and_taken_out_again(services, sign_in, amazon):
    client, draft = sign_in("admin"), specs.copy(amazon)
    kept(client, draft, look_lightness=92.5, look_tilt=5)
    draft.refresh_from_db()
    assert draft.listing_spec.look == {"lightness": 92.5, "tilt": 5}
    assert 'name="look_lightness" value="92.5"' in client.get(f"/admin/specs/{draft.pk}/").content.decode()
    frame = intake.receive(intake.open_batch("Spring", "watch"), "A_1.png", photo()).frame
    scorecard(frame, look={"lightness": 88.0, "a": 1.0, "b": -1.0, "shadow": 6.0, "contrast": 30.0})
    kept(client, draft, look_tilt=4, look_from="Spring")
    draft.refresh_from_db()
    assert draft.listing_spec.look == {"lightness": 88, "a": 1, "b": -1, "shadow": 6, "contrast": 30, "tilt": 4}
    assert "There is no batch" in kept(client, draft, look_from="Autumn")
    assert "give both, or neither" in kept(client, draft, look_a=1, look_b="")
    draft.refresh_from_db()
    assert draft.listing_spec.look["lightness"] == 88
    plain = dict.fromkeys(("look_lightness", "look_a", "look_b", "look_shadow", "look_contrast", "look_tilt"), "")
    kept(client, draft, **plain)
    draft.refresh_from_db()
    assert draft.listing_spec.look is None


def test_without_a_published_photo_there_is_no_preview(services, sign_in, amazon):
    said = _shown(amazon.document) | {"max_kilobytes": ""}
    assert sign_in("admin").get(f"/admin/specs/{amazon.pk}/preview/white.webp", said).status_code == 404


@pytest.mark.parametrize("name", ["House\u200b", "Winter\nINFO all is well", "\u202eesuoH"])
def test_a_name_with_what_nobody_can_see_is_refused(services, sign_in, amazon, name):
    draft = specs.copy(amazon)
    assert "Only printable characters" in kept(sign_in("admin"), draft, name=name)
    assert Spec.objects.get(pk=draft.pk).name == "Amazon, edited"


def test_a_spec_without_a_picture_of_the_whole_product_publishes_nothing_of_most_photos(services, sign_in, amazon):
    page = kept(sign_in("admin"), specs.copy(amazon), formats=["half-glass.jpg"])
    assert "Choose a file of the whole product too" in page


def test_an_older_draft_does_not_take_the_place_of_a_newer_version(amazon):
    first = specs.copy(amazon)
    second = specs.copy(first)
    specs.publish_version(second)
    with pytest.raises(specs.SpecError, match="newer version"):
        specs.publish_version(first)
