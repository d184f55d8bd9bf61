"""One decision is about one photo: the one that was looked at when it was begun."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from pipeline.models import Frame
from pipeline.states import State
from review.models import Claim, Decision
from tests.browser.conftest import IN_A_BROWSER, doubtful_frame
from tests.browser.looking import said, shown, stroke, wait_for_another, wait_for_next
from tests.waiting import wait_for

pytestmark = IN_A_BROWSER


def lose(page, frame) -> None:
    """Another has it now, and the page hears of it."""
    Claim.objects.filter(frame=frame).update(by="oskar", until=timezone.now() + timedelta(minutes=3))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def assert_only_the_first_is_decided(page, frames) -> None:
    assert wait_for_another(page, frames[0].pk) == frames[1].pk
    wait_for(Decision.objects.exists, 10)
    wait_for_next(page)
    assert shown(page) == frames[1].pk
    assert Decision.objects.get().frame == frames[0]


def test_a_reason_is_given_to_its_own_photo_and_never_to_the_next_one(page, sign_in_as, services):
    lost, following = doubtful_frame("AURA1"), doubtful_frame("AURA2")
    sign_in_as("operator")
    wait_for_next(page)
    page.keyboard.press("x")
    expect(page.get_by_role("dialog", name="Reject, because…")).to_be_visible()
    lose(page, lost)
    assert wait_for_another(page, lost.pk) == following.pk
    page.keyboard.press("1")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(said(page)).to_have_text("AURA1 angle isn’t in your hands any more; nothing was decided.")
    assert shown(page) == following.pk
    assert not Decision.objects.exists()
    page.keyboard.press("x")
    page.keyboard.press("1")
    wait_for(Decision.objects.exists, 10)
    assert Decision.objects.get().frame == following


def test_leaving_without_saving_is_said_of_one_photo_and_decides_no_other(page, sign_in_as, services):
    lost, following = doubtful_frame("AURA1"), doubtful_frame("AURA2")
    sign_in_as("operator")
    wait_for_next(page)
    page.keyboard.press("e")
    stroke(page, (100, 100), (200, 100))
    page.keyboard.press("r")
    leave = page.get_by_role("button", name="Leave without saving")
    expect(leave).to_be_visible()
    Claim.objects.filter(frame=lost).delete()
    Frame.objects.filter(pk=lost.pk).update(state=State.APPROVED)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert wait_for_another(page, lost.pk) == following.pk
    leave.click()
    expect(said(page)).to_have_text("Another photo is here by now; nothing was done.")
    assert shown(page) == following.pk
    assert not Decision.objects.exists()


@pytest.mark.parametrize("name", ["Approve", "Skip"])
def test_a_double_click_decides_one_photo(page, sign_in_as, services, name):
    frames = [doubtful_frame(f"AURA{number}") for number in range(3)]
    sign_in_as("operator")
    wait_for_next(page)
    page.get_by_role("button", name=name).dblclick()
    assert_only_the_first_is_decided(page, frames)


def test_enter_that_is_held_down_presses_a_button_once(page, sign_in_as, services):
    frames = [doubtful_frame(f"AURA{number}") for number in range(3)]
    sign_in_as("operator")
    wait_for_next(page)
    page.get_by_role("button", name="Approve").focus()
    page.keyboard.down("Enter")
    for _ in range(4):
        page.keyboard.down("Enter")  # repeats
    page.keyboard.up("Enter")
    assert_only_the_first_is_decided(page, frames)


def test_enter_that_is_held_down_opens_the_reasons_and_takes_none(page, sign_in_as, services):
    frame = doubtful_frame("AURA1")
    sign_in_as("operator")
    wait_for_next(page)
    page.get_by_role("button", name="Reject").focus()
    for _ in range(5):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    expect(page.get_by_role("dialog", name="Reject, because…")).to_be_visible()
    assert shown(page) == frame.pk
    assert not Decision.objects.exists()
