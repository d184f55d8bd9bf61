"""The pages in a real browser, before real servers; no worker runs."""

from playwright.sync_api import expect

from pipeline.models import Frame
from tests.browser.conftest import IN_A_BROWSER, SAMPLE

pytestmark = IN_A_BROWSER


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
