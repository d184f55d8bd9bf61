"""What tests of the workbench look at, and how they draw."""

import shutil

from playwright.sync_api import Page

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Where a place of the photo is on the screen, by the matte's own canvas: whatever the zoom.
SCREEN = """([x, y]) => {
  const canvas = document.querySelector('[data-layer=matte]');
  const matrix = canvas.getContext('2d').getTransform(), box = canvas.getBoundingClientRect();
  const density = canvas.width / box.width;
  return [box.left + (x * matrix.a + matrix.e) / density, box.top + (y * matrix.d + matrix.f) / density];
}"""


def shown(page: Page) -> int:
    return int(page.evaluate("Number(document.body.dataset.frame)"))


def wait_for_another(page: Page, than: int) -> int:
    page.wait_for_function("than => Number(document.body.dataset.frame) !== than", arg=than)
    return shown(page)


def wait_for_next(page: Page) -> None:
    """A frame is looked at, and what comes after it has been fetched, or there is none."""
    page.wait_for_function(
        "() => { const { frame, next } = document.body.dataset; return frame && next !== undefined && next !== frame }"
    )


def settled(page: Page) -> None:
    """Two pictures have been drawn since."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def said(page: Page):
    return page.get_by_role("status")


def stroke(page: Page, *places: tuple[float, float]) -> None:
    first, *others = (page.evaluate(SCREEN, place) for place in places)
    page.mouse.move(*first)
    page.mouse.down()
    for place in others:
        page.mouse.move(*place, steps=6)
    page.mouse.up()
    settled(page)


def opacity_at(page: Page, place: tuple[float, float]) -> int:
    """Of the matte on the screen."""
    return page.evaluate(
        """place => {
          const canvas = document.querySelector('[data-layer=matte]'), context = canvas.getContext('2d');
          const {a, d, e, f} = context.getTransform();
          return context.getImageData(place[0] * a + e, place[1] * d + f, 1, 1).data[3];
        }""",
        list(place),
    )
