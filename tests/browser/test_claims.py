"""Who looks at what: a page claims what it shows, and lets go when it is left."""

from playwright.sync_api import expect

from review.models import Claim
from tests.browser.conftest import IN_A_BROWSER, doubtful_frame, sign_in
from tests.browser.looking import said, shown, wait_for_next
from tests.waiting import wait_for

pytestmark = IN_A_BROWSER


def test_others_are_told_what_is_in_other_hands_and_get_it_once_the_tab_is_closed(page, live_server, services):
    frame = doubtful_frame("AURA1")
    sign_in(page, "operator", "olga")
    wait_for_next(page)
    other = page.context.browser.new_page(base_url=live_server.url)
    sign_in(other, "operator", "oskar")
    expect(other.get_by_role("heading", name="All clear, but 1 is in others’ hands")).to_be_visible()
    page.close(run_before_unload=True)
    expect(other.get_by_role("heading", name="AURA1 · angle")).to_be_visible(timeout=12_000)
    wait_for(lambda: list(Claim.objects.values_list("frame", "by")) == [(frame.pk, "oskar")], 5)


def test_a_page_claims_what_it_shows_alone_and_others_may_take_what_it_fetched_ahead(page, live_server, services):
    first, second = doubtful_frame("AURA1"), doubtful_frame("AURA2")
    sign_in(page, "operator", "olga")
    wait_for_next(page)
    other = page.context.browser.new_page(base_url=live_server.url)
    sign_in(other, "operator", "oskar")
    assert (shown(page), shown(other)) == (first.pk, second.pk)
    page.keyboard.press("a")
    expect(said(page)).to_contain_text("oskar has taken over AURA2 angle")
    expect(page.get_by_role("heading", name="All clear, but 1 is in others’ hands")).to_be_visible()


def test_two_tabs_of_one_person_show_two_frames_and_one_goes_on_in_the_other(browser, live_server, services):
    first, second = doubtful_frame("AURA1"), doubtful_frame("AURA2")
    context = browser.new_context(base_url=live_server.url)
    page, tab = context.new_page(), context.new_page()
    sign_in(page, "operator")
    tab.goto("/workbench/")
    tab.wait_for_selector("body[data-frame]")
    assert (shown(page), shown(tab)) == (first.pk, second.pk)
    tab.goto(f"/workbench/?frame={first.pk}")
    words = "You have AURA1 angle open in another tab"
    expect(tab.get_by_role("alert")).to_contain_text(words, timeout=10_000)
    tab.get_by_role("button", name="Go on here").click()
    expect(tab.get_by_role("alert")).to_be_hidden()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(said(page)).to_contain_text("You went on with AURA1 angle in another tab")
    page.wait_for_function("wanted => Number(document.body.dataset.frame) === wanted", arg=second.pk)
    context.close()


def test_a_page_that_is_loaded_again_shows_the_same_frame(page, sign_in_as, services):
    first = doubtful_frame("AURA1")
    doubtful_frame("AURA2")
    sign_in_as("operator")
    for _ in range(3):
        page.reload()
        page.wait_for_selector("body[data-frame]:not([data-frame=''])")
        assert shown(page) == first.pk
        expect(page.locator("#holder")).to_be_hidden()
