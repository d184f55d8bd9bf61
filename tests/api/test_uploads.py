"""Big photos in parts: straight to the store by signed links, then taken in like any other."""

import urllib.error
import urllib.request
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from pipeline import naming, parts, shelving
from pipeline.engines import object_store
from pipeline.models import Batch, Frame
from tests.api.conftest import Program, problem
from tests.pipeline.conftest import photo

PHOTO = photo(30)


@pytest.fixture
def erp(program) -> Program:
    return program("uploader", "erp")


@pytest.fixture
def drop(erp, batch_of, services) -> Batch:
    return batch_of(erp)


def put(url: str, data: bytes) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, method="PUT")) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def start(erp: Program, drop: Batch, size: int, name: str = "AURA1_1.png"):
    return erp.post(f"/batches/{drop.pk}/uploads", {"name": name, "size": size})


def sent(erp: Program, drop: Batch, data: bytes, name: str = "AURA1_1.png") -> str:
    """An upload all parts of which are at the store: its address."""
    told = start(erp, drop, len(data), name).json()
    begin = 0
    for part in told["parts"]:
        assert put(part["url"], data[begin : begin + part["size"]]) == 200
        begin += part["size"]
    assert begin == len(data)
    return f"/uploads/{told['id']}"


def in_the_way() -> list[str]:
    """What is left of uploads at the store."""
    return object_store.list_work(naming.UPLOADS)


def test_a_photo_in_parts_is_taken_in_like_any_other(erp, drop, django_capture_on_commit_callbacks):
    big = PHOTO + bytes(parts.PART_BYTES)  # what follows a picture's end is no part of it
    with django_capture_on_commit_callbacks() as queued:
        answer = erp.post(f"{sent(erp, drop, big)}/complete")
    frame = Frame.objects.get()
    assert (answer.status_code, len(queued)) == (201, 1)
    assert answer.json() == {
        "batch": drop.pk,
        "receipts": [{"name": "AURA1_1.png", "outcome": "taken", "words": "", "frame": frame.pk}],
    }
    assert object_store.load_work(f"{frame.pk}/original") == big
    assert in_the_way() == []


def test_the_same_photo_is_a_duplicate_and_one_that_was_completed_is_gone(erp, drop):
    where = sent(erp, drop, PHOTO)
    first = erp.post(f"{where}/complete", idempotency_key="one").json()
    assert erp.post(f"{where}/complete", idempotency_key="one").json() == first
    assert problem(erp.post(f"{where}/complete"))[0] == 404
    again = erp.post(f"{sent(erp, drop, PHOTO)}/complete").json()["receipts"][0]
    assert (again["outcome"], again["frame"]) == ("duplicate", first["receipts"][0]["frame"])


def test_a_photo_that_two_names_want_is_held_and_completed_once_its_sender_has_said_which_is_meant(erp, drop):
    erp.post(f"{sent(erp, drop, PHOTO)}/complete")
    where = sent(erp, drop, PHOTO, "AURA2_1.png")
    held = erp.post(f"{where}/complete")
    assert problem(held)[0] == 422
    said = {"meant": ["share"], "about": held.json()["receipts"][0]["about"]}
    assert erp.post(f"{where}/complete", said).json()["receipts"][0]["outcome"] == "taken"


def test_it_is_complete_only_with_all_of_its_parts(erp, drop):
    told = start(erp, drop, len(PHOTO)).json()
    status, words = problem(erp.post(f"/uploads/{told['id']}/complete"))
    assert status == 409 and "none of 1" in words
    assert put(told["parts"][0]["url"], PHOTO) == 200
    assert erp.post(f"/uploads/{told['id']}/complete").status_code == 201


def test_a_link_takes_as_many_bytes_as_were_told_and_no_more(erp, drop):
    told = start(erp, drop, 10).json()
    assert [put(told["parts"][0]["url"], bytes(size)) for size in (11, 9)] == [403, 403]
    assert problem(erp.post(f"/uploads/{told['id']}/complete"))[0] == 409


def test_a_photo_that_is_too_big_or_misnamed_is_refused_before_any_of_it_is_sent(erp, drop, settings):
    settings.MAX_PHOTO_BYTES = 1_000_000
    assert problem(start(erp, drop, 1_000_001))[0] == 422
    status, words = problem(start(erp, drop, 10, "nameless.png"))
    assert status == 422 and "no view number" in words
    assert start(erp, drop, 1_000_000).status_code == 201


def test_a_closed_batch_takes_none_begun_before_or_not(erp, drop):
    address = sent(erp, drop, PHOTO)
    shelving.close(drop)
    closed = "Batch 'Drop' is closed. Send it into another batch, or have this one reopened on its page."
    assert problem(start(erp, drop, len(PHOTO))) == (409, closed)
    assert problem(erp.post(f"{address}/complete")) == (422, f"AURA1_1.png: {closed}")
    assert not Frame.objects.exists()


def test_what_is_no_photo_is_rejected_and_not_kept(erp, drop):
    answer = erp.post(f"{sent(erp, drop, b'<html>')}/complete")
    assert problem(answer)[0] == 422 and answer.json()["receipts"][0]["outcome"] == "rejected"
    assert not Frame.objects.exists() and in_the_way() == []


def test_links_are_given_anew(erp, drop):
    told = start(erp, drop, len(PHOTO))
    anew = erp.get(f"/uploads/{told.json()['id']}").json()
    assert told["Location"].endswith(f"/uploads/{anew['id']}")
    assert put(anew["parts"][0]["url"], PHOTO) == 200


def test_nobody_else_completes_it_and_no_id_is_made_up(erp, drop, program):
    where = sent(erp, drop, PHOTO)
    other = program("uploader", "other")
    assert [other.get(where).status_code, other.post(f"{where}/complete").status_code] == [404, 404]
    assert [erp.get(f"{where}x").status_code, erp.post(f"{where}x/complete").status_code] == [404, 404]
    assert erp.post(f"{where}/complete").status_code == 201


def test_a_store_that_does_not_answer_is_told(erp, drop, monkeypatch):
    where = sent(erp, drop, PHOTO)

    def away(*_: object) -> None:
        raise object_store.ObjectStoreError("away")

    with monkeypatch.context() as broken:
        for name in ("begin_parts", "parts_of"):
            broken.setattr(object_store, name, away)
        assert problem(start(erp, drop, 10))[0] == problem(erp.post(f"{where}/complete"))[0] == 503
    assert erp.post(f"{where}/complete").status_code == 201


def test_the_nightly_job_removes_what_nobody_completed_within_a_day(erp, drop, monkeypatch, capsys):
    object_store.remove_unfinished(naming.UPLOADS, timezone.now() + timedelta(days=2))  # of other tests
    where, told = sent(erp, drop, PHOTO), start(erp, drop, 10).json()
    object_store.save_work(f"{naming.UPLOADS}joined", PHOTO)
    call_command("nightly")
    assert erp.get(where).status_code == 200 and in_the_way() == [f"{naming.UPLOADS}joined"]
    tomorrow = timezone.now() + timedelta(days=1, minutes=1)
    monkeypatch.setattr(timezone, "now", lambda: tomorrow)
    call_command("nightly")
    assert "uploads in parts: 3" in capsys.readouterr().out and in_the_way() == []
    assert put(told["parts"][0]["url"], bytes(10)) == 404
