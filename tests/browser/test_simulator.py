"""A manager moves a threshold by keys, sees what changes, and puts it in shadow."""

import re

from playwright.sync_api import expect

from pipeline import naming
from pipeline.engines import object_store
from pipeline.models import GatePolicy
from tests.browser.conftest import IN_A_BROWSER, pictures
from tests.factories import judged, label, policy

pytestmark = IN_A_BROWSER


def stored(row):
    """Twenty frames, from sure to doubtful, each with its cut-out."""
    for n in range(20):
        card = judged(n, row, haze=0.3 + n / 30)
        label(card, bad=n > 15)
        object_store.save_work(naming.work_key(card.frame_id, 1, "cutout_thumb.webp"), pictures()["thumb.webp"])


def test_keys_move_the_threshold_and_it_is_put_in_shadow(page, sign_in_as, services):
    row = policy(is_active=True)
    stored(row)
    sign_in_as("manager")
    page.goto("/admin/policies/")
    page.get_by_role("link", name="Try other thresholds").click()
    slider = page.get_by_role("slider")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^0\.50: .*of 20\) held by the gate"))
    review = page.get_by_role("row", name="Held by the gate at the first look").get_by_role("cell")
    before = review.nth(1).inner_text()
    expect(review.nth(0)).to_have_text(before)
    expect(page.get_by_role("heading", name="Would be sent to review: 0")).to_be_visible()
    slider.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^0\.80: "))
    expect(page.get_by_label("Publish from a confidence of")).to_have_value("0.80")
    expect(review.nth(0)).to_have_text(before)
    expect(review.nth(1)).not_to_have_text(before)
    tiles = page.locator("#held").get_by_role("listitem")
    expect(tiles.first).to_be_visible()
    assert tiles.count() == int(page.locator("#count-held").inner_text()) > 0
    page.wait_for_function("() => [...document.querySelectorAll('#held img')].every(image => image.naturalWidth > 0)")
    page.keyboard.press("Home")
    expect(page.locator("#held").get_by_role("listitem")).to_have_count(0)
    expect(page.locator("#published").get_by_role("listitem").first).to_be_visible()
    for _ in range(39):
        page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Put this in shadow").click()
    expect(page.get_by_text("edited v1 runs in shadow from the next frame on.")).to_be_visible()
    made = GatePolicy.objects.get(in_shadow=True)
    assert made.copied_from == row and set(made.document["thresholds"]["watch"].values()) == {0.4}


def test_a_threshold_is_typed_beside_the_slider(page, sign_in_as, services):
    row = policy(is_active=True)
    stored(row)
    sign_in_as("manager")
    page.goto(f"/admin/policies/{row.pk}/thresholds/")
    field, slider = page.get_by_label("Publish from a confidence of"), page.get_by_role("slider")
    expect(field).to_have_value("0.50")
    field.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type(".704")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^0\.70: "))
    page.keyboard.press("Tab")  # to the slider, which goes on from there
    expect(field).to_have_value("0.70")
    page.keyboard.press("ArrowRight")
    expect(field).to_have_value("0.71")
    field.fill("")
    slider.focus()
    expect(field).to_have_value("0.71")  # nothing is no threshold
    field.fill("0.7")
    page.get_by_role("button", name="Put this in shadow").click()
    expect(page.get_by_text("edited v1 runs in shadow from the next frame on.")).to_be_visible()
    assert set(GatePolicy.objects.get(in_shadow=True).document["thresholds"]["watch"].values()) == {0.7}


def test_a_draft_is_edited_view_by_view(page, sign_in_as, services):
    row = policy(is_active=True)
    stored(row)
    sign_in_as("manager")
    page.goto(f"/admin/policies/{row.pk}/")
    page.get_by_role("button", name="Copy to a draft").click()
    expect(page.get_by_role("heading", name="Other thresholds: edited v1")).to_be_visible()
    page.get_by_label("Threshold of").select_option(label="Eyewear front")
    page.get_by_role("slider").press("ArrowLeft")
    page.get_by_role("button", name="Save in the draft").click()
    expect(page.get_by_role("row", name="Eyewear front 0.5 0.49")).to_be_visible()
    expect(page.get_by_label("Threshold of")).to_have_value("eyewear front")
    expect(page.get_by_role("row", name="Eyewear side 0.5 0.5", exact=True)).to_be_visible()
    page.get_by_role("button", name="Put this in shadow").click()
    expect(page.get_by_text("edited v1 runs in shadow from the next frame on.")).to_be_visible()
    assert GatePolicy.objects.get(in_shadow=True).document["thresholds"]["eyewear"]["front"] == 0.49
