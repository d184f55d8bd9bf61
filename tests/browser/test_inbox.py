"""Photos put into a watched folder, or under a prefix in S3, as an uploader sees them come through."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from pipeline import queues
from pipeline.cutout import matte_models
from pipeline.engines import object_store
from pipeline.inbox.places import Bucket, Folder, Place
from pipeline.inbox.watch import Inbox
from pipeline.models import Frame
from pipeline.worker import WarmWorker
from tests.browser.conftest import IN_A_BROWSER, sign_in
from tests.pipeline.conftest import ColourKeyMatter, photo
from tests.pipeline.test_worker import queue, worker  # noqa: F401
from tests.services import bucket_of

pytestmark = IN_A_BROWSER
DROP = "watch/Drop 12"
BATCHES = "/admin/pipeline/batch/"
Copying = Callable[[Any, str, bytes], AbstractContextManager[None]]


@contextmanager
def copied_into_folder(place: Folder, path: str, data: bytes) -> Iterator[None]:
    """Half of it lies there meanwhile."""
    target = place.root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        file.write(data[: len(data) // 2])
        file.flush()
        yield
        file.write(data[len(data) // 2 :])


@contextmanager
def sent_to_bucket(place: Bucket, path: str, data: bytes) -> Iterator[None]:
    """In two parts, of which the first has arrived meanwhile."""
    upload = bucket_of("inbox").Object(place.prefix + path).initiate_multipart_upload()
    least = 5 << 20  # of every part but the last
    parts = [data.ljust(least + 1, b"\0")[:least], data.ljust(least + 1, b"\0")[least:]]
    sent = []
    for number, part in enumerate(parts, 1):
        sent.append({"PartNumber": number, "ETag": upload.Part(number).upload(Body=part)["ETag"]})
        if number == 1:
            yield
    upload.complete(MultipartUpload={"Parts": sent})


@pytest.fixture
def folder(tmp_path: Path, services) -> tuple[Folder, Copying]:
    return Folder(tmp_path), copied_into_folder


@pytest.fixture
def bucket(services, settings) -> tuple[Bucket, Copying]:
    """A prefix of the private bucket: any will do."""
    settings.S3_INBOX = f"{settings.S3_WORK_BUCKET}/incoming"
    settings.STORAGES = settings.STORAGES | {"inbox": settings.STORAGES["work"]}
    return Bucket("incoming"), sent_to_bucket


@pytest.fixture(params=["folder", "bucket"])
def inbox(request) -> tuple[Place, Copying]:
    return request.getfixturevalue(request.param)


def put(place: Place, copying: Copying, path: str, data: bytes) -> None:
    with copying(place, path, data):
        pass


def open_batches(page: Page) -> None:
    page.goto(BATCHES)
    expect(page.get_by_role("heading", name="Batches").first).to_be_visible()


@pytest.fixture
def at_work(worker: WarmWorker, monkeypatch: pytest.MonkeyPatch) -> WarmWorker:  # noqa: F811
    """It cuts out whatever isn't white, and publishes too."""
    monkeypatch.setattr(matte_models, "matter", ColourKeyMatter)
    monkeypatch.setattr(matte_models, "second_matter", lambda: None)
    both = [queues.named(name) for name in ("publish", "process")]
    return WarmWorker(both, connection=both[0].connection)


def hashes_in(archive: Path) -> dict[str, str]:
    with zipfile.ZipFile(archive) as opened:
        return {name: hashlib.sha256(opened.read(name)).hexdigest() for name in opened.namelist()}


def hashes_promised() -> dict[str, str]:
    """By the manifests in the shop, of every file that they name."""
    keys = [item.key for item in bucket_of("published").objects.all() if item.key.endswith(".json")]
    told = [json.loads(object_store.load_published(key)) for key in keys]
    return {PurePosixPath(file["key"]).name: file["sha256"] for manifest in told for file in manifest["files"]}


def test_a_drop_appears_when_it_is_whole_and_comes_through_once(inbox, page, at_work):
    place, copying = inbox
    sign_in(page, "uploader")
    watchers = [Inbox(place), Inbox(place)]  # clocks on two hosts
    with copying(place, f"{DROP}/AURA1_1.png", photo(40)):
        watchers[0].poll()
        open_batches(page)
        expect(page.get_by_text("Drop 12")).to_have_count(0)
    put(place, copying, f"{DROP}/AURA1_3.png", photo(60))
    put(place, copying, f"{DROP}/copied again/AURA1_1.png", photo(40))
    for watcher in 2 * watchers:
        watcher.poll()

    open_batches(page)
    page.get_by_role("link", name="Drop 12").click()
    expect(page.get_by_role("link", name="2 photos in all")).to_be_visible()
    expect(page.get_by_role("link", name="2 waiting in line")).to_be_visible()
    at_work.work(burst=True)
    expect(page.get_by_role("link", name="2 published")).to_be_visible()
    page.get_by_role("link", name="AURA1 front").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all 10").click()
    assert hashes_in(Path(download.value.path())) == hashes_promised()

    assert sorted(Frame.objects.values_list("view", flat=True)) == ["front", "side"]
    said = {path: place.read(path).decode() for path in place.look() if not path.endswith(".png")}
    assert sorted(said) == [
        f"{DROP}/{name}.done" for name in ("AURA1_1.png", "AURA1_3.png", "copied again/AURA1_1.png")
    ]
    assert all("Taken into batch Drop 12 as AURA1" in words for words in said.values())
