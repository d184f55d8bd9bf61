"""The workbench as operators work on it: by keys, by mouse, by finger, two at a time."""

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone
from playwright.sync_api import expect

from pipeline import naming
from pipeline.engines import object_store
from pipeline.models import Frame, LaterMatte, Override
from pipeline.states import State
from review.models import Claim, Decision, QueueItem
from tests.browser.conftest import IN_A_BROWSER, PLACE, doubtful_frame, pictures, sign_in, stored_alpha
from tests.browser.looking import SCREEN, opacity_at, said, settled, shown, stroke, wait_for_another, wait_for_next
from tests.factories import bridge_fields
from tests.waiting import wait_for

pytestmark = IN_A_BROWSER
SPY = """() => {
  window.calls = [];
  const skipped = new Set(['constructor', 'canvas', 'getContextAttributes']);
  for (const name of Object.getOwnPropertyNames(CanvasRenderingContext2D.prototype)) {
    const found = Object.getOwnPropertyDescriptor(CanvasRenderingContext2D.prototype, name);
    if (skipped.has(name) || typeof found.value !== 'function') continue;
    CanvasRenderingContext2D.prototype[name] = function (...given) {
      if (this.canvas.isConnected) window.calls.push([name, given.map(Number)]);
      return found.value.apply(this, given);
    };
  }
}"""


def test_twenty_frames_are_cleared_by_keys_alone_and_each_next_picture_is_there_already(page, sign_in_as, services):
    frames = [doubtful_frame(f"AURA{n}") for n in range(20)]
    sign_in_as("operator")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    expect(page.get_by_role("heading", name="AURA0 · angle")).to_be_visible()
    for number, keys in enumerate(["a", "r", "x1", "x8"] * 5):
        current = shown(page)
        assert current == frames[number].pk
        wait_for_next(page)
        asked.clear()
        for key in keys:
            page.keyboard.press(key)
        if number < 19:
            following = wait_for_another(page, current)
            settled(page)
            assert not [url for url in asked if f"/frames/{following}/" in url or "/open" in url]
    expect(page.get_by_role("heading", name="All clear")).to_be_visible()
    wait_for(lambda: not QueueItem.objects.exists(), 10)
    kinds = Decision.objects.values_list("kind", flat=True)
    assert sorted(kinds) == sorted(["approve", "reprocess", "reject", "discard"] * 5)
    assert set(Decision.objects.filter(kind="reject").values_list("why", flat=True)) == {"blurred"}


def test_two_operators_clear_one_queue_and_no_frame_is_decided_twice(page, live_server, services):
    frames = [doubtful_frame(f"AURA{n}") for n in range(10)]
    sign_in(page, "operator", "olga")
    other = page.context.browser.new_page(base_url=live_server.url)
    sign_in(other, "operator", "oskar")
    tabs = (page, other)
    assert shown(page) != shown(other)
    while any(map(shown, tabs)):
        before = [shown(tab) for tab in tabs]
        assert before[0] != before[1]
        for tab in filter(shown, tabs):
            tab.keyboard.press("a")
        for tab, seen in zip(tabs, before, strict=True):
            if seen:
                wait_for_another(tab, seen)
    wait_for(lambda: not QueueItem.objects.exists(), 10)
    assert sorted(Decision.objects.values_list("frame", flat=True)) == [frame.pk for frame in frames]
    assert set(Decision.objects.values_list("by", flat=True)) == {"olga", "oskar"}


def test_a_lease_that_is_lost_is_told_kindly_and_the_next_frame_comes(page, sign_in_as, services):
    frame, _ = doubtful_frame("AURA1"), doubtful_frame("AURA2")
    sign_in_as("operator")
    assert shown(page) == frame.pk
    wait_for_next(page)
    Claim.objects.filter(frame=frame).update(by="oskar", until=timezone.now() + timedelta(minutes=3))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(said(page)).to_contain_text("oskar has taken over AURA1 angle")
    expect(page.get_by_role("heading", name="AURA2 · angle")).to_be_visible()


