"""A batch's page in a browser: the bar's segments and their words, and what changes by itself."""

import pytest
from playwright.sync_api import Page, expect

from pipeline.models import Batch, Frame
from pipeline.states import SEGMENT_OF, Segment, State
from pipeline.words import SEGMENT_WORDS
from tests.browser.conftest import IN_A_BROWSER, sign_in

pytestmark = IN_A_BROWSER
PHOTOS = {State.PUBLISHED: 2, State.EXCEPTION: 7, State.REJECTED: 2}


@pytest.fixture
def batch(services) -> Batch:
    """Published twice, waiting for review seven times, and one photo in every other state."""
    batch = Batch.objects.create(name="Spring drop")
    for state in State:
        for number in range(PHOTOS.get(state, 1)):
            add(batch, state, f"{state.value.upper()}{number}")
    return batch


def add(batch: Batch, state: State, code: str, **fields) -> Frame:
    return Frame.objects.create(
        batch=batch, filename=f"{code}_1.jpg", code=code, view="front", sha256=code, state=state, **fields
    )


def open_batch(page: Page, batch: Batch, role: str = "uploader") -> None:
    sign_in(page, role)
    Batch.objects.filter(pk=batch.pk).update(created_by=None)
    page.goto(f"/admin/pipeline/batch/{batch.pk}/change/")


def legend(page: Page) -> dict[str, int]:
    """Each segment that the list beside the bar names, and its number."""
    rows = page.get_by_role("list", name="Photos by how far they are").get_by_role("link").all_inner_texts()
    told = [row.split("\n", 1) for row in rows]
    return {words.strip(): int(number) for number, words in told}


def widths(page: Page) -> dict[str, float]:
    return page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('#progress .mg-segments rect')]
          .map((rect) => [rect.dataset.segment, rect.getBoundingClientRect().width]))"""
    )


@pytest.mark.parametrize("role", ["uploader", "manager"])
def test_a_photo_in_every_state_is_told_once_in_words_numbers_and_the_bar(role, page, batch):
    open_batch(page, batch, role)
    told = legend(page)
    total = told.pop("photos in all")
    assert sum(told.values()) == total == batch.frames.exclude(state=State.REMOVED).count()
    assert (told["published"], told["waiting for review"], told["rejected"], told["unreadable"]) == (2, 7, 2, 1)
    assert set(told) == set(SEGMENT_WORDS.values())
    drawn = widths(page)
    assert set(drawn) == {segment.value for segment in Segment}
    bar = page.locator("#progress .mg-segments").bounding_box()
    assert sum(drawn.values()) == pytest.approx(bar["width"], rel=0.01)
    assert drawn["review"] / drawn["published"] == pytest.approx(7 / 2, rel=0.01)


def test_the_list_of_batches_says_the_same(page, batch):
    open_batch(page, batch)
    told = legend(page)
    page.goto("/admin/pipeline/batch/")
    for words in SEGMENT_WORDS.values():
        expect(page.locator(".mg-how-far")).to_contain_text(f"{told[words]} {words}")


def test_what_workers_and_people_do_is_told_without_a_reload_and_the_focus_stays(page, batch):
    open_batch(page, batch)
    page.evaluate("window.isSamePage = true")
    link = page.get_by_role("link", name="7 waiting for review")
    link.focus()
    waiting = Frame.objects.filter(batch=batch, state=State.EXCEPTION)
    Frame.objects.filter(pk__in=waiting.values_list("pk", flat=True)[:3]).update(state=State.PUBLISHED)
    expect(page.get_by_role("link", name="5 published")).to_be_visible()
    expect(page.get_by_role("link", name="4 waiting for review")).to_be_focused()
    assert page.evaluate("window.isSamePage")


def test_when_only_people_are_waited_for_the_page_says_so_and_when_all_is_done_too(page, batch):
    moving = [state for state, segment in SEGMENT_OF.items() if segment in (Segment.WORKING, Segment.IN_LINE)]
    open_batch(page, batch)
    batch.frames.filter(state__in=moving).update(state=State.PUBLISHED)
    expect(page.get_by_text("7 photos wait for a person’s review.")).to_be_visible()
    batch.frames.filter(state=State.EXCEPTION).update(state=State.PUBLISHED)
    expect(page.get_by_text("Nothing is left to do here.")).to_be_visible(timeout=20_000)


def test_a_segment_is_opened_by_keyboard_and_stays_open_while_the_page_asks_again(page, batch):
    open_batch(page, batch)
    page.get_by_role("link", name="1 unreadable").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".mg-tile")).to_have_count(1)
    expect(page.locator(".mg-tile")).to_contain_text("UNREADABLE0")
    expect(page.locator(".mg-tile .mg-state")).to_have_text("unreadable")
    with page.expect_response(lambda answer: "progress" in answer.url):
        pass
    expect(page.locator(".mg-tile")).to_have_count(1)
    expect(page.get_by_role("link", name="1 unreadable")).to_have_attribute("aria-current", "true")
