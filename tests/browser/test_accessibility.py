"""Every page by axe-core, in the role that sees most of it: no violation of WCAG 2.2 AA in any theme or width."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, ViewportSize

from pipeline.models import Batch, Frame, GatePolicy, Rejection, Spec, WebhookEndpoint
from pipeline.shop import specs
from pipeline.states import State
from review.models import Claim
from tests.browser.conftest import IN_A_BROWSER, doubtful_frame
from tests.browser.looking import settled
from tests.factories import bridge_fields
from tests.pipeline.conftest import photo

AXE = settings.BASE_DIR / "node_modules" / "axe-core" / "axe.min.js"
pytestmark = [*IN_A_BROWSER, pytest.mark.skipif(not AXE.exists(), reason="axe-core is not there: npm ci")]

# So high that what sticks to the bottom of a phone covers nothing by the chance of how far one has scrolled.
THEMES = ("light", "dark")
SIZES: tuple[ViewportSize, ...] = ({"width": 1440, "height": 900}, {"width": 390, "height": 3000})
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OF_COLOURS = ["color-contrast", "link-in-text-block"]
"""All that a theme changes."""
RUN = """async ([levels, rules]) => {
  const all = { runOnly: { type: "tag", values: levels }, rules: { "target-size": { enabled: true } } };
  const what = rules.length ? { runOnly: { type: "rule", values: rules } } : all;
  const { violations } = await axe.run({ ...what, resultTypes: ["violations"] });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, any, all, none }) =>
    `${id}: ${target.flat().join(" ")} (${[...any, ...all, ...none].map(({ message }) => message).join("; ")})`));
}"""
LISTS = ["pipeline/batch/", "pipeline/frame/?o=1", "review/queueitem/", "auth/user/", "accounts/serviceaccount/"]
LISTS += ["accounts/accessevent/", "pipeline/webhookendpoint/", "pipeline/webhookdelivery/"]
FORMS = ["pipeline/batch/add/", "auth/user/add/", "accounts/serviceaccount/add/", "pipeline/webhookendpoint/add/"]
FORMS += ["password_change/", "auth/user/{user}/change/"]
PAGES = [
    "pipeline/batch/{batch}/change/",
    "pipeline/frame/{frame}/change/",
    "pipeline/frame/{failed}/change/",
    "reshoot/",
    "../products/",
    "../products/?q=nothing",
    "../products/AURA1000/",
    "specs/",
    "specs/{spec}/",
    "specs/{draft}/",
]
PAGES += [
    "figures/",
    "figures/report/",
    "glossary/",
    "policies/",
    "policies/{policy}/",
    "policies/{policy}/thresholds/",
    "operations/",
]
PAGES += ["nowhere/"]
WORKBENCH = ["../workbench/?frame={failed}", "../workbench/?frame={held}"]
ADDRESSES = [*LISTS, *FORMS, *PAGES, *WORKBENCH]
# Where another role's page has other parts than the admin's.
OTHERWISE = {
    "operator": ["review/queueitem/", "pipeline/batch/{batch}/change/", "../workbench/?frame={frame}"],
    "uploader": ["pipeline/batch/", "pipeline/batch/{batch}/change/", "reshoot/", "../products/"],
}
DIALOGS = {"x": "#reject", "n": "#rename", "?": "#keys"}


def failed_frame() -> Frame:
    about = {"filename": "BETA2_1.jpg", "code": "BETA2", "view": "front", "sha256": "failed", "cause": "it is cut off"}
    return Frame.objects.create(
        batch=Batch.objects.get(),
        state=State.EXCEPTION,
        reasons=["attempts-spent"],
        has_failed=True,
        attempt=3,
        **about,
    )


def rejected_frame() -> None:
    frame = doubtful_frame("GAMMA3")
    Frame.objects.filter(pk=frame.pk).update(state=State.REJECTED)
    Rejection.objects.create(frame=frame, needs_photo=True, why="blurred", by="olga", at=timezone.now())


@pytest.fixture
def names(services: None) -> dict[str, Any]:
    """What pages are about: something of all that they can show."""
    frame = doubtful_frame("AURA1000", **bridge_fields())
    held, failed = doubtful_frame("AURA1001"), failed_frame()
    Claim.objects.create(frame=held, by="oskar", until=timezone.now() + timedelta(hours=1))
    rejected_frame()
    WebhookEndpoint.objects.create(url="https://example.org/hook")
    spec = Spec.objects.get(name="Amazon", is_offered=True)
    of_specs = {"spec": spec.pk, "draft": specs.copy(spec).pk}
    return {"frame": frame.pk, "held": held.pk, "failed": failed.pk, "batch": frame.batch_id} | of_specs


def violations(page: Page, what: str) -> Iterator[str]:
    """On the page as it is, wide and narrow."""
    page.evaluate(AXE.read_text())
    rules = OF_COLOURS if page.locator("html.dark").count() else []
    for size in SIZES:
        page.set_viewport_size(size)
        settled(page)
        page.wait_for_function("() => document.getAnimations().every(({ playState }) => playState !== 'running')")
        yield from (f"{what}, {size['width']} px: {found}" for found in page.evaluate(RUN, [LEVELS, rules]))


def in_each_theme(page: Page, address: str) -> Iterator[str]:
    for theme in THEMES:
        page.evaluate("theme => localStorage.setItem('adminTheme', JSON.stringify(theme))", theme)
        page.goto(address)
        if "/workbench/" in page.url:
            page.wait_for_selector("body[data-frame]:not([data-frame=''])")
        yield theme


def with_dialogs(page: Page, what: str) -> Iterator[str]:
    """The workbench, and what its keys open."""
    yield from violations(page, what)
    for key, dialog in DIALOGS.items():
        page.keyboard.press(key)
        page.wait_for_selector(f"{dialog}[open]")
        yield from violations(page, f"{what}, {dialog}")
        page.keyboard.press("Escape")


def test_no_page_keeps_anybody_out(page, sign_in_as, names):
    sign_in = "/admin/login/"
    page.goto(sign_in)
    found = [one for theme in in_each_theme(page, sign_in) for one in violations(page, f"sign-in, {theme}")]
    sign_in_as("admin")
    names |= {"policy": GatePolicy.objects.first().pk, "user": User.objects.get().pk}
    for address in ADDRESSES:
        for theme in in_each_theme(page, "/admin/" + address.format(**names)):
            found += violations(page, f"{address}, {theme}")
    for theme in in_each_theme(page, f"/workbench/?frame={names['frame']}"):
        found += with_dialogs(page, f"workbench, {theme}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("role", ["operator", "uploader"])
def test_nor_do_pages_that_look_otherwise_to_another_role(page, sign_in_as, names, role):
    sign_in_as(role)
    found = []
    for address in OTHERWISE[role]:
        for theme in in_each_theme(page, "/admin/" + address.format(**names)):
            found += violations(page, f"{role}: {address}, {theme}")
    assert not found, "\n".join(found)


def focused(page: Page) -> str:
    """What a screen reader says of it; of the page as a whole, nothing."""
    return page.evaluate("""() => {
      const { activeElement: focused, body } = document;
      return focused === body ? "" : (focused.ariaLabel ?? focused.innerText).trim();
    }""")


def press_until(page: Page, words: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if words in focused(page):
            return
    raise AssertionError(f"No Tab leads to {words}.")


def test_the_account_is_reached_by_keys(page, sign_in_as):
    """First the way past the sidebar, then theme and log-out, which close by Escape."""
    sign_in_as("manager")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    press_until(page, "manager")
    page.keyboard.press("Enter")
    page.wait_for_selector("#account", state="visible")
    press_until(page, "Dark")
    page.keyboard.press("Enter")
    page.wait_for_selector("html.dark")
    page.keyboard.press("Escape")
    assert "manager" in focused(page)
    page.keyboard.press("Enter")
    page.wait_for_selector("#account", state="visible")
    press_until(page, "Log out")
    page.keyboard.press("Enter")
    page.wait_for_url("**/login/**")


def test_the_sidebar_is_opened_and_closed_by_keys(page, sign_in_as):
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in_as("manager")
    press_until(page, "Sidebar")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.ariaLabel === 'Close the sidebar'")
    page.keyboard.press("Enter")
    page.wait_for_selector("#nav-sidebar", state="hidden")


def test_the_workbench_lets_people_out(page, sign_in_as, frame):
    sign_in_as("operator")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login/**")


def test_names_to_be_mended_keep_nobody_out(page, sign_in_as):
    sign_in_as("uploader")
    found = []
    files = [{"name": name, "mimeType": "image/png", "buffer": photo()} for name in ("IMG_7.png", "A_1.png", "a_1.tif")]
    for theme in in_each_theme(page, "/admin/pipeline/batch/add/"):
        page.locator("#photos").set_input_files(files)
        page.locator("#send").click()
        page.wait_for_selector(".mg-misnamed")
        found += violations(page, f"names to be mended, {theme}")
    assert not found, "\n".join(found)
