"""A phone's width and a finger: all that operators do at a desk they can do there."""

import pytest
from playwright.sync_api import FloatRect, Locator, Page, ViewportSize, expect

from pipeline.models import BridgeLabel, Override
from review.models import Decision
from tests.browser.conftest import IN_A_BROWSER, doubtful_frame, sign_in
from tests.browser.looking import SCREEN, said, settled, wait_for_another, wait_for_next
from tests.factories import bridge_fields

pytestmark = IN_A_BROWSER
WIDTH, HEIGHT = 390, 844
PATIENCE = 30_000
"""To save what was painted takes seconds on a busy machine."""


@pytest.fixture
def phone(page: Page, live_server) -> Page:
    size: ViewportSize = {"width": WIDTH, "height": HEIGHT}
    browser = page.context.browser
    assert browser is not None
    return browser.new_page(base_url=live_server.url, viewport=size, has_touch=True, is_mobile=True)


def drag(page: Page, *places: tuple[float, float]) -> None:
    """One finger, from the first of these places on the screen to the last. It rests there before it is lifted: a tap
    right after a swipe only stops what glides on."""
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        held = [{"x": x, "y": y, "id": 1} for x, y in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": held})

    send("touchStart", places[0])
    for place in places[1:]:
        send("touchMove", place)
    for _ in range(3):
        page.wait_for_timeout(100)
        send("touchMove", places[-1])
    send("touchEnd")
    settled(page)


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


def test_an_operator_decides_chooses_paints_and_drags_the_bridge_by_finger(phone, services):
    chosen, edited, moved = (doubtful_frame(code, **bridge_fields()) for code in ("AURA1", "AURA2", "AURA3"))
    sign_in(phone, "operator")
    tap(phone, "1 weak contrasts raised")
    tap(phone, "Approve")
    assert wait_for_another(phone, chosen.pk) == edited.pk
    tap(phone, "Edit")
    tap(phone, "Paint")
    drag(phone, *(phone.evaluate(SCREEN, [x, 100]) for x in (100, 200, 300)))
    tap(phone, "Undo a stroke")
    tap(phone, "Redo a stroke")
    tap(phone, "Save")
    expect(said(phone)).to_contain_text("Saved", timeout=PATIENCE)
    tap(phone, "Approve")
    assert wait_for_another(phone, edited.pk) == moved.pk
    expect(said(phone)).to_contain_text("AURA2 angle approved", timeout=PATIENCE)
    line = box_of(phone.get_by_role("slider", name="Bridge"))
    x, y = line["x"] + line["width"] / 2, line["y"] + 60
    drag(phone, (x, y), (x - 10, y), (x - 30, y))
    tap(phone, "Approve")
    expect(phone.get_by_role("heading", name="All clear")).to_be_visible(timeout=PATIENCE)
    expect(said(phone)).to_contain_text("AURA3 angle approved", timeout=PATIENCE)
    approved = Decision.objects.filter(kind="approve").order_by("frame").values_list("frame", flat=True)
    assert list(approved) == [chosen.pk, edited.pk, moved.pk]
    assert [[stroke["tool"] for stroke in kept.strokes] for kept in Override.objects.order_by("frame_id")] == [
        [],
        ["brush"],
    ]
    assert BridgeLabel.objects.get().frame == moved


def test_nothing_of_the_workbench_lies_beside_the_screen(phone, services):
    """In either face of its tools, and in what its buttons open."""
    doubtful_frame("AURA1000", **bridge_fields())
    sign_in(phone, "operator")
    wait_for_next(phone)
    for face in ("Edit", "Edit"):
        settled(phone)
        for button in phone.get_by_role("button").filter(visible=True).all():
            within(button)
        tap(phone, face)
    for opens in ("Reject", "It is something else", "Shop"):
        tap(phone, opens)
        for button in phone.locator("dialog[open] button").filter(visible=True).all():
            within(button)
        phone.keyboard.press("Escape")


def test_the_queues_list_fits_while_a_decision_can_be_taken_back(phone, services):
    doubtful_frame("AURA1000"), doubtful_frame("AURA1001")
    sign_in(phone, "operator")
    settled(phone)
    tap(phone, "Reprocess")
    expect(said(phone)).to_contain_text("AURA1000", timeout=PATIENCE)
    phone.goto("/admin/review/queueitem/")
    within(phone.get_by_role("button", name="Take back"))
    within(phone.get_by_role("link", name="Review one by one"))
    assert phone.evaluate("document.documentElement.scrollWidth") == WIDTH


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
