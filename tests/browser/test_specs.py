"""An admin copies a listing spec, sees what other values make of a photo, and saves a version that stays as it is."""

from playwright.sync_api import expect

from pipeline.models import Spec
from tests.browser.conftest import IN_A_BROWSER
from tests.pipeline.test_spec_pages import previewed  # noqa: F401

pytestmark = IN_A_BROWSER
SHOWN = "() => document.querySelector('img[alt=\"White picture\"]').naturalWidth === 480"


def test_a_spec_is_edited_previewed_saved_and_locked(page, sign_in_as, services, previewed):  # noqa: F811
    sign_in_as("admin")
    page.goto("/admin/specs/")
    page.get_by_role("link", name="Amazon v1").click()
    expect(page.get_by_label("Name")).to_be_disabled()
    page.get_by_role("button", name="Copy to a draft").click()
    page.wait_for_function(SHOWN)
    before = page.get_by_alt_text("White picture").get_attribute("src")
    page.get_by_label("Name").fill("Winter")
    page.get_by_label("fills, per cent").fill("70")
    page.get_by_role("group", name="House look").get_by_label("Backdrop’s lightness").fill("92.5")
    expect(page.get_by_alt_text("White picture")).not_to_have_attribute("src", before)
    page.wait_for_function(SHOWN)
    assert "fill=70" in page.get_by_alt_text("White picture").get_attribute("src")
    page.get_by_role("button", name="Keep the draft").click()
    expect(page.get_by_text("The draft is kept.")).to_be_visible()
    page.get_by_role("button", name="Save as a version").click()
    expect(page.get_by_role("heading", name="Saved version")).to_be_visible()
    expect(page.get_by_label("Name")).to_be_disabled()
    expect(page.get_by_role("button", name="Keep the draft")).to_have_count(0)
    saved = Spec.objects.get(name="Winter", is_offered=True)
    assert saved.document["fill"] == 0.7 and saved.document["look"] == {"lightness": 92.5} and not saved.is_draft
