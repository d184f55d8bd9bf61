"""A manager reads the figures: a period that is remembered, a chart as a table by keys, the frames behind a figure,
a spreadsheet, and the week on one sheet."""

import csv
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from pipeline.models import Frame
from review.management.history.seeding import seed_history
from tests.browser.conftest import IN_A_BROWSER

pytestmark = IN_A_BROWSER


@pytest.fixture
def figures(page, sign_in_as, services):
    """The page, over half a year of made-up work."""
    sign_in_as("manager")
    seed_history(600, 1, timezone.now().replace(minute=0, second=0, microsecond=0))
    page.set_default_timeout(60_000)
    page.goto("/admin/figures/")
    return page


def test_the_period_and_a_filter_are_asked_for_and_the_period_is_remembered(figures):
    figures.locator("select[name=period]").select_option(label="Last 90 days")
    figures.locator("select[name=product_class]").select_option(label="Watch")
    figures.get_by_role("button", name="Show", exact=True).click()
    expect(figures.locator("select[name=product_class]")).to_have_value("watch")
    expect(figures.get_by_role("heading", name="By class")).to_be_visible()
    expect(figures.locator("#product-class").get_by_role("row")).to_have_count(2)  # its head, and watches
    figures.goto("/admin/figures/")
    expect(figures.locator("select[name=period]")).to_have_value("90")
    expect(figures.locator("select[name=product_class]")).to_have_value("")


def test_a_chart_is_drawn_and_by_keys_it_is_a_table(figures):
    chart = figures.locator("#day canvas")
    figures.wait_for_function("() => Chart.getChart(document.querySelector('#day canvas'))")
    expect(chart).to_have_attribute("aria-label", "Share sent to review, by day; the same is in the table below")
    table = figures.locator("#day table")
    expect(table).to_be_hidden()
    figures.locator("#day summary").focus()
    figures.keyboard.press("Enter")
    expect(table).to_be_visible()
    figures.keyboard.press("Tab")
    expect(table.get_by_role("link").first).to_be_focused()
    figures.locator("#day summary").press("Enter")
    expect(table).to_be_hidden()


def test_a_figure_leads_to_the_very_frames_behind_it(figures):
    answer = figures.locator(".mg-answers li", has_text="Sent to review").first
    sent = Frame.objects.filter(
        was_exception=True, processed_at__gte=timezone.localtime().replace(hour=0, minute=0) - timedelta(days=29)
    ).count()
    expect(answer).to_contain_text(f"{sent} of ")
    answer.get_by_role("link").click()
    expect(figures.get_by_role("heading", name=f"Frames {sent} results")).to_be_visible()


def test_a_table_comes_as_a_spreadsheet_and_operators_agreement_with_it(figures):
    figures.locator("select[name=period]").select_option(label="Last 90 days")
    figures.get_by_role("button", name="Show", exact=True).click()
    with figures.expect_download() as coming:
        figures.get_by_role("link", name="Do two people say the same? as CSV").click()
    assert coming.value.suggested_filename.startswith("agreement_")
    with Path(coming.value.path()).open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))
    assert rows[0][:4] == ["What two people said", "Photos", "of", "Share"] and rows[1][0] == "Agreed"
    assert rows[0][4:] == ["95 % interval, low", "95 % interval, high"]


def test_the_weekly_report_is_one_sheet_of_paper(figures):
    figures.get_by_role("link", name="Last week on one sheet").click()
    expect(figures.locator(".mg-sheet h1")).to_contain_text("Week")
    figures.evaluate(
        """() => document.querySelectorAll(".mg-sheet tbody").forEach((rows, table) => {
             while (rows.rows.length < [7, 5, 5, 7, 5, 6][table]) rows.append(rows.rows[0].cloneNode(true));
           })"""
    )  # as in a week when every table is full
    printed = figures.pdf(prefer_css_page_size=True)
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") == 1
    figures.emulate_media(media="print")
    expect(figures.get_by_text("Print this page")).to_be_hidden()
    expect(figures.get_by_role("heading", name="Operators")).to_be_visible()


def test_the_list_of_batches_fits_a_wide_screen_with_a_box_ticked(figures):
    figures.set_viewport_size({"width": 1440, "height": 1000})
    figures.goto("/admin/pipeline/batch/")
    figures.locator("#result_list input[type=checkbox]").nth(1).check()
    expect(figures.get_by_text("selected")).to_be_visible()
    around = figures.locator(".simplebar-content-wrapper:has(#result_list)")
    assert around.evaluate_all("all => all.map(one => one.scrollWidth - one.clientWidth)") == [0]
