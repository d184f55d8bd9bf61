"""From the catalogue to a product and its files, by keys and by clicks."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from pipeline.models import Frame, Rejection
from pipeline.shop import publish
from pipeline.states import State
from review.queue import decisions
from tests.browser.conftest import IN_A_BROWSER, doubtful_frame
from tests.browser.looking import said
from tests.factories import bridge_fields, sold

pytestmark = IN_A_BROWSER


@pytest.fixture
def shop(services) -> None:
    """AURA1000 with an angled view of eight files and a front of five; BETA2 waits, GAMMA3 is to be reshot."""
    angle = doubtful_frame("AURA1000", **bridge_fields(bridge_x=716.25))
    decisions.decide("approve", angle, angle.version, User.objects.create_user("olga"))
    Frame.objects.update(not_before=None)
    publish.run(angle.pk)
    sold(angle.batch, "AURA1000")
    doubtful_frame("BETA2")
    asked = doubtful_frame("GAMMA3")
    Frame.objects.filter(pk=asked.pk).update(state=State.REJECTED)
    Rejection.objects.create(frame=asked, needs_photo=True, why="blurred", by="olga", at=timezone.now())


def saved(page: Page, name: str) -> Path:
    with page.expect_download() as download:
        page.get_by_role("link", name=name).click()
    return Path(download.value.path())


def test_from_the_catalogue_to_a_zip_whose_bytes_are_those_of_the_manifest(page, sign_in_as, shop):
    sign_in_as("manager")
    page.get_by_role("link", name="Products").click()
    expect(page.locator(".mg-tile")).to_have_count(3)
    page.keyboard.press("/")
    page.keyboard.type("aura")
    page.keyboard.press("Enter")
    expect(page.locator(".mg-tile")).to_have_count(1)
    expect(page.locator(".mg-tile")).to_contain_text("2 of 3 views, 13 of 18 files")
    [told] = json.loads(saved(page, "JSON").read_text())["products"]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="AURA1000")).to_be_visible()
    expect(page.get_by_label("Side", exact=True)).to_contain_text("no photo")
    with zipfile.ZipFile(saved(page, "Download all 13")) as archive:
        found = {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}
    assert found == {file["name"]: file["sha256"] for file in told["files"]} and len(found) == 13


def test_arrows_go_from_product_to_product_and_filters_stay_with_a_search(page, sign_in_as, shop):
    sign_in_as("manager")
    page.goto("/products/")
    tiles = page.get_by_role("list", name="Products").get_by_role("link")
    for key, at in (("ArrowRight", 0), ("ArrowRight", 1), ("ArrowLeft", 0), ("ArrowLeft", 0), ("ArrowRight", 1)):
        page.keyboard.press(key)
        expect(tiles.nth(at)).to_be_focused()
    page.set_viewport_size({"width": 390, "height": 800})
    page.keyboard.press("ArrowUp")
    expect(tiles.nth(1)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    expect(tiles.nth(2)).to_be_focused()
    page.get_by_role("link", name="To reshoot", exact=True).last.click()
    expect(page.locator(".mg-tile")).to_contain_text(["GAMMA3"])
    page.get_by_label("Product code").fill("g")
    page.keyboard.press("Enter")
    page.wait_for_url("**/products/?q=g&only=reshoot")
    expect(page.locator(".mg-tile")).to_have_count(1)


def test_a_copied_link_opens_its_picture_without_an_account(page, sign_in_as, shop, browser):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in_as("uploader")
    page.goto("/products/AURA1000/")
    page.get_by_label("Copy a link to AURA1000_2_half-glass.jpg").click()
    expect(said(page).filter(has_text="Copied")).to_be_in_viewport()
    link = page.evaluate("navigator.clipboard.readText()")
    stranger = browser.new_page()
    answer = stranger.goto(link)
    assert answer is not None and answer.headers["content-type"] == "image/jpeg"
