"""What whoever may write into a watched folder can't do: have other files written or read, or keep others waiting."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.inbox.places import Folder
from pipeline.inbox.watch import Inbox
from pipeline.models import Frame
from tests.pipeline.conftest import photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def drop(tmp_path: Path, services) -> Iterator[Path]:
    """A batch's folder in the inbox."""
    made = tmp_path / "inbox/eyewear/Drop 12"
    made.mkdir(parents=True)
    yield made
    subprocess.run(["rm", "-rf", tmp_path / "inbox"], check=True)  # pytest's own way ends at a thousand folders


@pytest.fixture
def inbox(tmp_path: Path, drop: Path) -> Inbox:
    return Inbox(Folder(tmp_path / "inbox"))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder that is none of the inbox's business."""
    made = tmp_path / "elsewhere"
    made.mkdir()
    return made


def taken() -> list[str]:
    return sorted(Frame.objects.values_list("code", flat=True))


@pytest.mark.parametrize(("name", "ending"), [("AURA1_1.png", "done"), ("AURA1.png", "failed")])
def test_a_report_is_written_through_no_link(inbox, drop, elsewhere, name, ending):
    secret = elsewhere / "secret"
    secret.write_text("as it was")
    (drop / name).write_bytes(photo())
    (drop / f".{name}.{ending}").symlink_to(secret)
    inbox.poll()
    inbox.poll()
    assert secret.read_text() == "as it was"
    report = drop / f"{name}.{ending}"
    assert report.is_file() and not report.is_symlink()


def test_a_folder_that_became_a_link_is_neither_read_nor_written(inbox, drop, elsewhere):
    (drop / "AURA1_1.png").write_bytes(photo(1))
    inbox.poll()
    (elsewhere / "AURA1_1.png").write_bytes(photo(2))
    look = inbox.place.look

    def look_and_swap():
        seen = look()
        drop.rename(drop.with_name("Drop 11"))
        drop.symlink_to(elsewhere)
        return seen

    inbox.place.look = look_and_swap
    inbox.poll()
    assert not taken() and os.listdir(elsewhere) == ["AURA1_1.png"]


def swapped(inbox: Inbox, change) -> None:
    """Seen twice alike, and changed before it is read."""
    inbox.poll()
    submit = inbox._submit

    def change_and_submit(*said):
        change()
        return submit(*said)

    inbox._submit = change_and_submit  # type: ignore[method-assign]
    inbox.poll()


def test_a_photo_that_became_a_pipe_holds_nobody_up(inbox, drop):
    path = drop / "AURA1_1.png"
    path.write_bytes(photo())

    def change():
        path.unlink()
        os.mkfifo(path)

    swapped(inbox, change)
    assert not taken() and not list(drop.glob("*.done"))


def test_of_a_photo_that_grew_since_it_was_seen_no_more_than_a_photo_is_read(inbox, drop, settings, monkeypatch):
    settings.MAX_PHOTO_BYTES = 1_000_000
    path = drop / "AURA1_1.png"
    path.write_bytes(photo())
    read, lengths = Folder.read, []
    monkeypatch.setattr(Folder, "read", lambda *said: lengths.append(len(data := read(*said))) or data)
    swapped(inbox, lambda: path.write_bytes(bytes(5_000_000)))
    assert lengths == [1_000_001] and not taken()
    assert "AURA1_1.png" in (drop / "AURA1_1.png.failed").read_text()


def deep(folder: Path) -> None:
    """Deeper than Python may call itself."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("a", dir_fd=here)
        inner = os.open("a", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)


BAD = {
    "bytes that are no text": lambda drop: open(os.fsencode(drop) + b"/AAAA\xff_1.png", "wb").close(),
    "a name that no report fits": lambda drop: (drop / f"{'A' * 250}.png").touch(),
    "a folder where the report is to be": lambda drop: (
        (drop / "AAAA1.png").touch(),
        (drop / "AAAA1.png.failed/x").mkdir(parents=True),
    ),
    "folders without end": deep,
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_what_nothing_can_be_told_of_keeps_no_other_waiting(inbox, drop, bad):
    bad(drop)
    (drop / "ZULU1_1.png").write_bytes(photo())
    for _ in range(2):
        inbox.poll()
    assert taken() == ["ZULU1"] and (drop / "ZULU1_1.png.done").exists()


def test_a_name_forges_no_line_of_log_or_report(inbox, drop, caplog):
    name = "AURA1.png\nssh-ed25519 AAAA\nINFO pipeline: all is well.png"
    (drop / name).touch()
    inbox.poll()
    inbox.poll()
    assert len((drop / f"{name}.failed").read_text().splitlines()) == 1
    assert caplog.records and all("\n" not in record.getMessage() for record in caplog.records)
