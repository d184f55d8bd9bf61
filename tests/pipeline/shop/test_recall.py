"""What a manager does about a published frame, and who may fetch its files."""

import io
import zipfile
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.core import signing
from django.urls import reverse

from accounts.roles import ROLES
from pipeline import processing
from pipeline.engines import object_store
from pipeline.models import Frame, Rejection, Rendition
from pipeline.shop import files, publish, withdraw
from pipeline.shop.recall import RecallError, recall
from pipeline.states import State
from tests.factories import sold
from tests.pipeline.conftest import photo
from tests.services import bucket_of


@pytest.fixture
def published(batch, services) -> Frame:
    return sold(batch, "AURA1")


def in_bucket() -> set[str]:
    return {item.key for item in bucket_of("published").objects.all()}


def address(frame: Frame, name: str = "AURA1_1_white.jpg") -> str:
    return reverse("published-file", args=[frame.pk, name])


def test_withdrawn_by_a_manager_it_leaves_the_shop_and_waits_for_nobody(published):
    recall("withdraw", published, published.version, actor="maria", why="sold out")
    withdraw.run(published.pk)
    published.refresh_from_db()
    assert (published.state, in_bucket()) == (State.WITHDRAWN, set())
    told = published.transitions.get(target=State.WITHDRAWING)
    assert (told.actor, told.why) == ("maria", "sold out")


def test_whoever_sent_it_reads_why_it_was_withdrawn_and_gets_from_its_tile_to_the_product(published, sign_in):
    recall("withdraw", published, published.version, actor="maria", why="licence of the logo")
    withdraw.run(published.pk)
    address = reverse("admin:pipeline_batch_change", args=[published.batch_id])
    page = sign_in("uploader").get(address).content.decode()
    assert "Licence of the logo" in page and f'href="{reverse("product", args=["AURA1"])}"' in page


def test_withdrawn_it_gives_way_to_a_newer_photo(published, received, matter):
    recall("withdraw", published, published.version, actor="maria", why="sold out")
    withdraw.run(published.pk)
    newer = processing.run(received(data=photo(60)).pk)
    assert newer
    publish.run(newer.pk)
    published.refresh_from_db()
    assert published.state == State.SUPERSEDED


def test_reviewed_again_it_stays_in_the_shop_and_is_due_for_a_look(published):
    before = in_bucket()
    recall("review", published, published.version, actor="maria", why="haze?")
    published.refresh_from_db()
    assert (published.state, published.audit_due, in_bucket()) == (State.PUBLISHED, "asked", before)
    assert published.transitions.last().why == "to be looked at again: haze?"


def test_a_rejected_frame_comes_back_into_the_queue_for_the_reasons_it_had(published, batch, sign_in):
    frame = Frame.objects.create(
        batch=batch,
        code="AURA2",
        view="front",
        filename="AURA2_1.jpg",
        sha256="2",
        state=State.REJECTED,
        reasons=["halo"],
    )
    Rejection.objects.create(frame=frame, needs_photo=False, by="olga", at=frame.state_since)
    page = reverse("admin:pipeline_frame_change", args=[frame.pk])
    maria = sign_in("manager")
    assert b"Rejected: not in the shop" in maria.get(page).content
    maria.post(reverse("review-again", args=[frame.pk]), {"version": frame.version, "why": "cut out by hand"})
    frame.refresh_from_db()
    assert (frame.state, frame.reasons) == (State.EXCEPTION, ["halo"]) and not Rejection.objects.exists()
    assert frame.transitions.get(target=State.EXCEPTION).why == "to be looked at again: cut out by hand"
    assert reverse("review-again", args=[frame.pk]) not in sign_in("operator").get(page).content.decode()


def test_what_was_drawn_by_chance_is_looked_at_before_it_is_withdrawn(published):
    published.audit_due = "drawn"
    with pytest.raises(RecallError, match="Reject it in the workbench"):
        recall("withdraw", published, published.version, actor="maria", why="looks bad")


def test_what_was_drawn_by_chance_stays_drawn(published):
    Frame.objects.update(audit_due="drawn")
    published.refresh_from_db()
    recall("review", published, published.version, actor="maria", why="haze?")
    assert Frame.objects.get().audit_due == "drawn"


