import re
from http import HTTPStatus

import boto3
import pytest
from botocore.config import Config
from django.core.files.uploadedfile import SimpleUploadedFile

from pipeline import jobs, naming
from pipeline.engines import object_store
from pipeline.models import Batch, Frame, Spec
from tests.pipeline.conftest import photo
from tests.services import free_ports

UPLOAD = "/admin/pipeline/batch/add/"


def send(client, *files, **headers):
    data = {"name": "Drop", "product_class": "watch", "photos": [SimpleUploadedFile(*file) for file in files]}
    return client.post(UPLOAD, data, headers=headers)


def test_each_photo_of_an_upload_gets_its_own_answer(services, sign_in):
    client = sign_in("uploader")
    files = [("A_1.png", photo(1)), ("a_1.png", photo(1)), ("IMG_77.png", photo(2))]
    answer = send(client, *files, accept="application/json").json()
    assert [receipt["outcome"] for receipt in answer["receipts"]] == ["taken", "duplicate", "rejected"]
    assert "expected {PRODUCT_CODE}_{VIEW}.ext" in answer["receipts"][2]["words"]
    assert Batch.objects.get(pk=answer["batch"]).frames.count() == 1
    assert Batch.objects.get().product_class == "watch"


def test_without_javascript_the_same_answers_are_on_the_page(services, sign_in):
    page = send(sign_in("uploader"), ("IMG_77.png", photo())).content.decode()
    assert "IMG_77.png" in page and "the view is not 1, 2 or 3" in page
    assert not Batch.objects.exists()  # none is opened for nothing


def test_without_javascript_what_is_held_is_answered_in_the_form(services, sign_in):
    client = sign_in("uploader")
    send(client, ("A_1.png", photo()))
    page = send(client, ("B_1.png", photo())).content.decode()
    assert (
        "this very photo is there as A front (in batch Drop, waiting in line)" in page
        and 'name="meant" value="move"' in page
    )
    files = [SimpleUploadedFile("B_1.png", photo())]
    asked = {"meant": ["move"], "about": [Frame.objects.get().pk]}
    client.post(UPLOAD, {"name": "Drop", "product_class": "watch", "photos": files, **asked})
    assert set(Frame.objects.values_list("code", "state")) == {("A", "removed"), ("B", "received")}


def test_an_answer_as_json_says_what_is_asked_and_what_may_be_said(services, sign_in):
    client = sign_in("uploader")
    send(client, ("A_1.png", photo()))
    [held] = send(client, ("A_1.jpg", photo(60)), accept="application/json").json()["receipts"]
    assert (held["outcome"], held["about"]) == ("held", [Frame.objects.get().pk])
    assert [choice["meant"] for choice in held["choices"]] == ["replace"] and "A_1.png" in held["words"]


def test_notes_and_files_of_the_system_are_skipped(services, sign_in):
    files = [("Thumbs.db", b"x"), ("notes.txt", b"x"), (".DS_Store", b"x")]
    answer = send(sign_in("uploader"), *files, accept="application/json").json()
    assert {receipt["outcome"] for receipt in answer["receipts"]} == {"skipped"} and not Batch.objects.exists()


def test_only_who_sent_a_photo_removes_it_and_who_manages(services, sign_in, settings):
    settings.SHARED_BATCHES = True
    manager, uploader = sign_in("manager"), sign_in("uploader")
    send(manager, ("A_1.png", photo()))
    address = f"/frames/{Frame.objects.get().pk}/remove"
    uploader.post(address)
    assert Frame.objects.get().state == "received"
    answer = manager.post(address, {"back": "https://elsewhere.example/"})
    assert answer.url.startswith("/admin/pipeline/batch/") and Frame.objects.get().state == "removed"


def test_an_upload_does_not_wait_for_any_processing(services, sign_in, monkeypatch):
    monkeypatch.setattr("pipeline.processing.run", lambda frame_id: pytest.fail("processed in the web process"))
    assert send(sign_in("uploader"), ("A_1.png", photo())).status_code == HTTPStatus.OK
    assert Frame.objects.get().state == "received"


def test_a_file_over_the_limit_is_refused_before_it_is_read(services, sign_in, settings, monkeypatch):
    settings.MAX_PHOTO_BYTES = 10
    monkeypatch.setattr(jobs, "submit", lambda *args: pytest.fail("read into memory"))
    answer = send(sign_in("uploader"), ("A_1.png", photo()), accept="application/json").json()
    assert "the limit is" in answer["receipts"][0]["words"]


