"""What is painted belongs to its own photo: while it is saved, when it is refused, and when it is brought back."""

from playwright.sync_api import Page, Route, expect

from pipeline.models import BridgeLabel, Frame, Override
from review.models import Decision
from tests.browser.conftest import IN_A_BROWSER, doubtful_frame
from tests.browser.looking import SCREEN, opacity_at, said, settled, shown, stroke, wait_for_another, wait_for_next
from tests.factories import bridge_fields
from tests.waiting import wait_for

pytestmark = IN_A_BROWSER
PLACE = (150, 100)
DRAFTS = (
    "() => Object.keys(localStorage).filter(key => key.startsWith('mattegate.draft.')).map(key => localStorage[key])"
)


def paint(page: Page) -> None:
    page.keyboard.press("p")
    stroke(page, (100, 100), (200, 100))
    assert opacity_at(page, PLACE) == 255


def hold(page: Page, address: str) -> list[Route]:
    """The server takes as long as it likes."""
    held: list[Route] = []
    page.route(address, lambda route: held.append(route))
    return held


def wait_for_answer(page: Page) -> None:
    """What a click comes to is known."""
    page.wait_for_function("() => !document.querySelector('#view').hasAttribute('data-asking')")
    settled(page)


def go_to_next(page: Page) -> None:
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Leave without saving").click()


def test_while_an_edit_is_saved_no_tool_is_in_hand_and_nothing_is_decided(page, sign_in_as, services):
    frame = doubtful_frame("AURA1", **bridge_fields())
    sign_in_as("operator")
    wait_for_next(page)
    saving = hold(page, "**/edit")
    paint(page)
    page.keyboard.press("Enter")
    tools = page.get_by_role("toolbar", name="Tools")
    expect(tools).to_be_hidden()
    for key in ("p", "e", "w", "f"):
        page.keyboard.press(key)
        expect(page.locator("#view")).to_have_attribute("data-tool", "")
    for key in ("a", "r", "x", "s", "n", "u", "1"):
        page.keyboard.press(key)
        expect(said(page)).to_have_text("Your edit is still being saved; nothing was done.")
        expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Control+z")
    settled(page)
    assert opacity_at(page, PLACE) == 255
    assert shown(page) == frame.pk and not Decision.objects.exists()
    saving[0].continue_()
    expect(said(page)).to_contain_text("Saved", timeout=20_000)
    page.keyboard.press("a")
    expect(said(page)).to_contain_text("approved", timeout=20_000)
    assert len(Override.objects.get().strokes) == 1


def test_an_edit_that_was_left_while_it_was_saved_leaves_the_next_photo_alone(page, sign_in_as, services):
    first, second = doubtful_frame("AURA1"), doubtful_frame("AURA2")
    sign_in_as("operator")
    wait_for_next(page)
    saving = hold(page, "**/edit")
    paint(page)
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    assert wait_for_another(page, first.pk) == second.pk
    page.keyboard.press("p")
    stroke(page, (100, 900), (200, 900))
    saving[0].continue_()
    expect(said(page)).to_contain_text("Your edit of AURA1 angle is saved.", timeout=20_000)
    assert shown(page) == second.pk
    assert opacity_at(page, (150, 900)) == 255
    expect(page.get_by_role("button", name="Paint P")).to_have_attribute("aria-pressed", "true")
    assert Override.objects.get().scorecard.frame == first


def test_what_is_brought_back_stays_on_its_own_photo_and_is_kept_until_it_is_whole(page, sign_in_as, services):
    first, second = doubtful_frame("AURA1"), doubtful_frame("AURA2")
    sign_in_as("operator")
    wait_for_next(page)
    page.keyboard.press("d")
    stroke(page, (700, 525), (720, 525))
    page.keyboard.press("f")
    page.mouse.click(*page.evaluate(SCREEN, [710, 525]))
    wait_for_answer(page)
    paint(page)
    [draft] = page.evaluate(DRAFTS)
    page.reload()
    page.wait_for_selector(f"body[data-frame='{first.pk}']")
    wait_for_next(page)
    asked = hold(page, "**/click")
    page.get_by_role("button", name="Bring it back").click()
    wait_for(lambda: page.evaluate("1") and asked, 10)
    go_to_next(page)
    assert wait_for_another(page, first.pk) == second.pk
    asked[0].continue_()
    wait_for_answer(page)
    assert opacity_at(page, PLACE) == 0
    assert page.evaluate(DRAFTS) == [draft]
    page.unroute("**/click")
    page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="Bring it back").click()
    wait_for_answer(page)
    page.keyboard.press("Enter")
    expect(said(page)).to_contain_text("Saved", timeout=20_000)
    edit = Override.objects.get()
    assert edit.scorecard.frame == first and [one["tool"] for one in edit.strokes] == ["erase", "fill", "brush"]
    assert page.evaluate(DRAFTS) == []


def test_a_draft_of_which_a_click_is_refused_is_not_brought_back_by_half(page, sign_in_as, frame):
    sign_in_as("operator")
    page.keyboard.press("d")
    stroke(page, (700, 525), (720, 525))
    page.keyboard.press("f")
    page.mouse.click(*page.evaluate(SCREEN, [710, 525]))
    wait_for_answer(page)
    [draft] = page.evaluate(DRAFTS)
    page.reload()
    page.wait_for_selector(f"body[data-frame='{frame.pk}']")
    page.route("**/click", lambda route: route.abort())
    back = page.get_by_role("button", name="Bring it back")
    back.click()
    expect(said(page)).to_contain_text("The server")
    expect(back).to_be_visible()
    settled(page)
    assert opacity_at(page, (710, 525)) == 255
    assert page.evaluate(DRAFTS) == [draft]


def test_an_edit_that_was_saved_before_the_refusal_is_not_saved_again_and_the_bridge_is_back(
    page, sign_in_as, services
):
    frame = doubtful_frame("AURA1", **bridge_fields(bridge_x=716.0))
    doubtful_frame("AURA2")
    sign_in_as("operator")
    wait_for_next(page)
    page.keyboard.press("w")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("1")
    paint(page)
    refusals: list[Route] = []

    def refuse(route: Route) -> None:
        refusals.append(route)
        route.fulfill(status=409, content_type="application/json", body='{"detail": "Not just now."}')

    page.route("**/decide", refuse)
    page.keyboard.press("a")
    expect(said(page)).to_have_text("Not just now.", timeout=20_000)
    assert shown(page) == frame.pk and Override.objects.count() == 1
    moved = page.get_by_role("slider", name="Bridge").get_attribute("aria-valuenow")
    page.unroute("**/decide")
    page.keyboard.press("a")
    expect(said(page)).to_contain_text("AURA1 angle approved", timeout=20_000)
    wait_for(BridgeLabel.objects.exists, 10)
    assert Override.objects.count() == 1
    assert Frame.objects.get(pk=frame.pk).attempt == 2
    assert str(round(BridgeLabel.objects.get().bridge_x)) == moved == "705"
