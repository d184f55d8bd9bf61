"""An admin copies a listing spec, sees what other values make of a photo, and saves a version that stays as it is."""

from playwright.sync_api import expect

from pipeline.models import Spec
from pipeline.shop import specs
from tests.browser.conftest import IN_A_BROWSER
from tests.pipeline.test_spec_pages import previewed  # noqa: F401

pytestmark = IN_A_BROWSER
SHOWN = "() => document.querySelector('img[alt=\"White picture\"]').naturalWidth === 480"


def test_names_are_shown_as_one_types_and_two_alike_are_told_first(page, sign_in_as, services, previewed):  # noqa: F811
    draft = specs.copy(Spec.objects.get(name="Amazon"))
    sign_in_as("admin")
    page.goto(f"/admin/specs/{draft.pk}/")
    names = page.locator("[data-names]")
    expect(names).to_contain_text("front, white, JPG")
    expect(names).to_contain_text("AURA1000_1_white.jpg")
    field = page.get_by_label("What files are called")
    field.fill("")
    field.press_sequentially("{code}.MAIN.{ext}")
    two_alike = "Two files would be called AURA1000.MAIN.jpg: front, white, JPG, and angle, white, JPG."
    expect(names).to_contain_text(two_alike)
    page.get_by_role("button", name="Keep the draft").click()
    expect(page.get_by_text("The draft is kept.")).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text=two_alike)).to_be_visible()
    expect(field).to_have_value("{code}.MAIN.{ext}")
    field.fill("{code}.MAIN-{number}.{ext}")
    expect(names).to_contain_text("AURA1000.MAIN-3.jpg")
    page.get_by_label("transparent, png").check()
    page.get_by_label("white, png").check()
    expect(names).to_contain_text("Two files would be called AURA1000.MAIN-1.png")
    page.get_by_label("white, png").uncheck()
    expect(names).to_contain_text("AURA1000.MAIN-1.png")
    page.wait_for_function(SHOWN)
    page.get_by_role("button", name="Keep the draft").click()
    expect(page.get_by_text("The draft is kept.")).to_be_visible()
    assert Spec.objects.get(pk=draft.pk).document["file_name"] == "{code}.MAIN-{number}.{ext}"


def test_a_spec_is_edited_previewed_saved_and_locked(page, sign_in_as, services, previewed):  # noqa: F811
    sign_in_as("admin")
    page.goto("/admin/specs/")
    page.get_by_role("link", name="Amazon v1").click()
    expect(page.get_by_label("Name")).to_be_disabled()
    page.get_by_role("button", name="Copy to a draft").click()
    page.wait_for_function(SHOWN)
    expect(page.get_by_alt_text("White picture")).to_be_visible()
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
