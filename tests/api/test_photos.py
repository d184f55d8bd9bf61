"""Photos in by the API, how far they are, and what each role may have of them."""

import hashlib
import urllib.error
import urllib.request

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from pipeline import queues
from pipeline.engines import object_store
from pipeline.models import Batch, Frame, Spec
from pipeline.states import State
from pipeline.words import REASON_WORDS
from tests import factories
from tests.api.conftest import V1, problem, waiting
from tests.pipeline.conftest import photo


@pytest.fixture
def erp(program):
    return program("uploader", "erp")


@pytest.fixture
def drop(erp, batch_of) -> Batch:
    return batch_of(erp)


def test_a_batch_is_opened_once_and_found_by_its_name_afterwards(erp):
    said = {"name": "Drop", "product_class": "watch"}
    first, again = erp.post("/batches", said), erp.post("/batches", said)
    assert (first.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert first["Location"].endswith(f"{V1}/batches/{first.json()['id']}")
    assert Batch.objects.get().created_by == erp.user
    status, words = problem(erp.post("/batches", said | {"product_class": "eyewear"}))
    assert status == 409 and "holds watch photos" in words


def test_a_batch_says_by_which_spec_it_is_published(erp):
    opened = erp.post("/batches", {"name": "Drop", "product_class": "watch", "spec": "Amazon"}).json()
    assert (opened["spec"], erp.get("/batches").json()["results"][0]["spec"]) == ("Amazon", "Amazon")
    status, words = problem(erp.post("/batches", {"name": "Other", "product_class": "watch", "spec": "Etsy"}))
    assert status == 409 and "expected one of Amazon, Google Merchant, House" in words


@pytest.mark.parametrize("names", [["AURA1_1.png"], ["AURA1_1.png", "AURA1_2.png", "AURA2_1.png"]])
def test_photos_are_taken_and_queued(erp, drop, services, names, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        answer = erp.send(drop, *names)
    assert answer.status_code == 201
    assert [(one["name"], one["outcome"]) for one in answer.json()["receipts"]] == [(name, "taken") for name in names]
    assert {one["frame"] for one in answer.json()["receipts"]} == set(Frame.objects.values_list("pk", flat=True))
    assert sum(queue.depth for queue in queues.look().queues) == len(names)


def test_each_photo_has_a_receipt_of_its_own(erp, drop, services):
    erp.send(drop, "AURA1_1.png")
    receipts = erp.send(drop, "AURA1_1.png", "nameless.png", "AURA3_1.png", "notes.txt").json()["receipts"]
    assert [one["outcome"] for one in receipts] == ["duplicate", "rejected", "taken", "skipped"]
    assert "no view number" in receipts[1]["words"]


def test_where_none_is_in_the_status_says_so_and_the_receipts_say_why(erp, drop, services):
    answer = erp.send(drop, "nameless.png")
    assert problem(answer)[0] == 422
    assert answer.json()["receipts"][0]["outcome"] == "rejected"
    assert problem(erp.send(drop))[0] == 400


def test_a_photo_that_two_names_want_is_held_until_its_sender_has_said_which_is_meant(erp, drop, services):
    erp.send(drop, "AURA1_1.png")
    held = erp.send(drop, "AURA2_1.png").json()["receipts"][0]
    assert held["outcome"] == "held" and {choice["meant"] for choice in held["choices"]} == {"move", "share"}
    file = SimpleUploadedFile("AURA2_1.png", photo(30), "image/png")
    said = {"photos": [file], "meant": "share", "about": held["about"]}
    headers = {"authorization": f"Bearer {erp.pair['access']}"}
    answer = erp.client.post(f"{V1}/batches/{drop.pk}/photos", said, headers=headers)
    assert answer.json()["receipts"][0]["outcome"] == "taken"


def test_a_store_that_does_not_answer_is_told_and_the_same_request_mends_it(erp, drop, services, monkeypatch):
    def away(*_: object) -> None:
        raise object_store.ObjectStoreError("away")

    with monkeypatch.context() as broken:
        broken.setattr(object_store, "save_work", away)
        answer = erp.send(drop, "AURA1_1.png", idempotency_key="one")
    assert problem(answer)[0] == 503 and answer["Retry-After"] == "5"
    assert erp.send(drop, "AURA1_1.png", idempotency_key="one").status_code == 201
    assert object_store.load_work(f"{Frame.objects.get().pk}/original") == photo(30)


def test_a_batch_tells_how_far_it_is(erp, drop):
    waiting(drop, "A")
    Frame.objects.create(batch=drop, filename="B_1.png", code="B", view="front", sha256="b")
    told = erp.get(f"/batches/{drop.pk}").json()
    assert (told["photos"], told["progress"]["review"], told["progress"]["in-line"]) == (2, 1, 1)
    assert told["is_moving"] and told["place"] == {"ahead": 0, "seconds": None}
    Frame.objects.update(state=State.PUBLISHED)
    assert not erp.get(f"/batches/{drop.pk}").json()["is_moving"]


def test_a_frame_says_why_it_waits_in_words_and_its_scorecard_to_those_alone_who_may_see_it(erp, drop, program):
    frame = waiting(drop, "A")
    factories.scorecard(frame)
    told = erp.get(f"/frames/{frame.pk}").json()
    assert (told["state_words"], told["reasons"][0]["code"]) == ("waiting for review", "haze")
    assert told["reasons"][0]["words"] == REASON_WORDS["haze"] and told["scorecard"] is None
    assert program("manager").get(f"/frames/{frame.pk}").json()["scorecard"]["confidence"] == 0.4321


def test_uploaders_see_their_own_alone(erp, drop, program, settings):
    frame = waiting(drop, "A")
    other = program("uploader", "other")
    seen = [f"/batches/{drop.pk}", f"/frames/{frame.pk}"]
    assert [other.get(path).status_code for path in seen] == [404, 404]
    assert other.get("/frames").json()["results"] == other.get("/batches").json()["results"] == []
    settings.SHARED_BATCHES = True
    assert [other.get(path).status_code for path in seen] == [200, 200]


@pytest.mark.parametrize(("role", "may"), [("uploader", True), ("operator", False), ("manager", True), ("admin", True)])
def test_what_a_role_may_download_is_the_same_by_page_archive_and_api(role, may, program, services, batch_of):
    asker = program(role)
    frame = factories.sold(batch_of(asker), "D")
    asker.client.force_login(asker.user)
    pages = [f"/frames/{frame.pk}/files/D_1_white.jpg", f"/frames/{frame.pk}/files.zip"]
    by_page = [asker.client.get(page).status_code == 200 for page in pages]
    by_api = [
        asker.get(path).status_code == 200 for path in (f"/frames/{frame.pk}/renditions", "/products/D/renditions")
    ]
    assert {*by_page, *by_api} == {may}


def test_finished_files_come_by_links_that_need_no_token(erp, drop, services):
    frame = factories.sold(drop, "D")
    told = erp.get(f"/frames/{frame.pk}/renditions").json()["renditions"]
    assert len(told) == 5
    for file in told:
        with urllib.request.urlopen(file["url"]) as answer:
            data = answer.read()
            assert answer.headers["Content-Type"] == file["content_type"]
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file["size"], file["sha256"])
    assert [file["name"] for file in erp.get("/products/d/renditions").json()["renditions"]] == [
        f["name"] for f in told
    ]


def test_files_are_told_and_fetched_by_the_names_of_their_spec(erp, drop, services):
    frame = factories.sold(drop, "D")
    path = f"/frames/{frame.pk}/renditions"
    first = erp.get(path)
    assert all(file["file_name"] == file["name"] for file in first.json()["renditions"])
    document = Spec.objects.get(name="House").document | {"file_name": "{code}-{view}.{variant}.{ext}"}
    Batch.objects.update(spec=Spec.objects.create(name="Shops", version=1, document=document))
    answer = erp.get(path, if_none_match=first["ETag"])
    assert answer.status_code == 200
    told = {file["name"]: file for file in answer.json()["renditions"]}["D_1_white.jpg"]
    assert told["file_name"] == "D-front.white.jpg"
    with urllib.request.urlopen(told["url"]) as fetched:
        assert fetched.headers["Content-Disposition"] == 'inline; filename="D-front.white.jpg"'
    names = {file["file_name"] for file in erp.get("/products/D/renditions").json()["renditions"]}
    assert names == {file["file_name"] for file in answer.json()["renditions"]}


def test_a_link_that_was_changed_opens_nothing(erp, drop, services):
    frame = factories.sold(drop, "D")
    url = erp.get(f"/frames/{frame.pk}/renditions").json()["renditions"][0]["url"]
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url.replace("transparent.png", "white.png"))


