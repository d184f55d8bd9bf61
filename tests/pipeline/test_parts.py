"""Large photos by the upload page: in parts through the web process, each kept once."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from pipeline import naming, parts
from pipeline.engines import object_store
from pipeline.models import Batch, Frame
from tests.pipeline.conftest import photo

SMALL = photo(30)
BIG = SMALL + bytes(parts.PART_BYTES)
ABOUT = {"name": "Spring", "product_class": "watch"}


@pytest.fixture
def sender(sign_in, services) -> Iterator[Client]:
    yield sign_in("uploader")
    for key in object_store.list_work(naming.UPLOADS):
        object_store.delete_work(key)


def begin(sender: Client, size: int, name: str = "A1_1.png", **more: str) -> Any:
    return sender.post("/uploads/", {**ABOUT, "filename": name, "size": size, **more})


def put(sender: Client, upload: str, number: int, data: bytes) -> int:
    return sender.post(f"/uploads/{upload}/{number}", {"part": SimpleUploadedFile("part", data)}).status_code


def sent(sender: Client, data: bytes, name: str = "A1_1.png") -> str:
    upload = begin(sender, len(data), name).json()["upload"]
    for number, start in enumerate(range(0, len(data), parts.PART_BYTES), start=1):
        assert put(sender, upload, number, data[start : start + parts.PART_BYTES]) == 200
    return f"/uploads/{upload}"


def receipt(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.content
    return answer.json()["receipts"][0]


def test_a_photo_in_parts_is_taken_whole_and_a_second_time_told_as_there(sender):
    assert receipt(sender.post(f"{sent(sender, BIG)}/complete"))["outcome"] == "taken"
    frame = Frame.objects.get()
    assert (frame.code, frame.view, frame.batch.name) == ("A1", "front", "Spring")
    assert object_store.load_work(f"{frame.pk}/original") == BIG
    assert receipt(sender.post(f"{sent(sender, BIG)}/complete"))["outcome"] == "duplicate"
    assert object_store.list_work(naming.UPLOADS) == []


def test_what_was_begun_goes_on_where_it_stopped(sender):
    upload = begin(sender, len(BIG)).json()["upload"]
    assert put(sender, upload, 2, BIG[parts.PART_BYTES :]) == 200
    assert sender.get(f"/uploads/{upload}").json() == {"there": [2], "part_bytes": parts.PART_BYTES}
    refused = sender.post(f"/uploads/{upload}/complete")
    assert refused.status_code == 409 and "2 of 2" in refused.json()["detail"]
    assert put(sender, upload, 1, BIG[: parts.PART_BYTES]) == 200
    assert receipt(sender.post(f"/uploads/{upload}/complete"))["outcome"] == "taken"
    assert sender.get(f"/uploads/{upload}").status_code == 410
    assert sender.post(f"/uploads/{upload}/complete").status_code == 410


def test_a_part_has_the_bytes_that_were_told_and_no_others(sender):
    upload = begin(sender, len(BIG)).json()["upload"]
    assert [put(sender, upload, number, b"x") for number in (0, 1, 2, 3)] == [400] * 4
    assert sender.post(f"/uploads/{upload}/1").status_code == 400
    assert sender.get(f"/uploads/{upload}").json()["there"] == []


def test_what_is_held_is_answered_under_another_name_too_without_a_byte_sent_again(sender):
    sender.post(f"{sent(sender, SMALL)}/complete")
    where = sent(sender, SMALL, "A2_1.png")
    assert receipt(sender.post(f"{where}/complete"))["outcome"] == "held"
    assert sender.get(where).json()["there"] == [1]
    assert receipt(sender.post(f"{where}/complete", {"filename": "A1_1.png"}))["outcome"] == "duplicate"


def test_what_can_not_be_taken_is_told_before_a_part_is_sent(sender, settings):
    settings.MAX_PHOTO_BYTES = 1_000_000
    told = [receipt(begin(sender, 1_000_001)), receipt(begin(sender, 10, "IMG.png"))]
    assert [answer["outcome"] for answer in told] == ["rejected", "rejected"]
    assert [answer["isMisnamed"] for answer in told] == [False, True]
    assert begin(sender, 10, product_class="boat").json()["detail"].startswith("Product class 'boat'")
    assert begin(sender, 0).status_code == 400
    assert not Batch.objects.exists()


def test_nobody_else_adds_to_it_and_no_id_is_made_up_or_lasts_for_ever(sender, sign_in, monkeypatch):
    upload = begin(sender, len(SMALL)).json()["upload"]
    User.objects.update(username="somebody")
    other = sign_in("uploader")
    assert put(other, upload, 1, SMALL) == other.get(f"/uploads/{upload}").status_code == 404
    assert other.post(f"/uploads/{upload}/complete").status_code == 404
    assert put(sender, f"{upload}x", 1, SMALL) == 410
    monkeypatch.setattr(parts, "KEPT", timedelta(seconds=-1))
    assert put(sender, upload, 1, SMALL) == 410


def test_a_store_that_is_away_is_told_as_passing(sender, monkeypatch):
    upload = begin(sender, len(SMALL)).json()["upload"]

    def away(*_: object) -> None:
        raise object_store.ObjectStoreError("away")

    monkeypatch.setattr(object_store, "put_part", away)
    assert put(sender, upload, 1, SMALL) == 502