def test_an_edit_on_a_version_that_is_old_is_refused_and_stays_on_the_screen(page, sign_in_as, frame):
    sign_in_as("operator")
    page.keyboard.press("e")
    stroke(page, (100, 100), (200, 100))
    Frame.objects.filter(pk=frame.pk).update(version=7)
    page.keyboard.press("a")
    expect(said(page)).to_contain_text("was decided")
    assert shown(page) == frame.pk and opacity_at(page, (150, 100)) == 255
    assert not Override.objects.exists() and not Decision.objects.exists()


def test_a_decision_on_a_version_that_is_old_is_refused_in_words(page, sign_in_as, frame):
    doubtful_frame("AURA1001")
    sign_in_as("operator")
    Frame.objects.filter(pk=frame.pk).update(version=7)
    page.keyboard.press("a")
    expect(said(page)).to_contain_text("AURA1000 angle was decided while you looked at it")
    assert Frame.objects.get(pk=frame.pk).state == State.EXCEPTION


def test_what_is_painted_undone_and_saved_is_on_the_disk_exactly_so(page, sign_in_as, frame):
    sign_in_as("operator")
    page.keyboard.press("e")
    stroke(page, (100, 100), (300, 100))
    stroke(page, (100, 900), (300, 900))
    assert opacity_at(page, (200, 100)) == opacity_at(page, (200, 900)) == 255
    page.keyboard.press("Control+z")
    settled(page)
    assert opacity_at(page, (200, 900)) == 0
    page.keyboard.press("d")
    stroke(page, (700, 525), (760, 525))
    size = page.locator(".wb-size").inner_text()
    page.keyboard.press("Enter")
    expect(said(page)).to_contain_text("Saved")
    assert size == "40 px"
    kept = Override.objects.get()
    assert (kept.by, [stroke["tool"] for stroke in kept.strokes]) == ("operator", ["brush", "erase"])
    before, after = stored_alpha(frame, 1), stored_alpha(frame, 2)
    painted, erased = (distance_from(stroke["points"], before.shape) for stroke in kept.strokes)
    assert np.ptp(np.abs(painted - distance_from([(100, 100), (300, 100)], before.shape))) < 4  # a pixel of the screen
    assert (after[painted < 19] == 255).all() and (after[erased < 19] == 0).all()
    untouched = (painted > 21) & (erased > 21)
    assert (after[untouched] == before[untouched]).all()


def distance_from(points: list[tuple[float, float]], shape: tuple[int, ...]) -> np.ndarray:
    """Of each pixel from a level stroke."""
    (x0, y0), (x1, _) = points[0], points[-1]
    y, x = (axis + 0.5 for axis in np.indices(shape))
    return np.hypot(x - np.clip(x, x0, x1), y - y0)


def test_a_stroke_redraws_its_own_box_and_nothing_else(page, sign_in_as, frame):
    sign_in_as("operator")
    page.keyboard.press("e")
    settled(page)
    page.evaluate(SPY)
    start, end = (page.evaluate(SCREEN, place) for place in ((100, 100), (160, 110)))
    page.mouse.move(*start)
    page.evaluate("window.calls = []")
    page.mouse.down()
    page.mouse.move(*end, steps=10)
    calls = page.evaluate("window.calls")
    page.mouse.up()
    assert {name for name, _ in calls} <= {
        *("save", "restore", "beginPath", "rect", "clip", "moveTo", "lineTo", "stroke", "createPattern")
    }
    boxes = [given for name, given in calls if name == "rect"]
    assert len(boxes) >= 10
    assert all(width < 70 and height < 70 for _, _, width, height in boxes)  # a tenth of the way, and the brush


