"""Nobody decides what could not be seen: a picture that did not come, a server that can't be reached."""

from django.urls import reverse
from playwright.sync_api import Locator, Page, Route, expect

from pipeline.models import Frame
from review.models import Decision
from tests.browser.conftest import IN_A_BROWSER, doubtful_frame
from tests.browser.looking import opacity_at, said, settled, shown, wait_for_next
from tests.waiting import wait_for

pytestmark = IN_A_BROWSER
NOT_COME = "This photo’s picture did not come, so it can’t be approved."


def picture_of(frame: Frame, name: str) -> str:
    return f"**{reverse('picture', args=[frame.pk, 1, name])}"


def approve(page: Page) -> None:
    page.keyboard.press("a")
    expect(said(page)).to_contain_text("AURA1 angle approved", timeout=20_000)
    wait_for(Decision.objects.exists, 10)


def decide_as_the_server_goes(page: Page, sign_in_as) -> Locator:
    """What the page says then: nothing can be asked for after the only photo is decided."""
    doubtful_frame("AURA1")
    sign_in_as("operator")
    wait_for_next(page)
    page.route("**/workbench/next", lambda route: route.abort())
    page.keyboard.press("a")
    unreached = page.get_by_role("heading", name="The server can’t be reached.")
    expect(unreached).to_be_visible()
    return unreached


def test_a_picture_that_does_not_come_is_asked_for_once_more(page, sign_in_as, services):
    frame = doubtful_frame("AURA1")
    refused: list[Route] = []

    def refuse_once(route: Route) -> None:
        if refused:
            return route.continue_()
        refused.append(route)
        route.abort()

    page.route(picture_of(frame, "cutout.webp"), refuse_once)
    sign_in_as("operator")
    assert refused and shown(page) == frame.pk
    expect(page.get_by_text(NOT_COME)).to_be_hidden()
    settled(page)
    assert opacity_at(page, (700, 525)) == 255
    approve(page)


def test_a_photo_is_not_approved_before_its_cut_out_was_seen(page, sign_in_as, services):
    frame = doubtful_frame("AURA1")
    address = picture_of(frame, "cutout.webp")
    page.route(address, lambda route: route.abort())
    sign_in_as("operator")
    wait_for_next(page)
    expect(page.get_by_role("alert")).to_contain_text(NOT_COME)
    page.keyboard.press("a")
    expect(said(page)).to_have_text(f"{NOT_COME} Press T to try again.")
    assert shown(page) == frame.pk
    page.keyboard.press("t")
    expect(said(page)).to_have_text("It did not come this time either.")
    assert not Decision.objects.exists()
    page.unroute(address)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text(NOT_COME)).to_be_hidden()
    approve(page)


def test_a_photo_that_did_not_come_is_not_said_to_have_no_picture(page, sign_in_as, services):
    frame = doubtful_frame("AURA1")
    page.route(picture_of(frame, "preview.webp"), lambda route: route.abort())
    sign_in_as("operator")
    wait_for_next(page)
    expect(page.get_by_role("alert")).to_contain_text(NOT_COME)
    expect(page.get_by_role("heading", name="There is no picture of this one")).to_be_hidden()
    page.keyboard.press("r")  # that it was seen is asked of an approval alone
    expect(said(page)).to_contain_text("sent back")


def test_a_server_that_cannot_be_reached_leaves_nothing_clear(page, sign_in_as, services):
    unreached = decide_as_the_server_goes(page, sign_in_as)
    assert page.title() == "The server can’t be reached. · Mattegate"
    again = page.get_by_role("button", name="Try again")
    again.click()
    expect(unreached).to_be_visible()
    page.evaluate("for (let id = 1; id < 100; id++) clearInterval(id)")  # nor does it ask by itself
    doubtful_frame("AURA2")
    page.unroute("**/workbench/next")
    again.click()
    expect(page.get_by_role("heading", name="AURA2 · angle")).to_be_visible()


def test_once_the_server_answers_all_clear_is_said_again(page, sign_in_as, services):
    decide_as_the_server_goes(page, sign_in_as)
    page.unroute("**/workbench/next")
    expect(page.get_by_role("heading", name="All clear")).to_be_visible()  # asked by itself
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
