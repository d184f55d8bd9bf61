"""Where pictures come slowly, nothing else slips under the hands of whoever waits for them, and no key is lost."""

from django.urls import reverse
from playwright.sync_api import Route, expect

from review.models import Decision
from tests.browser.conftest import IN_A_BROWSER, doubtful_frame
from tests.browser.looking import said, shown, stroke
from tests.waiting import wait_for

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


def test_a_key_that_only_asks_waits_for_the_frame_and_a_decision_is_not_made_unseen(page, sign_in_as, services):
    frame = doubtful_frame("AURA1")
    sign_in_as("operator")
    waiting: list[Route] = []
    page.route(f"**{reverse('picture', args=[frame.pk, 1, 'cutout.webp'])}", lambda route: waiting.append(route))
    with page.expect_request("**/cutout.webp"):
        page.goto("/workbench/", wait_until="commit")
    expect(page.locator("#modes button").first).to_be_attached()
    page.keyboard.press("a")
    expect(said(page)).to_have_text("The next one is still loading; nothing was decided.")
    page.keyboard.press("x")
    page.keyboard.press("1")
    expect(page.get_by_role("dialog")).to_have_count(0)
    for route in waiting:
        route.continue_()
    expect(page.get_by_role("dialog", name="Reject, because…")).to_be_visible()
    assert shown(page) == frame.pk
    assert not Decision.objects.exists()


def test_a_decided_frame_is_dimmed_until_the_next_one_is_there(page, sign_in_as, services):
    doubtful_frame("AURA1")
    late = doubtful_frame("AURA2")
    waiting: list[Route] = []
    page.route(f"**{reverse('picture', args=[late.pk, 1, 'cutout.webp'])}", lambda route: waiting.append(route))
    sign_in_as("operator")
    expect(page.locator("#view")).to_have_attribute("aria-busy", "false")
    page.keyboard.press("a")
    expect(page.locator("#view")).to_have_attribute("aria-busy", "true")
    expect(page.locator("#view .wb-canvas").first).to_have_css("opacity", "0.3")
    wait_for(lambda: waiting, 10)
    for route in waiting:
        route.continue_()
    expect(page.get_by_role("heading", name="AURA2 · angle")).to_be_visible()
    expect(page.locator("#view")).to_have_attribute("aria-busy", "false")


def test_one_is_asked_before_leaving_an_edit_that_is_not_saved_yet(page, sign_in_as, services):
    doubtful_frame("AURA1")
    sign_in_as("operator")
    may_leave = "() => window.dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    assert page.evaluate(may_leave)
    saving: list[Route] = []
    page.route("**/edit", lambda route: saving.append(route))
    page.keyboard.press("p")
    stroke(page, (700, 525), (720, 525))
    page.keyboard.press("a")
    expect(page.get_by_role("heading", name="All clear")).to_be_visible()
    assert not page.evaluate(may_leave)
    for route in saving:
        route.continue_()
    expect(said(page)).to_contain_text("approved", timeout=20_000)
    assert page.evaluate(may_leave)
    wait_for(lambda: Decision.objects.filter(kind="approve").exists(), 10)