def test_a_click_fills_a_hole_and_can_be_taken_back(page, sign_in_as, frame):
    sign_in_as("operator")
    page.keyboard.press("d")
    stroke(page, (700, 525), (720, 525))
    assert opacity_at(page, (710, 525)) == 0
    page.keyboard.press("f")
    page.mouse.click(*page.evaluate(SCREEN, [710, 525]))
    page.wait_for_function("() => !document.querySelector('#view').hasAttribute('data-asking')")
    settled(page)
    assert opacity_at(page, (710, 525)) == 255
    page.mouse.click(*page.evaluate(SCREEN, [50, 50]))
    expect(said(page)).to_contain_text("open to the outside")
    page.keyboard.press("Control+z")
    settled(page)
    assert opacity_at(page, (710, 525)) == 0


def test_what_is_made_while_the_frame_is_looked_at_comes_to_be_chosen(page, sign_in_as, frame):
    sign_in_as("operator")
    settled(page)
    expect(page.get_by_text("More to choose from in a moment")).to_be_visible()
    page.get_by_role("button", name="as it is").focus()
    for ending in ("png", "webp"):
        name = naming.work_key(frame.pk, 1, f"alternative-closer.{ending}")
        object_store.save_work(name, pictures()[f"alternative-relit.{ending}"])
    LaterMatte.objects.create(scorecard=frame.card, rung="closer", confidence=0.1)
    expect(page.get_by_role("button", name="closer look")).to_be_visible()
    expect(page.get_by_text("More to choose from in a moment")).to_have_count(0)
    expect(page.locator("#announced")).to_have_text("More to choose from: 3 closer look")
    expect(page.get_by_role("button", name="as it is")).to_be_focused()
    page.keyboard.press("3")
    expect(page.locator('[data-rung="closer"]')).to_have_attribute("aria-pressed", "true")


def test_an_alternative_is_chosen_by_its_number_and_published(page, sign_in_as, frame):
    sign_in_as("operator")
    best = page.get_by_role("button", name="weak contrasts raised")
    expect(best).to_contain_text("best guess")
    assert opacity_at(page, (1150, 525)) == 0
    page.keyboard.press("1")
    settled(page)
    expect(best).to_have_attribute("aria-pressed", "true")
    assert opacity_at(page, (1150, 525)) == 255
    page.keyboard.press("a")
    expect(said(page)).to_contain_text("approved")
    expect(page.get_by_role("heading", name="All clear")).to_be_visible()
    frame.refresh_from_db()
    assert (frame.state, frame.attempt) == (State.APPROVED, 2)
    assert (stored_alpha(frame, 2) == stored_alpha(frame, 1, "alternative-relit.png")).all()


def test_the_last_decisions_are_taken_back_one_by_one(page, sign_in_as, services):
    frames = [doubtful_frame(f"AURA{n}") for n in range(3)]
    sign_in_as("operator")
    for key in ("a", "r"):
        before = shown(page)
        page.keyboard.press(key)
        wait_for_another(page, before)
    expect(said(page)).to_contain_text("sent back")
    for wanted in (frames[1].pk, frames[0].pk):
        page.keyboard.press("u")
        page.wait_for_function("wanted => Number(document.body.dataset.frame) === wanted", arg=wanted)
    assert set(Frame.objects.values_list("state", flat=True)) == {State.EXCEPTION}


def test_arrows_look_ahead_and_back_without_deciding(page, sign_in_as, services):
    frames = [doubtful_frame(f"AURA{n}") for n in range(3)]
    sign_in_as("operator")
    for key, wanted in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("ArrowLeft", 0)):
        page.keyboard.press(key)
        page.wait_for_function("wanted => Number(document.body.dataset.frame) === wanted", arg=frames[wanted].pk)
    assert not Decision.objects.exists()


def test_an_empty_queue_says_so_and_fills_by_itself(page, sign_in_as, services):
    sign_in_as("operator")
    expect(page.get_by_role("heading", name="All clear")).to_be_visible()
    expect(page.get_by_text("reviewed by you today")).to_be_visible()
    doubtful_frame("AURA1000")
    expect(page.get_by_role("heading", name="AURA1000 · angle")).to_be_visible(timeout=12_000)


