"""The pages in a real browser, before real servers; no worker runs."""

import django_rq
import pytest
from playwright.sync_api import expect

from pipeline.models import Frame
from pipeline.states import State
from tests.browser.conftest import IN_A_BROWSER, SAMPLE, doubtful_frame

pytestmark = IN_A_BROWSER


def test_an_operator_approves_a_frame_and_it_leaves_the_queue(page, sign_in_as, frame):
    sign_in_as("operator")
    page.get_by_role("link", name="AURA1000").click()
    for picture in ("Photo of AURA1000 angle", "Cut-out of AURA1000 angle on a checkerboard"):
        image = page.get_by_role("img", name=picture, exact=True)
        expect(image).to_be_visible()
        assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    expect(page.get_by_text("Faint remains around the product")).to_be_visible()

    page.get_by_role("button", name="Approve").click()

    expect(page.get_by_role("heading", name="All clear")).to_be_visible()
    frame.refresh_from_db()
    assert frame.state == State.APPROVED
    assert django_rq.get_queue("publish").count == 1


@pytest.mark.parametrize("pause", [80, 150, 250, 400])
def test_a_double_click_decides_one_frame_only(page, sign_in_as, frame, pause):
    unseen = doubtful_frame("AURA1001")
    sign_in_as("operator")
    page.get_by_role("link", name="AURA1000").click()
    page.wait_for_timeout(1000)  # the operator looks at the frame
    box = page.get_by_role("button", name="Approve").bounding_box()
    for _ in range(2):
        page.mouse.click(box["x"] + 20, box["y"] + 10)
        page.wait_for_timeout(pause)
    expect(page.get_by_text("AURA1001 angle").first).to_be_visible()
    page.wait_for_timeout(500)
    frame.refresh_from_db()
    unseen.refresh_from_db()
    assert (frame.state, unseen.state) == (State.APPROVED, State.EXCEPTION)


def test_a_page_of_another_role_says_so_in_words(page, sign_in_as):
    sign_in_as("operator")
    answer = page.goto("/admin/figures/")
    assert answer.status == 403
    expect(page.get_by_role("heading", name="This page is not for your role")).to_be_visible()
    page.get_by_role("link", name="Back to Mattegate").click()
    expect(page.get_by_role("heading", name="All clear")).to_be_visible()


def test_an_uploader_reads_which_photo_was_rejected_and_why(page, sign_in_as):
    sign_in_as("uploader")
    photo = SAMPLE.read_bytes()
    page.locator("#photos").set_input_files(
        [
            {"name": "AURA1000_2.jpg", "mimeType": "image/jpeg", "buffer": photo},
            {"name": "IMG4711.jpg", "mimeType": "image/jpeg", "buffer": photo},
        ]
    )
    page.get_by_role("button", name="Upload 2 photos").click()

    expect(page.get_by_role("heading", name="Everything is sent")).to_be_visible()
    expect(page.locator("[data-count=taken]")).to_have_text("1")
    expect(page.locator("#rejections li")).to_contain_text("IMG4711.jpg: no view number after an underscore; expected")
    assert Frame.objects.get().filename == "AURA1000_2.jpg"
    page.get_by_role("link", name="See the batch").click()
    expect(page.get_by_text("AURA1000", exact=True)).to_be_visible()
