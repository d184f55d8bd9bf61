"""The workbench by keys and ears alone: where the focus is after each act, and what is said."""

from playwright.sync_api import Page, expect

from pipeline.models import Frame, Rejection
from tests.browser.conftest import IN_A_BROWSER, doubtful_frame
from tests.browser.looking import said, settled, wait_for_next
from tests.waiting import wait_for

pytestmark = IN_A_BROWSER


def announced(page: Page):
    return page.locator("#announced")


def test_after_a_letter_tab_goes_on_where_one_is_asked_about_the_frame(page, sign_in_as, services):
    doubtful_frame("AURA1"), doubtful_frame("AURA2")
    sign_in_as("operator")
    wait_for_next(page)
    page.get_by_role("button", name="Approve").focus()
    page.keyboard.press("a")
    expect(announced(page)).to_contain_text("AURA2 angle: ")
    expect(page.locator("#panel")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#panel') !== null")
    page.keyboard.press("x")
    page.keyboard.press("2")
    expect(page.locator("#empty")).to_be_focused()
    expect(announced(page)).to_have_text("All clear")


def test_all_clear_is_said_once(page, sign_in_as, services):
    sign_in_as("operator")
    expect(announced(page)).to_have_text("All clear")
    page.evaluate(
        """() => { window.spoken = 0;
             new MutationObserver(() => window.spoken++).observe(document.querySelector("#announced"),
               {childList: true, characterData: true, subtree: true}); }"""
    )
    page.wait_for_timeout(9000)  # it is asked for every four seconds
    assert page.evaluate("window.spoken") == 0
    page.get_by_role("link", name="The queue’s list, and other pages").focus()
    doubtful_frame("AURA1")
    expect(announced(page)).to_contain_text("AURA1 angle: ", timeout=10_000)
    expect(page.locator("#panel")).to_be_focused()


def test_what_is_chosen_and_shown_is_said_and_keeps_the_focus(page, sign_in_as, frame):
    sign_in_as("operator")
    settled(page)
    page.keyboard.press("1")
    expect(announced(page)).to_contain_text("Chosen: ")
    page.keyboard.press("9")
    expect(announced(page)).to_have_text("There is no alternative of that number")
    page.keyboard.press("e")
    expect(announced(page)).to_have_text("Paint what is missing")
    page.keyboard.press("Escape")
    expect(announced(page)).to_have_text("No tool in hand")


def test_something_else_is_sent_by_a_button_too(page, sign_in_as, frame: Frame):
    sign_in_as("operator")
    settled(page)
    page.keyboard.press("x")
    send = page.get_by_role("button", name="Reject with these words")
    expect(send).to_be_hidden()
    page.get_by_role("button", name="7 something else").click()
    page.get_by_label("In your own words").fill("A fly sits on it")
    send.click()
    expect(said(page)).to_contain_text("rejected")
    wait_for(lambda: Rejection.objects.filter(remark="A fly sits on it").exists(), 10)