def test_a_reason_leads_to_its_place_arms_nothing_and_another_frame_is_seen_whole(page, sign_in_as, services):
    doubtful_frame("AURA1"), doubtful_frame("AURA2")
    sign_in_as("operator")
    page.get_by_role("button", name="Faint remains around the product").click()
    settled(page)
    middle = [(PLACE[0] + PLACE[2]) / 2, (PLACE[1] + PLACE[3]) / 2]
    box = page.locator("#view").bounding_box()
    at = page.evaluate(SCREEN, middle)
    assert at == pytest.approx([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2], abs=2)
    expect(page.get_by_role("toolbar", name="Tools")).to_be_hidden()  # who pans paints nothing
    page.keyboard.press("e")
    expect(page.get_by_role("button", name="Erase D")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    page.mouse.move(*at)
    page.mouse.wheel(0, -300)
    settled(page)
    assert page.evaluate(SCREEN, middle) == pytest.approx(at, abs=1)
    zoom, before = page.locator("#zoom").inner_text(), shown(page)
    page.keyboard.press("a")
    wait_for_another(page, before)
    settled(page)
    assert page.locator("#zoom").inner_text() != zoom
    corner = page.evaluate(SCREEN, [0, 0])
    assert corner[0] >= box["x"] and corner[1] >= box["y"]
    expect(page.locator("#announced")).to_contain_text("AURA2 angle: faint remains around the product")


def test_no_key_decides_while_somebody_types_or_a_dialog_is_open(page, sign_in_as, frame):
    sign_in_as("operator")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("reprocess")
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    page.evaluate("document.querySelector('#panel').append(document.createElement('textarea'))")
    page.locator("#panel textarea").press_sequentially("arx7")
    assert not Decision.objects.exists()


def test_space_after_a_key_compares_and_decides_nothing(page, sign_in_as, services):
    frames = [doubtful_frame(f"AURA{n}") for n in range(3)]
    sign_in_as("operator")
    wait_for_next(page)
    page.get_by_role("button", name="Approve").focus()
    page.keyboard.press("a")
    assert wait_for_another(page, frames[0].pk) == frames[1].pk
    expect(said(page)).to_contain_text("AURA0 angle approved")
    page.keyboard.press("Space")
    settled(page)
    assert shown(page) == frames[1].pk and Decision.objects.count() == 1


def test_single_characters_can_be_switched_off_and_stay_off(page, sign_in_as, frame):
    sign_in_as("operator")
    page.keyboard.press("?")
    page.get_by_role("checkbox", name="Letters, digits and signs act at once").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    wait_for_next(page)
    page.keyboard.type("ax1?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert not Decision.objects.exists()
    page.get_by_role("button", name="Approve").click()
    wait_for(Decision.objects.exists, 10)


def test_all_files_can_be_seen_before_they_are_published(page, sign_in_as, services):
    doubtful_frame("AURA1000", **bridge_fields())
    sign_in_as("operator")
    page.keyboard.press("v")
    figures = page.locator("#files figure")
    expect(figures).to_have_count(8)
    for image in figures.locator("img").all():
        assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0


# --- many at once, and wrong roles ------------------------------------------------------------------


def test_many_are_decided_from_the_list_and_taken_back_at_once(page, sign_in_as, services):
    for number in range(3):
        doubtful_frame(f"AURA{number}")
    sign_in_as("operator")
    page.goto("/admin/review/queueitem/?reason=haze")
    page.get_by_role("checkbox", name="Select all").first.check(force=True)
    page.locator("select[name=action]").select_option("reject")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("rejected: it needs a new photo")).to_be_visible()
    assert set(Frame.objects.values_list("state", flat=True)) == {State.REJECTED}
    page.get_by_role("button", name="Take back the last").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(3)
    assert set(Frame.objects.values_list("state", flat=True)) == {State.EXCEPTION}


def test_an_uploader_is_told_that_the_workbench_is_not_for_them(page, sign_in_as, frame):
    sign_in_as("uploader")
    answer = page.goto("/workbench/")
    assert answer.status == 403
    expect(page.get_by_role("heading", name="This page is not for your role")).to_be_visible()
