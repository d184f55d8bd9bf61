"""A photo of something else than its name says: an operator says what it is, and takes it back."""

import pytest
from playwright.sync_api import expect

from pipeline.models import Frame
from pipeline.states import State
from tests.browser.conftest import IN_A_BROWSER, doubtful_frame
from tests.browser.looking import said, shown, wait_for_another

pytestmark = IN_A_BROWSER


@pytest.fixture
def frames(services):
    return [doubtful_frame(code) for code in ("AURA1000", "AURA2000")]


def what_it_is(frame):
    frame.refresh_from_db()
    return frame.code, frame.view, frame.product_class, frame.state


def test_a_wrong_name_is_corrected_by_keys_and_taken_back(page, sign_in_as, frames):
    first, second = frames
    Frame.objects.filter(pk=first.pk).update(reasons=["looks-side"])
    sign_in_as("operator")
    assert shown(page) == first.pk
    page.get_by_role("button", name="this looks like a side view").click()
    dialog = page.get_by_role("dialog", name="What is it really?")
    expect(dialog.get_by_role("radio", name="side")).to_be_checked()
    page.keyboard.press("2")
    dialog.get_by_label("watch").check()
    dialog.get_by_label("Product code").fill("no code")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("no code can't be a product code")
    dialog.get_by_label("Product code").fill("aura2000")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("There is a photo of AURA2000 angle already")
    assert what_it_is(first) == ("AURA1000", "angle", "eyewear", State.EXCEPTION)
    page.keyboard.press("Enter")
    assert wait_for_another(page, first.pk) == second.pk
    expect(said(page)).to_contain_text("AURA1000 angle is AURA2000 angle, watch now")
    assert what_it_is(first) == ("AURA2000", "angle", "watch", State.RECEIVED)
    page.keyboard.press("u")
    assert wait_for_another(page, second.pk) == first.pk
    assert what_it_is(first) == ("AURA1000", "angle", "eyewear", State.EXCEPTION)
    expect(page.get_by_role("heading", name="AURA1000 · angle")).to_be_visible()
    page.keyboard.press("n")
    expect(dialog.get_by_role("radio", name="angle")).to_be_checked()
    expect(dialog.get_by_label("Product code")).to_have_value("AURA1000")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
