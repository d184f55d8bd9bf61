"""The pages in a real browser, before real servers; no worker runs."""

import shutil
from collections.abc import Callable, Iterator
from io import BytesIO

import django_rq
import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

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

pytestmark = [
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


def doubtful_frame(code: str) -> Frame:
    """A frame in the queue, with its pictures in the private bucket."""
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
    scorecard(frame)
    for name in ("preview.webp", "thumb.webp", "cutout.webp"):
        object_store.save_work(naming.work_key(frame.pk, 1, name), _small_picture())
    return frame


def _small_picture() -> bytes:
    file = BytesIO()
    with Image.open(SAMPLE) as photo:
        photo.reduce(4).save(file, "WEBP")
    return file.getvalue()


def test_an_operator_approves_a_frame_and_it_leaves_the_queue(page, sign_in_as, frame):
    sign_in_as("operator")
    page.get_by_role("link", name="AURA1000").click()
    for picture in ("Photo of AURA1000 angle", "Cut-out of AURA1000 angle on a checkerboard"):
        image = page.get_by_role("img", name=picture, exact=True)
        expect(image).to_be_visible()
        assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    expect(page.get_by_text("Faint remains around the product")).to_be_visible()

    page.get_by_role("button", name="Approve").click()

    expect(page.get_by_role("heading", name="All clear")).to_be_visible()
    frame.refresh_from_db()
    assert frame.state == State.APPROVED
    assert django_rq.get_queue("publish").count == 1


@pytest.mark.parametrize("pause", [80, 150, 250, 400])
def test_a_double_click_decides_one_frame_only(page, sign_in_as, frame, pause):
    unseen = doubtful_frame("AURA1001")
    sign_in_as("operator")
    page.get_by_role("link", name="AURA1000").click()
    page.wait_for_timeout(1000)  # the operator looks at the frame
    box = page.get_by_role("button", name="Approve").bounding_box()
    for _ in range(2):
        page.mouse.click(box["x"] + 20, box["y"] + 10)
        page.wait_for_timeout(pause)
    expect(page.get_by_text("AURA1001 angle").first).to_be_visible()
    page.wait_for_timeout(500)
    frame.refresh_from_db()
    unseen.refresh_from_db()
    assert (frame.state, unseen.state) == (State.APPROVED, State.EXCEPTION)


def test_a_page_of_another_role_says_so_in_words(page, sign_in_as):
    sign_in_as("operator")
    answer = page.goto("/admin/figures/")
    assert answer.status == 403
    expect(page.get_by_role("heading", name="This page is not for your role")).to_be_visible()
    page.get_by_role("link", name="Back to Mattegate").click()
    expect(page.get_by_role("heading", name="All clear")).to_be_visible()


def test_an_uploader_reads_which_photo_was_rejected_and_why(page, sign_in_as):
    sign_in_as("uploader")
    photo = SAMPLE.read_bytes()
    page.locator("#photos").set_input_files(
        [
            {"name": "AURA1000_2.jpg", "mimeType": "image/jpeg", "buffer": photo},
            {"name": "IMG4711.jpg", "mimeType": "image/jpeg", "buffer": photo},
        ]
    )
    page.get_by_role("button", name="Upload 2 photos").click()

    expect(page.get_by_role("heading", name="Everything is sent")).to_be_visible()
    expect(page.locator("[data-count=taken]")).to_have_text("1")
    expect(page.locator("#rejections li")).to_contain_text("IMG4711.jpg: no view number after an underscore; expected")
    assert Frame.objects.get().filename == "AURA1000_2.jpg"
    page.get_by_role("link", name="See the batch").click()
    expect(page.get_by_text("AURA1000", exact=True)).to_be_visible()
