"""A disk that is nearly full, by a figure that is handed in, and one that is really full."""

import errno
import subprocess
import threading
from collections import namedtuple
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from waitress.adjustments import Adjustments

from accounts.server import ADJUSTED, LimitedParser
from config import no_room
from pipeline import intake, space
from pipeline.models import Batch, Frame
from review.operations import dependencies
from tests.api.conftest import program  # noqa: F401 - fixtures
from tests.pipeline.conftest import photo
from tests.pipeline.test_views import UPLOAD, send
from tests.pipeline.test_worker import queue, worker  # noqa: F401 - fixtures

Usage = namedtuple("Usage", "total used free")
FREE, FULL = 50_000_000_000, 300_000_000


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """All disks of this host have so much room."""
    room = [FREE]
    monkeypatch.setattr(space.shutil, "disk_usage", lambda _: Usage(100 * FREE, 0, room[0]))

    def leave(free: int) -> None:
        room[0] = free
        dependencies.forget()

    yield leave
    dependencies.forget()


def test_the_upload_page_takes_nothing_while_the_disk_is_full_and_goes_on_by_itself(services, sign_in, disk, caplog):
    client = sign_in("uploader")
    disk(FULL)
    for accept, kind in (("text/html", "text/html"), ("application/json", "application/problem+json")):
        answer = send(client, ("A_1.png", photo()), accept=accept)
        assert (answer.status_code, answer.headers["Retry-After"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "60")
        assert answer.headers["Content-Type"].startswith(kind)
        assert "The disk is full, so nothing new is taken in for now" in answer.content.decode()
    assert "no photo is taken in: 300 MB are left for data and logs" in caplog.text
    assert not Batch.objects.exists() and not Frame.objects.exists()
    disk(FREE)
    assert "taken" in send(client, ("A_1.png", photo()), accept="application/json").content.decode()


def test_programs_are_told_so_too(services, program, batch, disk):  # noqa: F811
    erp = program("manager")
    disk(FULL)
    started = erp.post(f"/batches/{batch.pk}/uploads", {"name": "A_1.png", "size": 1000})
    for answer in (erp.send(batch, "A_1.png"), started):
        assert (answer.status_code, answer.headers["Retry-After"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "60")
        assert answer.json()["detail"].startswith("The disk is full")
    disk(FREE)
    assert erp.send(batch, "A_1.png").status_code == HTTPStatus.CREATED


def test_a_disk_that_fills_up_while_photos_come_fails_those_that_come_then(services, sign_in, disk, monkeypatch):
    receive = intake.receive

    def fill_up(*photo, **said):
        receipt = receive(*photo, **said)
        disk(FULL)
        return receipt

    monkeypatch.setattr(intake, "receive", fill_up)
    answer = send(sign_in("uploader"), ("A_1.png", photo(1)), ("B_1.png", photo(2)), accept="application/json").json()
    assert [receipt["outcome"] for receipt in answer["receipts"]] == ["taken", "failed"]
    assert "Try again in a few minutes" in answer["receipts"][1]["words"]


def test_the_command_line_says_so(db, services, disk, tmp_path):
    (tmp_path / "A_1.png").write_bytes(photo())
    disk(FULL)
    with pytest.raises(CommandError, match=r"The disk is full.* 0 of these photos were taken in; A_1.png"):
        call_command("ingest", str(tmp_path))


def test_readiness_and_the_operations_page_tell(services, sign_in, disk, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    admin = sign_in("admin")
    assert "disk" not in admin.get("/readyz").json()["down"]
    disk(FULL)
    told = admin.get("/readyz")
    assert told.status_code == HTTPStatus.SERVICE_UNAVAILABLE and "disk" in told.json()["down"]
    page = " ".join(admin.get("/admin/operations/?now").content.decode().split())
    assert "no photo is taken in, and no worker begins one" in page and "MIN_FREE_MB" in page
    disk(FREE)
    assert "disk" not in admin.get("/readyz").json()["down"]


@pytest.mark.django_db
def test_a_worker_begins_nothing_until_there_is_room(worker, queue, disk, monkeypatch, caplog):  # noqa: F811
    disk(FULL)
    queue.enqueue("time.sleep", 0)
    waiting: list[int] = []
    paused = threading.Event()

    def wait_a_while(_seconds: float) -> None:
        waiting.append(queue.count)
        told = queue.connection.hget(worker.key, "shortage")
        assert told is not None and b"300 MB are left" in told
        if len(waiting) == 3:
            disk(FREE)
            paused.set()

    monkeypatch.setattr("pipeline.worker.time.sleep", wait_a_while)
    worker.work(burst=True)
    assert paused.is_set() and waiting[:3] == [1, 1, 1] and queue.count == 0
    assert caplog.text.count("begins no photo until there is room") == 1 and "goes on: there is room" in caplog.text


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        OperationalError("database or disk is full"),
        OperationalError('could not extend file "base/1/2": No space left on device'),
    ],
)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_whatever_a_full_disk_stops_is_no_fault_of_the_program(db, sign_in, monkeypatch, error, accept):
    client = sign_in("uploader")
    client.raise_request_exception = False

    def fail(*_args) -> None:
        raise error

    monkeypatch.setattr("pipeline.views.upload.said_of", fail)
    answer = send(client, ("A_1.png", photo()), accept=accept)
    assert (answer.status_code, answer.headers["Retry-After"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "60")
    assert "The disk is full" in answer.content.decode()


def test_programs_are_told_by_a_problem_whatever_they_say_that_they_accept(rf):
    try:
        raise OSError(errno.ENOSPC, "No space left on device")
    except OSError:
        answer = no_room.fault(rf.get("/api/v1/batches", headers={"Accept": "*/*"}))
    assert (answer.status_code, answer["Content-Type"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "application/problem+json")


def test_any_other_fault_stays_one(db, sign_in, monkeypatch):
    client = sign_in("uploader")
    client.raise_request_exception = False
    monkeypatch.setattr("pipeline.views.upload.said_of", lambda *_: 1 / 0)
    assert send(client, ("A_1.png", photo())).status_code == HTTPStatus.INTERNAL_SERVER_ERROR


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with less than a megabyte left."""
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(tmp_path)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        (tmp_path / "filler").write_bytes(bytes(1_500_000))
        yield tmp_path
    finally:
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def noise(megabytes: int) -> bytes:
    """A photo that is kept on disk while it comes."""
    return photo() + bytes(megabytes * 1_000_000)


def test_a_photo_that_doesnt_fit_the_folder_for_uploads_is_no_500(services, sign_in, full_disk, settings):
    settings.FILE_UPLOAD_TEMP_DIR = str(full_disk)
    client = sign_in("uploader")
    client.raise_request_exception = False
    answer = send(client, ("A_1.png", noise(5)), accept="text/html")
    assert (answer.status_code, answer.headers["Retry-After"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "60")
    assert "There is no room for this now" in answer.content.decode()
    assert send(client, ("A_1.png", photo()), accept="application/json").json()["receipts"][0]["outcome"] == "taken"


def cut_off(head: str) -> tuple[str, dict[str, str], bytes]:
    """What the server answers to a request that is longer than its disk has room for."""
    parser = LimitedParser(Adjustments(**ADJUSTED))
    parser.received(f"POST {head}\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n".encode())
    while not parser.completed:
        parser.received(bytes(1_000_000))
    status, headers, words = parser.error.to_response()
    return status, dict(headers), words


def test_a_request_that_doesnt_fit_the_servers_folder_is_answered(sign_in, full_disk, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(full_disk))
    session = sign_in("uploader").cookies["sessionid"].value
    status, headers, words = cut_off(f"{UPLOAD} HTTP/1.1\r\nCookie: sessionid={session}")
    assert (status, headers["Retry-After"]) == ("503 Service Unavailable", "60")
    assert b"The disk is full" in words


def test_a_programs_request_that_doesnt_fit_is_answered_by_a_problem(program, full_disk, monkeypatch):  # noqa: F811
    monkeypatch.setattr("tempfile.tempdir", str(full_disk))
    token = program("uploader").pair["access"]
    status, headers, words = cut_off(f"/api/v1/batches/1/photos HTTP/1.1\r\nAuthorization: Bearer {token}")
    assert (status, headers["Retry-After"]) == ("503 Service Unavailable", "60")
    assert headers["Content-Type"] == "application/problem+json" and b"The disk is full" in words
