"""Who looks at pages in a browser: the workbench by keys, and lists now and then."""

from time import monotonic

from playwright.sync_api import Page, Response, sync_playwright

from tests.browser.looking import CHROMIUM, FLAGS
from tests.soak.heard import Heard, Kind

LISTS = {
    "operator": ["/admin/review/queueitem/"],
    "manager": ["/admin/pipeline/batch/", "/admin/pipeline/frame/", "/admin/figures/", "/admin/review/queueitem/"],
}
KINDS: dict[str, Kind] = {"document": "page", "fetch": "script", "xhr": "script", "image": "script"}
LOOK_SECONDS, LISTS_EVERY = 2.0, 5.0


def operate(heard: Heard, url: str, role: str, password: str) -> None:
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS).new_page(base_url=url)
        page.on("response", lambda response: _note(heard, response))
        _sign_in(page, role, password)
        turn, last = 0, monotonic()
        while not heard.over.is_set():
            _decide(page)
            page.wait_for_timeout(1000 * LOOK_SECONDS)
            if monotonic() - last > LISTS_EVERY:
                page.goto(LISTS[role][turn % len(LISTS[role])])
                page.goto("/workbench/")
                turn, last = turn + 1, monotonic()


def _sign_in(page: Page, name: str, password: str) -> None:
    page.goto("/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.goto("/workbench/")


def _decide(page: Page) -> None:
    """Approve, by its key, what is shown; if nothing waits, the next look will find something."""
    if page.locator("body[data-frame]").count():
        page.keyboard.press("a")


def _note(heard: Heard, response: Response) -> None:
    if kind := KINDS.get(response.request.resource_type):
        timing = response.request.timing
        waited = max(0.0, timing["responseStart"] - timing["requestStart"]) / 1000
        path = response.url.partition("//")[2].partition("/")[2].partition("?")[0]
        heard.note(kind, f"{response.request.method} /{path}", response.status, response.headers, waited)
