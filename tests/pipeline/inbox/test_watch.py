"""Photos put into a folder, or under a prefix in S3: each is taken once and whole, and told of beside it."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import intake
from pipeline.engines import object_store
from pipeline.inbox import watch
from pipeline.inbox.places import Bucket, Folder, Place
from pipeline.inbox.watch import Inbox
from pipeline.models import Batch, Frame
from tests.pipeline.conftest import photo

pytestmark = pytest.mark.django_db
PATH = "watch/Drop 12/AURA1_1.png"


@pytest.fixture
def folder(tmp_path: Path, services) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def bucket(services, settings) -> Bucket:
    """A prefix of the private bucket: any will do."""
    settings.S3_INBOX = f"{settings.S3_WORK_BUCKET}/incoming"
    settings.STORAGES = settings.STORAGES | {"inbox": settings.STORAGES["work"]}
    return Bucket("incoming")


@pytest.fixture(params=["folder", "bucket"])
def place(request) -> Place:
    return request.getfixturevalue(request.param)


@pytest.fixture
def put(place: Place) -> Callable[..., None]:
    def put(path: str, data: bytes) -> None:
        if isinstance(place, Folder):
            (place.root / path).parent.mkdir(parents=True, exist_ok=True)
        place.write(path, data)

    return put


def twice(inbox: Inbox) -> None:
    """Seen, and seen again unchanged."""
    inbox.poll()
    inbox.poll()


def reports(place: Place) -> dict[str, str]:
    return {path: place.read(path).decode() for path in place.look() if path.endswith((watch.DONE, watch.FAILED))}


def test_a_photo_is_taken_into_the_batch_that_its_folder_names_and_only_once(place, put):
    put(PATH, photo())
    inbox = Inbox(place)
    inbox.poll()
    assert not Frame.objects.exists()  # it may be on its way still
    for _ in range(3):
        inbox.poll()
    twice(Inbox(place))  # as after a restart
    frame = Frame.objects.get()
    assert (frame.batch.name, frame.batch.product_class, frame.filename) == ("Drop 12", "watch", "AURA1_1.png")
    assert list(reports(place)) == [f"{PATH}.done"]
    assert "Taken into batch Drop 12 as AURA1" in reports(place)[f"{PATH}.done"]
    assert object_store.load_work(f"{frame.pk}/original") == photo()


def test_a_photo_whose_report_was_not_written_any_more_is_not_taken_twice(place, put, monkeypatch):
    put(PATH, photo())
    with monkeypatch.context() as killed:
        killed.setattr(Inbox, "_report", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            twice(Inbox(place))
    twice(Inbox(place))
    assert Frame.objects.count() == 1
    assert list(reports(place)) == [f"{PATH}.done"]


@pytest.mark.parametrize("error", [object_store.ForbiddenObjectError, object_store.MissingObjectError])
def test_an_object_that_is_not_given_out_keeps_no_other_waiting(bucket, monkeypatch, error):
    for number in range(3):
        bucket.write(f"watch/Drop 12/AURA{number}_1.png", photo(number))
    read = bucket.read

    def forbidden(path: str) -> bytes:
        if "AURA1" in path:
            raise error("this key may not do that")
        return read(path)

    monkeypatch.setattr(bucket, "read", forbidden)
    twice(Inbox(bucket))
    assert sorted(Frame.objects.values_list("code", flat=True)) == ["AURA0", "AURA2"]
    monkeypatch.undo()
    twice(Inbox(bucket))
    assert Frame.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_that_watch_one_place_take_a_photo_once(place, put):
    for number in range(3):
        put(f"watch/Drop 12/AURA{number}_1.png", photo(number))
    inboxes = [Inbox(place), Inbox(place)]
    for inbox in inboxes:
        inbox.poll()
    threads = [threading.Thread(target=watch._poll, args=(inbox,)) for inbox in inboxes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(Frame.objects.values_list("code", flat=True)) == ["AURA0", "AURA1", "AURA2"]


def test_what_cannot_be_taken_is_told_beside_it_until_it_is_renamed_or_replaced(place, put):
    put("watch/Drop 12/AURA1.png", photo())
    put("watch/Drop 12/AURA2_1.png", b"no photo")
    put("AURA3_1.png", photo())
    put("watch/Drop 12/Thumbs.db", b"notes")
    inbox = Inbox(place)
    twice(inbox)
    said = reports(place)
    assert "no view number" in said["watch/Drop 12/AURA1.png.failed"]
    assert "AURA2_1.png" in said["watch/Drop 12/AURA2_1.png.failed"]
    assert "put it into a folder eyewear/BATCH or watch/BATCH" in said["AURA3_1.png.failed"]
    assert len(said) == 3

    place.delete("watch/Drop 12/AURA1.png")
    time.sleep(1.1)  # S3 tells whole seconds
    put("watch/Drop 12/AURA1_1.png", photo())
    put("watch/Drop 12/AURA2_1.png", photo(20))
    twice(inbox)
    assert sorted(reports(place)) == [
        "AURA3_1.png.failed",
        "watch/Drop 12/AURA1_1.png.done",
        "watch/Drop 12/AURA2_1.png.done",
    ]


def test_a_batch_that_holds_other_products_is_said(place, put):
    Batch.objects.create(name="Drop 12", product_class="eyewear")
    put(PATH, photo())
    twice(Inbox(place))
    assert "holds eyewear photos" in reports(place)[f"{PATH}.failed"]


def test_a_photo_over_the_limit_is_never_read(place, put, settings, monkeypatch):
    settings.MAX_PHOTO_BYTES = 1_000_000
    put(PATH, bytes(1_000_001))
    monkeypatch.setattr(type(place), "read", None)
    twice(Inbox(place))
    monkeypatch.undo()
    assert "larger than 1 MB" in reports(place)[f"{PATH}.failed"]


def test_a_half_copied_photo_waits(folder):
    path = folder.root / PATH
    path.parent.mkdir(parents=True)
    whole, inbox = photo(), Inbox(folder)
    for part in (whole[: len(whole) // 2], whole[len(whole) // 2 :]):
        with path.open("ab") as file:
            file.write(part)
        inbox.poll()
    assert not Frame.objects.exists()
    (path.parent / "AURA2_1.png.part").write_bytes(whole)
    (path.parent / ".AURA3_1.png").write_bytes(whole)
    (path.parent / "AURA4_1.png").symlink_to(path)
    twice(inbox)
    assert [frame.code for frame in Frame.objects.all()] == ["AURA1"]


def test_a_date_that_was_kept_or_lies_ahead_changes_nothing(folder):
    path = folder.root / PATH
    path.parent.mkdir(parents=True)
    inbox = Inbox(folder)
    for number, date in enumerate((2_000_000_000, 1_000_000_000)):  # newer than the report, then older
        path.write_bytes(photo(number))
        os.utime(path, (date, date))
        twice(inbox)
        stamp = folder.look()[f"{PATH}.done" if not number else f"{PATH}.failed"]
        twice(inbox)
        assert folder.look()[f"{PATH}.done" if not number else f"{PATH}.failed"] == stamp
    # Another photo of that code and view: which is meant, only a person can say.
    assert "AURA1_1.png" in reports(folder)[f"{PATH}.failed"]


def test_while_the_disk_is_full_nothing_is_taken_and_nothing_refused(place, put, settings):
    put(PATH, photo())
    settings.MIN_FREE_MB = 10**9
    inbox = Inbox(place)
    inbox.poll()
    with pytest.raises(intake.NoRoomError):
        inbox.poll()
    assert not reports(place)
    settings.MIN_FREE_MB = 0
    inbox.poll()
    assert Frame.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_clock_watches_what_is_set(settings, tmp_path, services, monkeypatch):
    monkeypatch.setattr(watch, "PERIOD_SECONDS", 0.1)
    settings.INBOX_DIR = tmp_path
    (tmp_path / "watch/Drop 12").mkdir(parents=True)
    (tmp_path / PATH).write_bytes(photo())
    stop = threading.Event()
    threading.Timer(2, stop.set).start()
    watch.until(stop)
    assert (tmp_path / f"{PATH}.done").exists()


def test_a_folder_that_is_gone_is_one_line_in_the_log(settings, tmp_path, caplog):
    watch._poll(Inbox(Folder(tmp_path / "gone")))
    assert "waits" in caplog.text and "Traceback" not in caplog.text