def test_more_files_than_one_form_may_hold_are_refused_in_words(services, sign_in, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 1
    answer = send(sign_in("uploader"), ("A_1.png", photo()), ("B_1.png", photo()))
    assert answer.status_code == HTTPStatus.BAD_REQUEST and not Frame.objects.exists()
    assert "more than 1 files, so none was taken" in answer.content.decode()


def test_a_new_batch_is_offered_a_name_that_nobody_else_is_offered(db, sign_in):
    client, page = sign_in("uploader"), "/admin/pipeline/batch/add/"
    offered = re.search(r'value="(uploader, [^"]*, no. 1)"', client.get(page).content.decode())
    batch = Batch.objects.create(name=offered[1])
    assert offered[1] in client.get(page).content.decode()  # empty still: a large photo may go on into it
    Frame.objects.create(batch=batch, code="A", view="front", filename="A_1.png", sha256="a")
    assert offered[1].replace("no. 1", "no. 2") in client.get(page).content.decode()


def test_an_uploader_chooses_how_long_a_batch_s_pictures_are_kept(services, sign_in):
    client = sign_in("uploader")
    form = {"name": "Drop", "product_class": "watch", "keep_days": "90"}
    client.post(UPLOAD, form | {"photos": [SimpleUploadedFile("A_1.png", photo(1))]})
    batch = Batch.objects.get()
    assert batch.keep_days == 90
    more = client.get(f"/admin/pipeline/batch/{batch.pk}/change/").context["same_choices"]
    assert re.search(r'<option value="90"\s+selected>', client.get(f"{UPLOAD}?{more}").content.decode())
    send(client, ("B_1.png", photo(2)))
    assert batch.frames.count() == 2  # whoever says nothing doesn't mind
    refused = client.post(UPLOAD, form | {"keep_days": "30", "photos": [SimpleUploadedFile("C_1.png", photo(3))]})
    assert b"keep its pictures for 30 days; name another one" in refused.content and batch.frames.count() == 2
    assert client.post(UPLOAD, form | {"keep_days": "1"}).status_code == 400


def test_a_batch_of_another_class_refuses_the_photos_before_any_is_stored(services, sign_in):
    Batch.objects.create(name="Drop", product_class="eyewear")
    response = send(sign_in("uploader"), ("A_1.png", photo()), accept="application/json")
    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert "holds eyewear photos" in response.json()["detail"]
    assert not Frame.objects.exists()


def test_a_photo_whose_product_is_of_another_class_is_not_taken_without_a_word(services, sign_in):
    client = sign_in("uploader")
    send(client, ("A_1.png", photo(1)), accept="application/json")
    form = {"name": "Other", "product_class": "eyewear", "photos": [SimpleUploadedFile("A_2.png", photo(2))]}
    [receipt] = client.post(UPLOAD, form, headers={"accept": "application/json"}).json()["receipts"]
    assert receipt["outcome"] == "taken"
    assert receipt["words"] == "A is there as watch in batch Drop, and this batch holds eyewear photos"


def test_a_photo_whose_spec_replaces_files_of_another_one_is_not_taken_without_a_word(services, sign_in):
    client, older = sign_in("uploader"), Batch.objects.create(name="Older", product_class="watch")
    Frame.objects.create(batch=older, code="A", view="front", filename="A_1.png", sha256="a", state="published")
    form = {"name": "Newer", "product_class": "watch", "spec": "Amazon"}

    def words(name, photo):
        sent = form | {"photos": [SimpleUploadedFile(name, photo)]}
        return client.post(UPLOAD, sent, headers={"accept": "application/json"}).json()["receipts"][0]["words"]

    told = "A front’s files in the shop are made for House; those of this photo, for Amazon, replace them"
    assert words("A_1.png", photo(1)) == told
    assert not words("A_2.png", photo(2))
    form |= {"name": "By the same", "spec": "House"}
    assert not words("A_1.png", photo(3))
    made = Spec.objects.get(name="Amazon", version=1)
    Frame.objects.filter(batch=older).update(batch=Batch.objects.create(name="Amazon's", spec=made))
    Spec.objects.filter(name="Amazon").update(is_offered=False)
    Spec.objects.create(name="Amazon", version=2, document=made.document, is_offered=True)
    form |= {"name": "By the next version", "spec": "Amazon"}
    assert not words("A_1.png", photo(4))


@pytest.fixture
def picture(buckets, db):
    batch = Batch.objects.create(name="Spring")
    Frame.objects.create(pk=7, batch=batch, filename="A_1.png", code="A", view="front", sha256="a", attempt=1)
    object_store.save_work(naming.work_key(7, 1, "thumb.webp"), b"a thumb")
    object_store.save_work(naming.original_key(7), b"an original")
    return "/frames/7/1/thumb.webp"


def test_a_picture_is_private_immutable_and_sent_once(picture, sign_in):
    client = sign_in("operator")
    first = client.get(picture)
    assert (first.content, first["Content-Type"]) == (b"a thumb", "image/webp")
    assert first["Cache-Control"] == "private, max-age=31536000, immutable"
    assert client.get(picture, headers={"if-none-match": first["ETag"]}).status_code == HTTPStatus.NOT_MODIFIED


def test_a_picture_is_for_roles_only(picture, sign_in, client):
    assert sign_in("nobody").get(picture).status_code == HTTPStatus.FORBIDDEN
    assert client.get(picture).status_code == HTTPStatus.FOUND


@pytest.mark.parametrize(
    "path", ["/frames/7/1/original", "/frames/7/0/thumb.webp", "/frames/7/2/thumb.webp", "/frames/7/1/..%2Foriginal"]
)
def test_nothing_but_an_attempts_pictures_can_be_asked_for(picture, path, sign_in):
    assert sign_in("operator").get(path).status_code == HTTPStatus.NOT_FOUND


def test_a_picture_while_the_store_is_away_is_asked_for_later(picture, sign_in, monkeypatch):
    monkeypatch.setattr(object_store, "_client", lambda alias: (_client_to_nowhere(), "work"))
    assert sign_in("operator").get("/frames/7/1/thumb.webp").status_code == HTTPStatus.SERVICE_UNAVAILABLE


def test_a_photo_that_the_store_does_not_take_is_no_rejection(db, redis_server, sign_in, monkeypatch):
    monkeypatch.setattr(object_store, "_client", lambda alias: (_client_to_nowhere(), "work"))
    answer = send(sign_in("uploader"), ("A_1.png", photo()), accept="application/json").json()
    assert [receipt["outcome"] for receipt in answer["receipts"]] == ["failed"]


def _client_to_nowhere():
    nowhere = f"http://127.0.0.1:{free_ports(1)}"
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
    return boto3.client("s3", endpoint_url=nowhere, config=Config(retries={"total_max_attempts": 1}), **keys)
