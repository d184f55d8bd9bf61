"""Pages in a real browser, before real servers; no worker runs."""

import shutil
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from pipeline import naming
from pipeline.engines import object_store
from pipeline.models import Batch, Frame
from pipeline.states import State
from tests.factories import scorecard

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SAMPLE = settings.BASE_DIR / "samples" / "AURA1000_2.jpg"

IN_A_BROWSER = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not on the PATH; install it to test the pages"),
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.usefixtures("services"),
]


@pytest.fixture
def page(live_server, monkeypatch) -> Iterator[Page]:
    """A tab that must neither meet a script error nor ask anything of another host."""
    # Playwright keeps an event loop in this thread, where Django would refuse its own, synchronous calls.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        tab = browser.new_page(base_url=live_server.url)
        tab.set_default_timeout(10_000)
        errors: list[str] = []
        outside: list[str] = []
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.on("request", lambda sent: outside.append(sent.url) if not sent.url.startswith(live_server.url) else None)
        yield tab
        browser.close()
    assert not errors
    assert not outside


@pytest.fixture
def sign_in_as(page) -> Callable[[str], None]:
    def sign_in(role: str) -> None:
        user = User.objects.create_user(role, password="kept-for-one-test")
        user.groups.add(Group.objects.get(name=role))
        page.goto("/")
        page.get_by_label("Name").fill(role)
        page.get_by_label("Password").fill("kept-for-one-test")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "login" not in url)

    return sign_in


@pytest.fixture
def frame(services) -> Frame:
    return doubtful_frame("AURA1000")


def doubtful_frame(code: str, **card: Any) -> Frame:
    """An angled frame in the queue, with its pictures in the private bucket."""
    frame = Frame.objects.create(
        batch=Batch.objects.get_or_create(name="Spring drop")[0],
        filename=SAMPLE.name,
        code=code,
        view="angle",
        sha256=code,
        state=State.EXCEPTION,
        attempt=1,
        reasons=["haze"],
    )
    scorecard(frame, **card)
    for name in ("preview.webp", "thumb.webp", "cutout.webp"):
        object_store.save_work(naming.work_key(frame.pk, 1, name), _small_picture())
    return frame


def _small_picture() -> bytes:
    file = BytesIO()
    with Image.open(SAMPLE) as photo:
        photo.reduce(4).save(file, "WEBP")
    return file.getvalue()
