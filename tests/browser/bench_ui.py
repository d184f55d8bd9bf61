"""How quick the workbench is in Chromium: `make bench-ui`. Prints figures and judges nothing."""

import io
from statistics import median, quantiles

import numpy as np
from PIL import Image
from playwright.sync_api import Page

from pipeline import naming
from pipeline.engines import object_store
from pipeline.imaging.pictures import previews
from pipeline.imaging.pictures.alpha_png import encode_alpha
from pipeline.models import Frame, Scorecard
from tests.browser.conftest import IN_A_BROWSER, SAMPLE, doubtful_frame, ellipse
from tests.browser.looking import SCREEN, settled, shown, wait_for_another, wait_for_next

pytestmark = IN_A_BROWSER
FRAMES, EVENTS = 20, 300
LARGE = (6000, 4000)

# From the key to the frame in which the next picture stands on the screen.
WATCH_KEYS = """() => {
  window.waits = [];
  let pressed = 0;
  addEventListener('keydown', () => (pressed = performance.now()), true);
  const note = () => window.waits.push(performance.now() - pressed);
  const seen = () => requestAnimationFrame(() => requestAnimationFrame(note));
  new MutationObserver(seen).observe(document.body, {attributeFilter: ['data-frame']});
}"""
WATCH_FRAMES = """() => {
  window.gaps = [];
  let last = performance.now();
  const tick = (now) => { window.gaps.push(now - last); last = now; window.watching = requestAnimationFrame(tick); };
  window.watching = requestAnimationFrame(tick);
}"""


def test_from_the_key_to_the_next_picture(page, sign_in_as, services, capsys):
    for number in range(FRAMES + 1):
        doubtful_frame(f"AURA{number}")
    sign_in_as("operator")
    page.evaluate(WATCH_KEYS)
    for _ in range(FRAMES):
        current = shown(page)
        wait_for_next(page)
        page.wait_for_timeout(500)  # nobody decides sooner
        page.keyboard.press("r")
        wait_for_another(page, current)
        settled(page)
    waits = page.evaluate("window.waits")
    with capsys.disabled():
        print(f"\nkey to next picture, {len(waits)} frames: {_figures(waits)} ms")


def test_strokes_on_24_megapixels(page, sign_in_as, services, capsys):
    _large_frame()
    sign_in_as("operator")
    page.keyboard.press("e")
    for zoom in ("the whole photo", "100 %"):
        if zoom == "100 %":
            page.locator("#zoom").click()
            page.wait_for_load_state("networkidle")
            page.wait_for_timeout(2000)
        gaps = _stroke(page)
        rate = 1000 / median(gaps)
        with capsys.disabled():
            print(f"\nframes while painting, 24 MP at {zoom}: {_figures(gaps)} ms, {rate:.0f} a second")


def _large_frame() -> Frame:
    frame = doubtful_frame("AURA1000", places={})
    Scorecard.objects.filter(frame=frame).update(width=LARGE[0], height=LARGE[1])
    file = io.BytesIO()
    with Image.open(SAMPLE) as photo:
        large = photo.convert("RGB").resize(LARGE)
    large.save(file, "JPEG", quality=92)
    alpha = ellipse((LARGE[1], LARGE[0]), 0.25)
    object_store.save_work(naming.original_key(frame.pk), file.getvalue())
    made = {"alpha.png": encode_alpha(alpha), "preview.webp": previews.preview(np.asarray(large), 1600)}
    made["cutout.webp"] = previews.cutout_preview(np.asarray(large), alpha, 1600)
    for name, data in made.items():
        object_store.save_work(naming.work_key(frame.pk, 1, name), data)
    return frame


def _stroke(page: Page) -> list[float]:
    box = page.locator("#view").bounding_box()
    assert box and page.evaluate(SCREEN, [0, 0])
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.evaluate(WATCH_FRAMES)
    for event in range(EVENTS):
        across = 40 + (box["width"] - 80) * event / EVENTS
        page.mouse.move(box["x"] + across, box["y"] + 40 + (event * 13) % (box["height"] - 80))
    gaps = page.evaluate("cancelAnimationFrame(window.watching), window.gaps")
    page.mouse.up()
    return gaps[1:]


def _figures(values: list[float]) -> str:
    return f"median {median(values):.0f}, 95 % {quantiles(values, n=20)[-1]:.0f}, worst {max(values):.0f}"
