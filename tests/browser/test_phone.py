"""A phone's width and a finger: nothing of the workbench and the lists lies beside the screen."""

import pytest
from playwright.sync_api import FloatRect, Locator, Page, ViewportSize

from tests.browser.conftest import IN_A_BROWSER, doubtful_frame, sign_in
from tests.factories import bridge_fields

pytestmark = IN_A_BROWSER
WIDTH, HEIGHT = 390, 844


@pytest.fixture
def phone(page: Page, live_server) -> Page:
    size: ViewportSize = {"width": WIDTH, "height": HEIGHT}
    browser = page.context.browser
    assert browser is not None
    return browser.new_page(base_url=live_server.url, viewport=size, has_touch=True, is_mobile=True)


def tap(page: Page, name: str) -> None:
    """As a finger does: what lies beside the screen, or is smaller than a fingertip's 24 px, can't be."""
    button = page.get_by_role("button", name=name).first
    button.scroll_into_view_if_needed()
    box = within(button)
    assert box["width"] >= 24 and box["height"] >= 24, name
    button.tap()


def box_of(what: Locator) -> FloatRect:
    box = what.bounding_box()
    assert box is not None, what
    return box


def within(what: Locator) -> FloatRect:
    box = box_of(what)
    assert box["x"] >= 0 and box["x"] + box["width"] <= WIDTH + 0.5, (what, box)
    return box


def test_nothing_of_the_workbench_lies_beside_the_screen(phone, services):
    """In either face of its tools, and in what its buttons open."""
    doubtful_frame("AURA1000", **bridge_fields())
    sign_in(phone, "operator")
    for face in ("Edit", "Edit"):
        for button in phone.get_by_role("button").filter(visible=True).all():
            within(button)
        tap(phone, face)
    for opens in ("Reject", "It is something else", "Shop"):
        tap(phone, opens)
        for button in phone.locator("dialog[open] button").filter(visible=True).all():
            within(button)
        phone.keyboard.press("Escape")


@pytest.mark.parametrize("address", ["pipeline/batch/", "pipeline/frame/?o=1", "review/queueitem/", "auth/user/"])
def test_lists_say_what_to_do_and_squeeze_no_column(phone, services, address):
    doubtful_frame("AURA1000")
    sign_in(phone, "admin")
    phone.goto(f"/admin/{address}")
    assert phone.evaluate("document.documentElement.scrollWidth") == WIDTH
    words = "cells => cells.map(cell => getComputedStyle(cell, '::before').content)"
    labels = phone.locator("#result_list tbody :is(td, th)").evaluate_all(words)
    assert labels and '"Select record"' not in labels
    for cell in phone.locator("#result_list tbody :is(td, th)").all():
        assert within(cell)["width"] > 0.8 * WIDTH