def test_links_are_signed_for_the_public_address(erp, drop, services, settings):
    settings.S3_PUBLIC_ENDPOINT_URL = "https://pictures.example"
    frame = factories.sold(drop, "D")
    told = erp.get(f"/frames/{frame.pk}/renditions").json()["renditions"]
    assert all(file["url"].startswith("https://pictures.example/mattegate-published/D/") for file in told)


def test_what_is_not_in_the_shop_has_no_files(erp, drop):
    frame = waiting(drop, "A")
    assert problem(erp.get(f"/frames/{frame.pk}/renditions"))[0] == problem(erp.get("/products/A/renditions"))[0] == 404


def test_a_read_that_has_not_changed_is_304(erp, drop, services):
    frame = factories.sold(drop, "D")
    paths = ["/batches", f"/batches/{drop.pk}", "/frames", f"/frames/{frame.pk}", f"/frames/{frame.pk}/renditions"]
    for path in paths:
        tag = erp.get(path)["ETag"]
        assert erp.get(path, if_none_match=tag).status_code == 304, path
    tag = erp.get(f"/frames/{frame.pk}")["ETag"]
    Frame.objects.update(state=State.WITHDRAWN)
    assert erp.get(f"/frames/{frame.pk}", if_none_match=tag).status_code == 200


@pytest.mark.parametrize("query", ["state=sold", "batch=x", "segment=a", "limit=0", "limit=201", "cursor=x", "batch=0"])
def test_a_query_that_can_not_be_understood_is_refused_with_what_is_wrong(erp, query):
    status, words = problem(erp.get(f"/frames?{query}"))
    assert status in (400, 404) and words


def test_an_address_that_leads_nowhere_and_a_wrong_method_are_problems_too(erp):
    assert problem(erp.get("/nothing"))[0] == problem(erp.get("/frames/x"))[0] == 404
    assert problem(erp.get(f"/frames/{10**30}"))[0] == 404
    assert problem(erp.post("/frames"))[0] == 405
