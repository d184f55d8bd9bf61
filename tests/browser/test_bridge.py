"""The bridge as operators place it: dragged, by keys, by one of the estimates, by finger."""

import pytest
from playwright.sync_api import Page, expect

from pipeline.models import BridgeLabel
from tests.browser.conftest import IN_A_BROWSER, doubtful_frame
from tests.browser.looking import SCREEN, opacity_at, said, settled, stroke
from tests.factories import bridge_fields

pytestmark = IN_A_BROWSER
FOUND, GAP, VALLEY = 716.25, 705.0, 727.5


@pytest.fixture
def angled(services):
    return doubtful_frame("AURA1000", **bridge_fields(bridge_x=FOUND))


def bridge(page: Page):
    return page.get_by_role("slider", name="Bridge")


def approve(page: Page) -> None:
    page.keyboard.press("a")
    expect(said(page)).to_contain_text("approved")


@pytest.mark.parametrize("window", [(1440, 900), (820, 1180), (390, 844)])
def test_the_bridge_is_published_where_the_line_was_dropped(page, sign_in_as, angled, window):
    page.set_viewport_size({"width": window[0], "height": window[1]})
    sign_in_as("operator")
    settled(page)
    line = bridge(page).bounding_box()
    x, y = line["x"] + line["width"] / 2, line["y"] + line["height"] / 3
    assert x == pytest.approx(page.evaluate(SCREEN, [FOUND + 0.5, 0])[0], abs=1)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 5, steps=6)
    page.mouse.up()
    expect(page.get_by_text("Moved by you: +")).to_be_attached()
    scale = page.evaluate(SCREEN, [1, 0])[0] - page.evaluate(SCREEN, [0, 0])[0]
    approve(page)
    label = BridgeLabel.objects.get()
    assert label.bridge_x == pytest.approx(FOUND + 30 / scale, abs=1.5 / scale)
    assert (label.frame, label.found_x, label.by) == (angled, FOUND, "operator")


def test_arrow_keys_move_the_bridge_by_pixels_and_escape_puts_it_back(page, sign_in_as, angled):
    sign_in_as("operator")
    page.keyboard.press("w")
    expect(bridge(page)).to_be_focused()
    for key in ("Shift+ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    expect(page.get_by_text("Moved by you: +10 px")).to_be_visible()
    page.keyboard.press("Escape")
    expect(bridge(page)).to_have_attribute("aria-valuenow", "716")
    expect(page.get_by_text("Moved by you")).to_have_count(0)
    page.keyboard.press("ArrowLeft")
    approve(page)
    assert BridgeLabel.objects.get().bridge_x == FOUND - 1


LOST = dict.fromkeys(("bridge_x", "product_box", "bridge_evidence")) | {"near": "", "bridge_doubt": ""}


def test_a_bridge_that_was_not_found_is_placed_by_a_click_and_by_nothing_less(page, sign_in_as, services):
    doubtful_frame("AURA1000", **LOST), doubtful_frame("AURA2000", **LOST)
    sign_in_as("operator")
    page.keyboard.press("w")
    expect(page.get_by_text("No bridge was found")).to_be_visible()  # the line's start in the middle is nobody's word
    approve(page)
    expect(page.get_by_role("heading", name="AURA2000")).to_be_visible()
    assert not BridgeLabel.objects.exists()
    page.keyboard.press("w")
    settled(page)
    page.mouse.click(*page.evaluate(SCREEN, [500.5, 300]))
    expect(page.get_by_text("Placed by you.")).to_be_visible()
    page.keyboard.press("a")
    expect(said(page)).to_contain_text("AURA2000 angle approved")
    expect(page.get_by_role("heading", name="All clear")).to_be_visible()
    assert BridgeLabel.objects.get().bridge_x == pytest.approx(500, abs=2)
    page.get_by_role("button", name="Undo the last decision").click()
    expect(page.get_by_role("heading", name="AURA2000")).to_be_visible()


def test_a_bridge_that_was_not_found_can_be_placed(page, sign_in_as, services):
    doubtful_frame("AURA1000", **LOST)
    sign_in_as("operator")
    expect(bridge(page)).to_be_hidden()
    page.get_by_role("button", name="Place the bridge").click()
    expect(bridge(page)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    approve(page)
    label = BridgeLabel.objects.get()
    assert label.found_x is None and 690 < label.bridge_x < 710


def test_a_finger_moves_the_bridge_and_two_fingers_zoom(page, sign_in_as, angled):
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in_as("operator")
    settled(page)
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        told = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": told})

    line = bridge(page).bounding_box()
    x, y = line["x"] + line["width"] / 2, line["y"] + 60
    send("touchStart", (x, y))
    for step in (8, 20, 30):
        send("touchMove", (x - step, y))
    send("touchEnd")
    expect(page.get_by_text("Moved by you: −")).to_be_attached()
    before = page.evaluate(SCREEN, [1, 0])[0] - page.evaluate(SCREEN, [0, 0])[0]
    send("touchStart", (60, y), (100, y))
    send("touchMove", (30, y), (150, y))
    send("touchEnd")
    settled(page)
    assert page.evaluate(SCREEN, [1, 0])[0] - page.evaluate(SCREEN, [0, 0])[0] > 2 * before


def test_a_stroke_across_the_bridge_paints_and_leaves_it_where_it_is(page, sign_in_as, angled):
    sign_in_as("operator")
    page.keyboard.press("e")
    stroke(page, (FOUND, 100), (FOUND + 200, 100))
    assert opacity_at(page, (FOUND + 100, 100)) == 255
    expect(bridge(page)).to_have_attribute("aria-valuenow", "716")


def test_a_frame_held_for_its_bridge_alone_asks_for_nothing_but_the_line(page, sign_in_as, angled):
    angled.reasons = ["bridge-unsure"]
    angled.save()
    sign_in_as("operator")
    expect(bridge(page)).to_be_focused()
    page.keyboard.press("ArrowRight")
    approve(page)
    assert BridgeLabel.objects.get().bridge_x == FOUND + 1


def test_its_estimates_stand_beside_the_line_by_name_and_a_number_takes_one(page, sign_in_as, angled):
    sign_in_as("operator")
    names = page.locator(".wb-estimate")
    expect(names.first).to_be_hidden()
    page.keyboard.press("w")
    expect(names).to_have_text(["1gap", "2valley"])
    left = names.nth(1).evaluate("mark => mark.getBoundingClientRect().left")
    assert left == pytest.approx(page.evaluate(SCREEN, [VALLEY + 0.5, 0])[0], abs=1)
    page.keyboard.press("2")
    page.keyboard.press("3")  # there is none
    page.keyboard.press("1")
    approve(page)
    assert BridgeLabel.objects.get().bridge_x == GAP
