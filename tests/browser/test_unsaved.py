"""What was painted is never lost untold: asked about on every way out, kept in the browser, offered again."""

from playwright.sync_api import Page, expect

from pipeline.models import Frame, Override
from pipeline.states import State
from review.models import Decision
from tests.browser.conftest import IN_A_BROWSER, doubtful_frame
from tests.browser.looking import opacity_at, said, shown, stroke, wait_for_another, wait_for_next
from tests.waiting import wait_for

pytestmark = IN_A_BROWSER
PLACE = (150, 100)


def paint(page: Page) -> None:
    page.keyboard.press("e")
    stroke(page, (100, 100), (200, 100))
    assert opacity_at(page, PLACE) == 255


def test_each_way_out_asks_first_and_what_was_painted_is_offered_when_one_comes_back(page, sign_in_as, services):
    frame = doubtful_frame("AURA1")
    doubtful_frame("AURA2")
    sign_in_as("operator")
    paint(page)
    asks = page.get_by_role("dialog", name="What you changed isn’t saved")
    for key in ("s", "r", "x", "n", "u", "ArrowRight"):
        page.keyboard.press(key)
        expect(asks, key).to_be_visible()
        page.keyboard.press("Escape")
        expect(asks).to_be_hidden()
        assert shown(page) == frame.pk and opacity_at(page, PLACE) == 255
    page.get_by_role("link", name="The whole queue").click()
    asks.get_by_role("button", name="Leave without saving").click()
    page.wait_for_url("**/admin/review/queueitem/")
    assert not Decision.objects.exists()
    page.goto(f"/workbench/?frame={frame.pk}")
    page.get_by_role("button", name="Bring it back").click()
    page.wait_for_function("() => !document.querySelector('#draft:not([hidden])')")
    assert opacity_at(page, PLACE) == 255
    page.keyboard.press("Enter")
    expect(said(page)).to_contain_text("Saved", timeout=10_000)
    assert len(Override.objects.get().strokes) == 1
    page.reload()
    page.wait_for_selector(f"body[data-frame='{frame.pk}']")
    expect(page.locator("#draft")).to_be_hidden()


def test_a_chosen_alternative_is_approved_and_the_next_frame_is_there_at_once(page, sign_in_as, services):
    frame = doubtful_frame("AURA1")
    doubtful_frame("AURA2")
    sign_in_as("operator")
    wait_for_next(page)
    waits: list = []
    page.route("**/edit", lambda route: waits.append(route))  # the server takes as long as it likes
    page.keyboard.press("1")
    page.keyboard.press("a")
    wait_for_another(page, frame.pk)
    assert len(waits) == 1 and not Override.objects.exists()
    waits[0].continue_()
    expect(said(page)).to_contain_text("approved", timeout=10_000)
    wait_for(lambda: Frame.objects.get(pk=frame.pk).state == State.APPROVED, 10)
    assert Override.objects.get().base_rung == "relit"


def test_an_edit_that_is_refused_brings_its_frame_back_with_what_was_chosen(page, sign_in_as, services):
    frame = doubtful_frame("AURA1")
    doubtful_frame("AURA2")
    sign_in_as("operator")
    wait_for_next(page)
    Frame.objects.filter(pk=frame.pk).update(version=7)
    page.keyboard.press("1")
    page.keyboard.press("a")
    expect(said(page)).to_contain_text("was decided while you looked at it", timeout=10_000)
    assert shown(page) == frame.pk
    expect(page.locator('[data-rung="relit"]')).to_have_attribute("aria-pressed", "true")
