"""Keyboards of other countries: digits that want shift, letters that aren't Latin, words that are being composed."""

import pytest
from playwright.sync_api import Page, expect

from review.models import Decision
from tests.browser.conftest import IN_A_BROWSER, doubtful_frame
from tests.browser.looking import said, settled, wait_for_next
from tests.waiting import wait_for

pytestmark = IN_A_BROWSER


def press(page: Page, key: str, code: str, **more: bool) -> None:
    """As a browser on such a keyboard tells it."""
    page.evaluate(
        "told => (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', told))",
        {"key": key, "code": code, "bubbles": True, "cancelable": True} | more,
    )


@pytest.mark.parametrize("key", ["&", "+"], ids=["French", "Czech"])
def test_the_upper_row_chooses_without_shift(key, page, sign_in_as, frame):
    sign_in_as("operator")
    settled(page)
    press(page, key, "Digit1")
    expect(page.locator('[data-rung="relit"]')).to_have_attribute("aria-pressed", "true")


def test_the_keys_of_no_latin_letters_do_what_is_in_their_place(page, sign_in_as, services):
    doubtful_frame("AURA1"), doubtful_frame("AURA2"), doubtful_frame("AURA3")
    sign_in_as("operator")
    wait_for_next(page)
    press(page, "ф", "KeyA", isComposing=True)
    press(page, "q", "KeyA")  # French: a letter of its own
    press(page, "ф", "KeyA")
    expect(said(page)).to_contain_text("AURA1 angle approved", timeout=10_000)
    expect(page.get_by_role("heading", name="AURA2 · angle")).to_be_visible()
    press(page, "ء", "KeyX")
    press(page, "é", "Digit2")
    wait_for(lambda: Decision.objects.filter(kind="reject", why="badly lit").exists(), 10)
    assert Decision.objects.count() == 2
