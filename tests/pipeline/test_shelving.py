"""Batches that are done with: which door says what of a closed one, who may, and what can't be deleted."""

from http import HTTPStatus

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from pipeline import intake, shelving
from pipeline.inbox import watch
from pipeline.inbox.places import Folder
from pipeline.models import Batch, Frame
from pipeline.states import State
from tests.pipeline.conftest import photo

LIST = "/admin/pipeline/batch/"
pytestmark = pytest.mark.django_db


def add(batch: Batch, code: str, state: State, **fields: object) -> Frame:
    about = {"filename": f"{code}_1.png", "code": code, "view": "front", "sha256": code}
    return Frame.objects.create(batch=batch, state=state, **about, **fields)


def act(client, batch, kind):
    return client.post(f"/batches/{batch.pk}/{kind}", follow=True).content.decode()


@pytest.fixture
def mine(sign_in):
    """An uploader's browser, and a batch of theirs."""
    client = sign_in("uploader")
    return client, intake.open_batch("Mine", "watch", User.objects.get(username="uploader"))


def test_a_closed_batch_takes_no_photo_by_any_door_and_says_so(services, mine, tmp_path):
    client, batch = mine
    first = intake.receive(batch, "A_1.png", photo()).frame
    assert "Mine is closed: it takes no more photos" in act(client, batch, "close")
    with pytest.raises(intake.RejectedError, match=r"B_1\.png: Batch 'Mine' is closed\. Send it into another"):
        intake.receive(batch, "B_1.png", photo(9))
    form = {"name": "Mine", "product_class": "watch", "photos": [SimpleUploadedFile("B_1.png", photo(9))]}
    assert "Batch &#x27;Mine&#x27; is closed." in client.post(f"{LIST}add/", form).content.decode()
    folder = tmp_path / "watch" / "Mine"
    folder.mkdir(parents=True)
    (folder / "B_1.png").write_bytes(photo(9))
    inbox = watch.Inbox(Folder(tmp_path))
    inbox.poll()
    inbox.poll()
    assert "Batch 'Mine' is closed." in (folder / "B_1.png.failed").read_text()
    assert list(batch.frames.all()) == [first]
    assert intake.receive(batch, "A_1.png", photo()).is_duplicate
    assert "Add photos" not in client.get(f"{LIST}{batch.pk}/change/").content.decode()
    act(client, batch, "reopen")
    assert not intake.receive(batch, "B_1.png", photo(9)).is_duplicate
    assert "Add photos" in client.get(f"{LIST}{batch.pk}/change/").content.decode()


def test_an_archived_batch_is_listed_only_when_asked_for_and_reopening_brings_it_back(mine):
    client, batch = mine
    add(batch, "A", State.PUBLISHED)
    assert "Mine is archived" in act(client, batch, "archive")
    assert "Mine" not in client.get(LIST).content.decode()
    assert "Mine" in client.get(f"{LIST}?archived=yes").content.decode()
    batch.refresh_from_db()
    assert batch.closed_at and batch.frames.count() == 1
    act(client, batch, "reopen")
    assert "Mine" in client.get(LIST).content.decode()
    assert "Mine" not in client.get(f"{LIST}?archived=yes").content.decode()


@pytest.mark.parametrize("state", [State.RECEIVED, State.PROCESSING, State.EXCEPTION, State.WITHDRAWING])
def test_what_is_not_through_is_not_archived(state, mine):
    client, batch = mine
    add(batch, "A", state)
    assert "Mine is not through" in act(client, batch, "archive")
    batch.refresh_from_db()
    assert batch.archived_at is None and batch.closed_at is None


def test_only_who_opened_a_batch_and_managers_close_it(mine, sign_in):
    _, batch = mine
    Batch.objects.update(created_by=None)
    client = sign_in("other uploader")
    User.objects.get(username="other uploader").groups.set(User.objects.get(username="uploader").groups.all())
    assert "was not opened by you" in act(client, batch, "close")
    assert "Close or archive" not in client.get(f"{LIST}{batch.pk}/change/").content.decode()
    Batch.objects.update(created_by=User.objects.create_user("somebody"))
    assert client.post(f"/batches/{batch.pk}/close").status_code == HTTPStatus.NOT_FOUND
    assert Batch.objects.get().closed_at is None
    act(sign_in("manager"), batch, "close")
    assert Batch.objects.get().closed_at


def test_a_batch_without_photos_is_deleted_by_a_manager_and_by_nobody_else(mine, sign_in):
    client, batch = mine
    assert client.post(f"/batches/{batch.pk}/delete").status_code == HTTPStatus.FORBIDDEN
    manager = sign_in("manager")
    assert "Mine is deleted." in act(manager, batch, "delete")
    assert not Batch.objects.exists()
    log = LogEntry.objects.get()
    assert (log.object_repr, log.user.username) == ("Mine", "manager")


@pytest.mark.parametrize("state", [State.PUBLISHED, State.REMOVED, State.REJECTED, State.PURGED])
def test_a_batch_that_had_a_photo_stays_with_its_history(state, mine, sign_in):
    _, batch = mine
    add(batch, "A", state)
    manager = sign_in("manager")
    assert "Mine has photos, whose history stays. Archive it instead." in act(manager, batch, "delete")
    assert Frame.objects.get().batch == batch
    assert "Mine is archived" in act(manager, batch, "archive")


def test_a_photo_that_comes_while_a_batch_is_archived_is_taken_before_or_not_at_all(services, mine):
    _, batch = mine
    shelving.archive(batch)
    with pytest.raises(intake.RejectedError, match="is closed"):
        intake.receive(batch, "A_1.png", photo())


def test_photos_that_failed_come_first_on_the_page_of_a_batch(mine):
    client, batch = mine
    add(batch, "A", State.PUBLISHED)
    add(batch, "B", State.EXCEPTION)
    add(batch, "C", State.EXCEPTION, cause="attempts are spent")
    add(batch, "D", State.UNREADABLE, cause="cut off")
    answer = client.get(f"{LIST}{batch.pk}/change/")
    assert [frame.code for frame, _ in answer.context["tiles"]] == ["C", "D", "A", "B"]
    assert "Photos that failed come first." in answer.content.decode()
