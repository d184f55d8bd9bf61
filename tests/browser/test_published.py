"""The life of a frame after its publication, as a manager leads it; and what its history says that people did."""

import io
import zipfile
from http import HTTPStatus

import pytest
from django.contrib.auth.models import User
from PIL import Image
from playwright.sync_api import Page, expect

from pipeline import jobs
from pipeline.engines import object_store
from pipeline.models import Frame
from pipeline.shop import publish
from pipeline.states import State
from review.queue import decisions
from tests.browser.conftest import IN_A_BROWSER, doubtful_frame
from tests.browser.looking import said, stroke
from tests.factories import bridge_fields
from tests.services import bucket_of

pytestmark = IN_A_BROWSER
FOUND = 716.25


@pytest.fixture
def published(services):
    """An angled pair that an operator approved, with all of its eight files."""
    frame = doubtful_frame("AURA1000", **bridge_fields(bridge_x=FOUND))
    decisions.decide("approve", frame, frame.version, User.objects.create_user("olga"))
    Frame.objects.update(not_before=None)
    publish.run(frame.pk)
    frame.refresh_from_db()
    assert frame.state == State.PUBLISHED
    return frame


def look_at(page: Page, frame: Frame) -> None:
    page.goto(f"/admin/pipeline/frame/{frame.pk}/change/")


def in_bucket() -> set[str]:
    return {item.key for item in bucket_of("published").objects.all()}


def say(page: Page, what: str, why: str) -> None:
    page.get_by_label("Why").fill(why)
    page.get_by_role("button", name=what).click()


def test_a_file_that_is_opened_is_shown_without_a_word_about_our_policy(page, sign_in_as, published):
    complaints: list[str] = []
    page.on("console", lambda told: complaints.append(told.text) if "Policy" in told.text else None)
    sign_in_as("manager")
    look_at(page, published)
    page.get_by_role("link", name=f"Open {published.renditions.first().name}").click()
    page.wait_for_function("() => document.images[0]?.naturalWidth > 0")
    assert not complaints


def test_every_file_is_a_picture_with_its_format_and_size_and_all_come_in_one_zip(page, sign_in_as, published):
    sign_in_as("manager")
    look_at(page, published)
    shop = page.get_by_label("In the shop")
    for file in published.renditions.all():
        tile = shop.get_by_role("listitem").filter(has=page.get_by_label(f"Download {file.name}"))
        image = tile.get_by_role("img")
        image.scroll_into_view_if_needed()
        page.wait_for_function("image => image.naturalWidth > 0", arg=image.element_handle())
        with Image.open(io.BytesIO(object_store.load_published(file.key))) as picture:
            width, height = picture.size
        assert image.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [width, height]
        expect(tile).to_contain_text(f"{width} × {height} px")
        expect(tile).to_contain_text(file.extension.upper())
    with page.expect_download() as download:
        shop.get_by_role("link", name="Download all").click()
    assert download.value.suggested_filename == "AURA1000_2.zip"
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        found = {name: archive.read(name) for name in archive.namelist()}
    assert found == {file.name: object_store.load_published(file.key) for file in published.renditions.all()}
    assert len(found) == 8


def test_a_copied_link_opens_the_picture_for_somebody_without_an_account(page, sign_in_as, published):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in_as("manager")
    look_at(page, published)
    page.get_by_label("Copy a link to AURA1000_2_white.jpg").click()
    expect(page.locator(".mg-copied")).to_contain_text("Copied")
    link = page.evaluate("navigator.clipboard.readText()")
    stranger = page.context.browser.new_context()
    answer = stranger.request.get(link)
    assert answer.body() == object_store.load_published("AURA1000/AURA1000_2_white.jpg")
    say(page, "Withdraw", "sold out")
    expect(page.get_by_text("being taken out of the shop")).to_be_visible()
    assert stranger.request.get(link).status == HTTPStatus.NOT_FOUND


