"""The bridge line on the review page, moved as an operator moves it."""

import pytest
from playwright.sync_api import Locator, Page, expect

from pipeline.models import BridgeLabel
from pipeline.states import State
from tests.browser.conftest import IN_A_BROWSER, doubtful_frame
from tests.factories import bridge_fields

pytestmark = IN_A_BROWSER

WIDTH = 1400
FOUND = 716.25
WINDOWS = [(1440, 900), (820, 1180), (390, 844)]


@pytest.fixture
def frame(services):
    return doubtful_frame("AURA1000", **bridge_fields(bridge_x=FOUND))


@pytest.fixture
def open_frame(page, sign_in_as, frame):
    def open_at(width: int, height: int) -> None:
        page.set_viewport_size({"width": width, "height": height})
        sign_in_as("operator")
        page.goto(f"/admin/review/queueitem/{frame.pk}/change/")
        expect(page.get_by_role("img", name="Photo of AURA1000 angle")).to_be_visible()
        page.wait_for_timeout(800)  # the buttons wait for a look at the frame

    return open_at


def handle(page: Page) -> Locator:
    return page.get_by_role("slider", name="Bridge")


def photo_box(page: Page) -> dict[str, float]:
    return page.get_by_role("img", name="Photo of AURA1000 angle").bounding_box()


def left_edge(line: Locator) -> float:
    """Where a vertical line stands on the screen."""
    return line.evaluate("line => line.getBoundingClientRect().left")


def screen_x(page: Page, column: float) -> float:
    box = photo_box(page)
    return box["x"] + box["width"] * (column + 0.5) / WIDTH


def grab(page: Page) -> tuple[float, float]:
    box = handle(page).locator("rect").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 3
    page.mouse.move(x, y)
    page.mouse.down()
    return x, y


def approve(page: Page) -> None:
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", name="All clear")).to_be_visible()


@pytest.mark.parametrize("window", [*WINDOWS, (1440, 560)])
def test_line_profile_and_ticks_keep_to_the_photos_columns(page, open_frame, window):
    open_frame(*window)
    box = photo_box(page)
    strip = page.locator(".mg-strip").bounding_box()
    assert (strip["x"], strip["width"]) == pytest.approx((box["x"], box["width"]), abs=1)
    assert box["width"] / box["height"] == pytest.approx(1400 / 1050, rel=0.01)
    assert left_edge(page.locator(".mg-over .mg-bridge line").last) == pytest.approx(screen_x(page, FOUND), abs=1)
    assert left_edge(page.locator(".mg-strip .mg-bridge line").last) == pytest.approx(screen_x(page, FOUND), abs=1)
    assert left_edge(page.locator("[data-name=valley] line")) == pytest.approx(screen_x(page, 727.5), abs=1)
    assert left_edge(page.locator("[data-name=gap] line")) == pytest.approx(screen_x(page, 705), abs=1)
    valley = page.locator(".mg-valley").bounding_box()
    assert valley["x"] == pytest.approx(screen_x(page, 690.25), abs=1)
    assert valley["x"] + valley["width"] == pytest.approx(screen_x(page, 765.5), abs=1)
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


@pytest.mark.parametrize("window", [WINDOWS[0], WINDOWS[-1]])
def test_the_bridge_is_published_where_the_line_was_dropped(page, open_frame, frame, window):
    open_frame(*window)
    x, y = grab(page)
    page.mouse.move(x + 40, y + 5, steps=6)
    page.mouse.up()
    expect(handle(page)).to_be_focused()  # so that the arrow keys finish it
    expect(page.get_by_text("Moved by you: +")).to_be_visible()
    box = photo_box(page)
    dropped = (x + 40 - box["x"]) * WIDTH / box["width"] - 0.5
    assert left_edge(page.locator(".mg-strip .mg-bridge line").last) == pytest.approx(x + 40, abs=1)

    approve(page)

    label = BridgeLabel.objects.get()
    assert label.bridge_x == pytest.approx(dropped, abs=1)
    assert (label.frame, label.found_x, label.by) == (frame, FOUND, "operator")


def test_arrow_keys_move_the_line_by_pixels_of_the_photo(page, open_frame):
    open_frame(1440, 900)
    handle(page).focus()
    for key in ("Shift+ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    expect(handle(page)).to_have_attribute("aria-valuenow", "727")
    expect(page.get_by_text("Moved by you: +11 px")).to_be_visible()
    approve(page)
    assert BridgeLabel.objects.get().bridge_x == FOUND + 11


def test_a_line_that_was_put_back_is_no_label(page, open_frame, frame):
    open_frame(1440, 900)
    button = page.get_by_role("button", name="Put back")
    ways = [
        lambda: page.keyboard.press("ArrowLeft"),
        lambda: page.keyboard.press("Escape"),
        lambda: page.mouse.dblclick(screen_x(page, FOUND) + 3, photo_box(page)["y"] + 60),
        button.click,
    ]
    for put_back in ways:
        handle(page).focus()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_text("Moved by you: +1 px")).to_be_visible()
        put_back()
        expect(page.get_by_text("Moved by you")).to_have_count(0)
        expect(button).to_be_hidden()
    approve(page)
    frame.refresh_from_db()
    assert (frame.state, BridgeLabel.objects.count()) == (State.APPROVED, 0)


def test_a_finger_moves_the_line_too(page, open_frame):
    open_frame(390, 844)
    touch = page.context.new_cdp_session(page)
    x, y = screen_x(page, FOUND), photo_box(page)["y"] + 80
    places = [("touchStart", x), *(("touchMove", x - step) for step in (8, 20, 30, 40))]
    for kind, place in places:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": place, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.get_by_text("Moved by you: −")).to_be_visible()
    assert left_edge(page.locator(".mg-over .mg-bridge line").last) == pytest.approx(x - 40, abs=1)


def test_the_line_stays_on_the_product(page, open_frame):
    open_frame(1440, 900)
    _, y = grab(page)
    page.mouse.move(photo_box(page)["x"] - 30, y, steps=4)
    page.mouse.up()
    approve(page)
    assert BridgeLabel.objects.get().bridge_x == 221


def test_a_bridge_that_was_not_found_can_be_placed(page, sign_in_as):
    lost = dict.fromkeys(("bridge_x", "product_box", "bridge_evidence")) | {"near": "", "bridge_doubt": ""}
    frame = doubtful_frame("AURA1000", **lost)
    sign_in_as("operator")
    page.goto(f"/admin/review/queueitem/{frame.pk}/change/")
    expect(handle(page)).to_be_hidden()
    page.get_by_role("button", name="Place the bridge").click()
    expect(handle(page)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("Placed by you")).to_be_visible()
    page.keyboard.press("Escape")
    expect(handle(page)).to_be_hidden()
    page.keyboard.press("Enter")  # the button has the focus again
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(800)
    approve(page)
    label = BridgeLabel.objects.get()
    assert (label.bridge_x, label.found_x) == (700.5, None)
