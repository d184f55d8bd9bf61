"""Pages in a real browser, before real servers; no worker runs."""

import threading
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from pipeline import naming
from pipeline.engines import object_store
from pipeline.imaging.pictures import previews
from pipeline.imaging.pictures.alpha_png import decode_alpha, encode_alpha
from pipeline.imaging.types import Alpha
from pipeline.models import Batch, Frame
from pipeline.states import State
from tests.browser.looking import CHROMIUM, FLAGS
from tests.factories import scorecard
from tests.waiting import wait_for

SAMPLE = settings.BASE_DIR / "samples" / "AURA1000_2.jpg"
PLACE = [500, 400, 800, 600]
PASSWORD = "kept-for-one-test"

IN_A_BROWSER = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not on the PATH; install it to test the pages"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("services"),
]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One for all of them: to start it takes longer than most tests."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread, where Django would refuse its own, synchronous calls.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


@pytest.fixture
def page(live_server, browser: Browser) -> Iterator[Page]:
    """A tab of nobody's yet, that must neither meet a script error nor ask anything of another host."""
    earlier = set(threading.enumerate())
    tab = browser.new_page(base_url=live_server.url)
    tab.set_default_timeout(10_000)
    errors: list[str] = []
    outside: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    own = (live_server.url, f"blob:{live_server.url}")  # the latter are files that were chosen, shown by the page
    tab.on("request", lambda sent: outside.append(sent.url) if not sent.url.startswith(own) else None)
    yield tab
    for context in browser.contexts:
        context.close()
    wait_for(lambda: is_all_answered(earlier), seconds=10)
    assert not errors
    assert not outside


def is_all_answered(earlier: set[threading.Thread]) -> bool:
    """A page that is closed still says that it leaves; answered later, that would meet the next test's rows.

    What was there before the tab isn't waited for: a client of another server may keep a connection open for minutes.
    """
    return not any("process_request" in thread.name for thread in set(threading.enumerate()) - earlier)


@pytest.fixture
def sign_in_as(page) -> Callable[[str], None]:
    return lambda role: sign_in(page, role)


def account(role: str, name: str = "") -> str:
    user = User.objects.create_user(name or role, password=PASSWORD)
    user.groups.add(Group.objects.get(name=role))
    return user.username


def sign_in(page: Page, role: str, name: str = "") -> None:
    """By the form of the sign-in page, which isn't drawn: test_smoke.py types into it."""
    told: dict[str, str | float | bool] = {"username": account(role, name), "password": PASSWORD, "next": "/"}
    page.request.get("/admin/login/")
    [token] = (cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "csrftoken")
    answer = page.request.post("/admin/login/", form=told, headers={"X-CSRFToken": token}, max_redirects=0)
    assert answer.status == 302
    page.goto("/")
    if "workbench" in page.url:
        page.wait_for_selector("body[data-frame]")


@pytest.fixture
def frame(services) -> Frame:
    return doubtful_frame("AURA1000")


def doubtful_frame(code: str, **card: Any) -> Frame:
    """An angled frame in the queue, with its pictures in the private bucket, and an alternative that is brighter."""
    frame = Frame.objects.create(
        batch=Batch.objects.get_or_create(name="Spring drop")[0],
        filename=SAMPLE.name,
        code=code,
        view="angle",
        sha256=code,
        state=State.EXCEPTION,
        version=1,
        attempt=1,
        reasons=["haze"],
    )
    scorecard(frame, **{"others": [{"rung": "relit", "confidence": 0.9}], "places": {"haze": PLACE}} | card)
    object_store.save_work(naming.original_key(frame.pk), SAMPLE.read_bytes())
    for name, data in pictures().items():
        object_store.save_work(naming.work_key(frame.pk, 1, name), data)
    return frame


@cache
def pictures() -> dict[str, bytes]:
    """What a run of the pipeline leaves of the sample: its matte is an ellipse, the alternative's a wider one."""
    with Image.open(SAMPLE) as photo:
        rgb = np.asarray(photo.convert("RGB"))
    narrow, wide = (ellipse(rgb.shape, width) for width in (0.25, 0.35))
    heat = np.zeros((105, 140), np.float32)
    heat[40:60, 50:80] = 1
    return {
        "preview.webp": previews.preview(rgb, 1600),
        "thumb.webp": previews.preview(rgb, 320),
        "alpha.png": encode_alpha(narrow),
        "cutout.webp": previews.cutout_preview(rgb, narrow, 1600),
        "alternative-relit.png": encode_alpha(wide),
        "alternative-relit.webp": previews.cutout_preview(rgb, wide, 1600),
        "doubt.webp": previews.heat_preview(heat),
    }


def ellipse(shape: tuple[int, ...], share: float) -> Alpha:
    y, x = np.indices(shape[:2]) / np.reshape(shape[:2], (2, 1, 1)) - 0.5
    return (np.hypot(x / share, y / 0.2) < 1).astype(np.float32)


def stored_alpha(frame: Frame, attempt: int, name: str = "alpha.png") -> NDArray[np.uint8]:
    data = object_store.load_work(naming.work_key(frame.pk, attempt, name))
    return np.rint(255 * decode_alpha(data)).astype(np.uint8)