def test_without_a_clipboard_the_link_is_there_to_be_copied(page, sign_in_as, published):
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    sign_in_as("manager")
    look_at(page, published)
    page.get_by_label("Copy a link to AURA1000_2_white.jpg").click()
    expect(page.get_by_label("Link to copy")).to_be_focused()


def test_a_withdrawn_frame_leaves_the_shop_its_page_says_so_and_it_can_come_back(page, sign_in_as, published):
    sign_in_as("manager")
    look_at(page, published)
    say(page, "Withdraw", "sold out")
    expect(page.get_by_text("manager withdrew it: sold out")).to_be_visible()
    jobs.withdraw(published.pk)
    expect(page.get_by_role("heading", name="Withdrawn from the shop")).to_be_visible()
    assert in_bucket() == set()
    expect(page.locator(".mg-state")).to_have_text("withdrawn")
    expect(page.get_by_role("button", name="Withdraw")).to_have_count(0)
    say(page, "Review again", "back in stock")
    page.get_by_role("link", name="Review it").click()
    expect(page.get_by_role("heading", name="AURA1000")).to_be_visible()
    page.keyboard.press("a")
    expect(said(page)).to_contain_text("approved")
    Frame.objects.update(not_before=None)
    publish.run(published.pk)
    assert len(in_bucket()) == 9


def test_review_again_leaves_it_in_the_shop_until_an_operator_decides(page, sign_in_as, published):
    sign_in_as("manager")
    look_at(page, published)
    say(page, "Review again", "is the temple whole?")
    expect(page.get_by_text("Waits in the queue to be looked at again")).to_be_visible()
    assert len(in_bucket()) == 9
    page.goto(f"/workbench/?frame={published.pk}")
    expect(page.get_by_role("heading", name="AURA1000")).to_be_visible()
    expect(page.get_by_text("is the temple whole?")).to_have_count(0)
    page.keyboard.press("a")
    expect(said(page)).to_contain_text("approved")
    look_at(page, published)
    history = page.locator(".mg-timeline")
    expect(history).to_contain_text("to be looked at again: is the temple whole?")
    expect(history).to_contain_text("looked at after publication: good as it is")
    expect(page.get_by_role("button", name="Review again")).to_be_visible()
    assert Frame.objects.get().state == State.PUBLISHED


def told(page: Page, frame: Frame, words: str) -> None:
    """What the frame's history says, once the decision on it was made."""
    page.keyboard.press("a")
    expect(said(page)).to_contain_text("approved", timeout=30_000)  # an edit is saved first
    look_at(page, frame)
    expect(page.locator(".mg-timeline")).to_contain_text(words)


def work_on(page: Page, frame: Frame) -> None:
    page.goto(f"/workbench/?frame={frame.pk}")
    expect(page.locator(f"body[data-frame='{frame.pk}']")).to_be_visible()


def test_history_says_what_was_painted_chosen_and_moved(page, sign_in_as, services):
    """Of a choice, of a stroke on it, and of the bridge."""
    painted, chosen, moved = (doubtful_frame(f"AURA{n}", **bridge_fields(bridge_x=FOUND)) for n in (1, 2, 3))
    sign_in_as("manager")
    work_on(page, painted)
    page.keyboard.press("e")
    stroke(page, (FOUND, 100), (FOUND + 200, 100))
    told(page, painted, "Approved after painting (1 stroke)")
    work_on(page, chosen)
    page.keyboard.press("1")
    told(page, chosen, "Approved with the cut-out from raised contrasts")
    work_on(page, moved)
    page.keyboard.press("w")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowRight")
    told(page, moved, "Approved with the bridge moved by +31 px")
    page.goto("/workbench/")
    page.keyboard.press("u")
    expect(said(page)).to_contain_text("taken back")
    look_at(page, moved)
    expect(page.locator(".mg-timeline")).to_contain_text("Taken back: approved with the bridge moved by +31 px")
    work_on(page, moved)
    told(page, moved, "Approved with the bridge moved by +31 px")
