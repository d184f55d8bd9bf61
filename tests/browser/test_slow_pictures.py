"""Where pictures come slowly, nothing else slips under the hands of whoever waits for them."""

from django.urls import reverse
from playwright.sync_api import Route, expect

from tests.browser.conftest import IN_A_BROWSER, doubtful_frame
from tests.browser.looking import shown

pytestmark = IN_A_BROWSER
LONGER_THAN_A_POLL = 6000


def test_the_frame_that_was_opened_is_shown_and_no_other_however_long_its_pictures_take(page, sign_in_as, services):
    oldest, opened = doubtful_frame("AURA1"), doubtful_frame("AURA2")
    sign_in_as("operator")
    assert shown(page) == oldest.pk
    waiting: list[Route] = []
    page.route(f"**{reverse('picture', args=[opened.pk, 1, 'cutout.webp'])}", lambda route: waiting.append(route))
    page.goto(f"/workbench/?frame={opened.pk}", wait_until="commit")
    page.wait_for_timeout(LONGER_THAN_A_POLL)
    assert not page.locator("body").get_attribute("data-frame")
    for route in waiting:
        route.continue_()
    expect(page.get_by_role("heading", name="AURA2 · angle")).to_be_visible()
    page.wait_for_function("pk => Number(document.body.dataset.next) === pk", arg=oldest.pk)
    assert shown(page) == opened.pk
