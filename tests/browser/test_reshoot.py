"""From the operator's mark on a photo to the photographer who sees it, and the retake that closes the matter."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from pipeline.models import Batch, Frame, Rejection
from pipeline.states import State
from tests.browser.conftest import IN_A_BROWSER, SAMPLE, doubtful_frame, sign_in
from tests.browser.looking import said, shown, wait_for_another
from tests.waiting import wait_for

pytestmark = IN_A_BROWSER


@pytest.fixture
def own(frame) -> Frame:
    """In a batch of the uploader's."""
    Batch.objects.update(created_by=User.objects.create_user("ute"))
    return frame


def told() -> Rejection:
    wait_for(Rejection.objects.exists, 10)
    return Rejection.objects.get()


def test_by_keys_alone_a_photo_is_rejected_with_words_and_a_pin(page, sign_in_as, own):
    sign_in_as("operator")
    page.keyboard.press("x")
    page.keyboard.press("m")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("n")
    page.keyboard.type("Glare on the 2nd lens")
    page.keyboard.press("Enter")
    page.keyboard.press("2")
    expect(said(page)).to_contain_text("rejected: it needs a new photo")
    asked = told()
    assert (asked.why, asked.remark, asked.by) == ("badly lit", "Glare on the 2nd lens", "operator")
    assert asked.mark == [0.48, 0.48]
    own.refresh_from_db()
    assert own.transitions.last().why == "needs a new photo: badly lit; Glare on the 2nd lens"


def test_by_keys_a_pin_becomes_a_box_and_is_removed(page, sign_in_as, own):
    sign_in_as("operator")
    for key in ("x", "m", "Shift+ArrowRight", "Shift+ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator("#mark rect")).to_have_count(2)
    page.keyboard.press("Delete")
    expect(page.locator("#mark svg > *")).to_have_count(0)
    page.keyboard.press("1")
    assert told().mark == []


def test_by_pointer_a_drag_is_a_box_and_a_click_a_pin(page, sign_in_as, own):
    sign_in_as("operator")
    page.get_by_role("button", name="Reject").click()
    page.wait_for_function("() => document.querySelector('#mark img').clientHeight > 100")
    box = page.locator("#mark img").bounding_box()
    places = [(box["x"] + share * box["width"], box["y"] + share * box["height"]) for share in (0.75, 0.25)]
    page.mouse.click(*places[0])
    expect(page.locator("#mark circle")).to_have_count(2)
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=4)
    page.mouse.up()
    expect(page.locator("#mark rect")).to_have_count(2)
    page.get_by_role("button", name="dirt or fingerprints").click()
    assert told().mark == pytest.approx([0.25, 0.25, 0.75, 0.75], abs=0.01)


def test_something_else_asks_for_words_and_goes_on_with_them(page, sign_in_as, own):
    sign_in_as("operator")
    page.keyboard.press("x")
    page.keyboard.press("7")
    expect(page.get_by_text("Say what it is, then press Enter.")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.type("1 strap is missing")
    assert not Rejection.objects.exists()
    page.keyboard.press("Enter")
    asked = told()
    assert (asked.why, asked.remark) == ("", "1 strap is missing")


def test_words_and_mark_are_kept_for_their_own_frame_alone(page, sign_in_as, services):
    first, _ = doubtful_frame("AURA1"), doubtful_frame("AURA2")
    sign_in_as("operator")
    assert shown(page) == first.pk
    for key in ("x", "m", "n"):
        page.keyboard.press(key)
    page.keyboard.type("soft")
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_label("In your own words")).to_have_value("soft")
    expect(page.locator("#mark circle")).to_have_count(2)
    page.keyboard.press("1")
    wait_for_another(page, first.pk)
    page.keyboard.press("x")
    expect(page.get_by_label("In your own words")).to_have_value("")
    expect(page.locator("#mark circle")).to_have_count(0)


def test_a_key_right_after_a_dialog_is_the_pages_not_the_closed_fields(page, sign_in_as, own):
    """Until the browser draws again, the field that was typed in keeps the focus."""
    sign_in_as("operator")
    for key in ("x", "7"):
        page.keyboard.press(key)
    page.keyboard.type("soft")
    page.evaluate("""() => {
        document.getElementById("reject").close();
        for (const key of ["Enter", "x"]) {
            const pressed = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
            document.activeElement.dispatchEvent(pressed);
        }
    }""")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert not Rejection.objects.exists()


def test_the_photographer_sees_the_mark_and_sends_a_retake_which_closes_it(page, live_server, own):
    sign_in(page, "operator", "olga")
    page.keyboard.press("x")
    page.keyboard.press("m")
    page.keyboard.press("1")
    told()
    context = page.context.browser.new_context(base_url=live_server.url)
    tab = context.new_page()
    Batch.objects.update(created_by=None)
    User.objects.filter(username="ute").delete()
    sign_in(tab, "uploader", "ute")
    Batch.objects.update(created_by=User.objects.get(username="ute"))

    tab.get_by_role("link", name="To reshoot").click()
    asked = tab.get_by_role("list", name="To reshoot").get_by_role("listitem")
    expect(asked).to_contain_text("AURA1000")
    expect(asked).to_contain_text("olga")
    photo, mark = (asked.locator(what).bounding_box() for what in ("img", "circle >> nth=0"))
    assert mark["x"] + mark["width"] / 2 == pytest.approx(photo["x"] + photo["width"] / 2, abs=1)
    assert mark["y"] + mark["height"] / 2 == pytest.approx(photo["y"] + photo["height"] / 2, abs=1)

    tab.get_by_role("link", name="Upload retakes").click()
    tab.get_by_label("Batch").fill("Retakes")
    file = {"name": "AURA1000_2.jpg", "mimeType": "image/jpeg", "buffer": SAMPLE.read_bytes()}
    tab.locator("#photos").set_input_files([file])
    tab.get_by_role("button", name="Upload 1 photo").click()
    expect(tab.get_by_role("heading", name="Everything is sent")).to_be_visible()

    tab.goto("/admin/reshoot/")
    expect(tab.get_by_role("heading", name="Nothing to reshoot")).to_be_visible()
    closed = "The retake, AURA1000_2.jpg in Retakes, is waiting for its turn."
    expect(tab.get_by_text(closed)).to_be_visible()
    tab.goto(f"/admin/pipeline/batch/{own.batch_id}/change/")
    expect(tab.get_by_text(closed)).to_be_visible()
    expect(tab.get_by_text("Blurred")).to_be_visible()
    expect(tab.get_by_text("to be reshot")).to_have_count(0)
    Frame.objects.filter(batch__name="Retakes").update(state=State.PUBLISHED)
    tab.reload()
    expect(tab.get_by_text("The retake, AURA1000_2.jpg in Retakes, is published.")).to_be_visible()
    context.close()
