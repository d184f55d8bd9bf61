"""A manager takes a frame over on the workbench, by keys alone; an operator is only told who has it."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from pipeline.models import Frame, TakeOver
from pipeline.states import State
from review.models import Claim, Decision
from tests.browser.conftest import IN_A_BROWSER, doubtful_frame, sign_in
from tests.browser.looking import said
from tests.waiting import wait_for

pytestmark = IN_A_BROWSER


def held_by_oskar() -> Frame:
    frame = doubtful_frame("AURA1")
    Claim.objects.create(frame=frame, by="oskar", until=timezone.now() + timedelta(minutes=3))
    return frame


def test_a_manager_takes_a_frame_over_by_keys_and_decides_it(page, sign_in_as, services):
    frame = held_by_oskar()
    sign_in_as("manager")
    page.goto(f"/workbench/?frame={frame.pk}")
    expect(page.get_by_role("alert")).to_contain_text("oskar is looking at AURA1 angle", timeout=10_000)
    page.get_by_role("button", name="Take over from oskar").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="AURA1 · angle")).to_be_visible()
    expect(said(page)).to_have_text("AURA1 angle is taken over from oskar.")
    page.keyboard.press("a")
    expect(said(page)).to_contain_text("approved")
    wait_for(lambda: Frame.objects.get(pk=frame.pk).state == State.APPROVED, 10)
    assert TakeOver.objects.get().taken_from == "oskar"


def test_an_operator_may_look_at_it_and_is_told_who_has_it(page, services):
    frame = held_by_oskar()
    sign_in(page, "operator")
    page.goto(f"/workbench/?frame={frame.pk}")
    expect(page.get_by_role("alert")).to_contain_text("oskar is looking at AURA1 angle", timeout=10_000)
    expect(page.get_by_role("button", name="Take over")).to_have_count(0)
    expect(page.get_by_role("heading", name="AURA1 · angle")).to_be_visible()
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Approve")).to_be_disabled()
    assert not Decision.objects.exists() and Frame.objects.get().state == State.EXCEPTION