@pytest.mark.parametrize(("version", "why"), [(7, "sold out"), (None, "")])
def test_an_old_page_or_no_reason_changes_nothing(published, version, why):
    version = published.version if version is None else version
    for kind in ("withdraw", "review"):
        with pytest.raises(RecallError, match=r"[Nn]othing was changed"):
            recall(kind, published, version, actor="maria", why=why)
    published.refresh_from_db()
    assert (published.state, published.audit_due) == (State.PUBLISHED, "")


@pytest.mark.parametrize("role", ["uploader", "operator", "manager", "admin", "nobody"])
def test_files_are_for_whom_the_roles_table_says_and_withdrawing_is_for_managers(role, published, sign_in):
    browser = sign_in(role)
    may, may_download = role in ("manager", "admin"), "pipeline.download" in ROLES.get(role, ())
    for page in (address(published), reverse("download-all", args=[published.pk])):
        assert browser.get(page).status_code == (HTTPStatus.OK if may_download else HTTPStatus.FORBIDDEN)
    answer = browser.post(reverse("withdraw", args=[published.pk]), {"version": published.version, "why": "sold out"})
    assert (Frame.objects.get().state == State.WITHDRAWING) == may == (answer.status_code == HTTPStatus.FOUND)


def test_the_archive_holds_every_file_as_the_shop_has_it(published, sign_in):
    answer = sign_in("manager").get(reverse("download-all", args=[published.pk]))
    assert answer.streaming and answer["Content-Disposition"] == 'attachment; filename="AURA1_1.zip"'
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        found = {f"AURA1/{name}": archive.read(name) for name in archive.namelist()}
    assert found == {key: object_store.load_published(key) for key in in_bucket() if not key.endswith("json")}


def test_no_more_than_one_file_of_an_archive_is_read_ahead(published, monkeypatch):
    read = []
    monkeypatch.setattr(files, "load", lambda file: read.append(file.name) or b"x")
    parts = files.archive(files.of(published))
    next(parts)
    assert len(read) == 1


def test_a_link_is_for_anybody_for_seven_days_and_ends_with_the_file(published, client, monkeypatch):
    file = published.renditions.get(variant="white", extension="jpg")
    link = reverse("passed-on", args=[files.sign(file)])
    assert client.get(link).content == object_store.load_published(file.key)
    monkeypatch.setattr(files, "LINK_LASTS", timedelta(seconds=-1))
    assert client.get(link).status_code == HTTPStatus.NOT_FOUND
    monkeypatch.undo()
    Frame.objects.update(state=State.WITHDRAWING)
    assert client.get(link).status_code == HTTPStatus.NOT_FOUND


def test_a_token_for_something_else_opens_nothing(published, client):
    forged = signing.dumps([published.pk, "AURA1_1_white.jpg"], salt="something else")
    assert client.get(reverse("passed-on", args=[forged])).status_code == HTTPStatus.NOT_FOUND


def test_another_frames_file_under_the_same_name_is_not_given_for_this_one(published, sign_in):
    object_store.put_published("AURA1/AURA1_1_white.jpg", b"of a newer photo")
    assert sign_in("manager").get(address(published)).status_code == HTTPStatus.NOT_FOUND


def test_a_store_that_does_not_answer_is_told_in_words(published, sign_in, monkeypatch):
    def away(key: str) -> bytes:
        raise object_store.ObjectStoreError("away")

    monkeypatch.setattr(object_store, "load_published", away)
    browser = sign_in("manager")
    for page in (address(published), reverse("download-all", args=[published.pk])):
        assert browser.get(page).status_code == HTTPStatus.SERVICE_UNAVAILABLE
    Rendition.objects.update(width=None, height=None)
    assert browser.get(f"/admin/pipeline/frame/{published.pk}/change/").status_code == HTTPStatus.OK


def test_what_was_published_before_sizes_were_noted_gets_them_when_it_is_looked_at(published, sign_in):
    Rendition.objects.update(width=None, height=None)
    page = sign_in("manager").get(f"/admin/pipeline/frame/{published.pk}/change/").content.decode()
    assert page.count("12 × 9 px") == Rendition.objects.filter(width=12, height=9).count() == 5
