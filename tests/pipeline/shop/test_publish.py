"""Against a real S3: what a reader of the published bucket sees."""

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.db import OperationalError
from PIL import Image, ImageDraw

from pipeline import leases, naming, processing, reaper
from pipeline.engines import object_store
from pipeline.imaging.pictures import check, renditions
from pipeline.models import BridgeLabel, Frame, Listing
from pipeline.shop import listings, publish
from pipeline.states import State
from pipeline.transitions import StaleTransition, advance
from tests.imaging.scenes import angled_glasses
from tests.pipeline.conftest import photo
from tests.services import bucket_of
from tests.small_files import SIDE


def published_keys() -> set[str]:
    return {item.key for item in bucket_of("published").objects.all()}


def read(key: str) -> bytes:
    return object_store._read("published", key)


@pytest.fixture
def approved(received, matter) -> Callable[..., Frame]:
    def approve(filename: str = "AURA1_1.png", data: bytes | None = None) -> Frame:
        frame = processing.run(received(filename, data).pk)
        assert frame
        assert frame.state == State.APPROVED
        return frame

    return approve


def test_five_files_and_a_manifest_that_vouches_for_them(approved):
    frame = approved()
    publish.run(frame.pk)
    frame.refresh_from_db()
    manifest = json.loads(read("AURA1/AURA1_1.json"))
    assert frame.state == State.PUBLISHED and frame.published_at
    assert (manifest["frame"], manifest["code"], manifest["view"]) == (frame.pk, "AURA1", "front")
    assert {file["key"] for file in manifest["files"]} | {"AURA1/AURA1_1.json"} == published_keys()
    assert {file["variant"] for file in manifest["files"]} == {"transparent", "white"}
    assert all(len(read(file["key"])) == file["size"] for file in manifest["files"])
    assert frame.renditions.count() == 5


def test_files_carry_content_type_and_cache_headers(approved):
    publish.run(approved().pk)
    bucket = bucket_of("published")
    expected = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "json": "application/json"}
    for key in published_keys():
        assert bucket.Object(key).content_type == expected[key.rpartition(".")[2]]
        assert bucket.Object(key).cache_control


@pytest.mark.usefixtures("full_size")
def test_the_white_picture_is_a_square_of_pure_white_around_a_product_of_85_per_cent(approved):
    publish.run(approved().pk)
    picture = np.asarray(Image.open(io.BytesIO(read("AURA1/AURA1_1_white.png"))))
    columns = np.flatnonzero((picture < 250).any(axis=(0, 2)))
    assert picture.shape == (2000, 2000, 3)
    assert columns[-1] - columns[0] + 1 == pytest.approx(1700, abs=4)
    assert (picture[0] == 255).all()


def test_a_newer_photo_takes_the_place_of_the_older(approved):
    older, newer = approved(data=photo(30)), approved(data=photo(60))
    publish.run(older.pk)
    publish.run(newer.pk)
    older.refresh_from_db()
    assert older.state == State.SUPERSEDED
    assert json.loads(read("AURA1/AURA1_1.json"))["frame"] == newer.pk


def test_an_older_photo_that_comes_late_does_not_replace_the_newer(approved):
    older, newer = approved(data=photo(30)), approved(data=photo(60))
    advance(older, State.EXCEPTION, actor="test")
    publish.run(newer.pk)
    older.refresh_from_db()
    assert older.state == State.SUPERSEDED
    assert json.loads(read("AURA1/AURA1_1.json"))["frame"] == newer.pk


def test_files_that_the_newer_photo_does_not_have_go_with_the_older(approved):
    stale = naming.rendition_key("AURA1", "front", "half-glass", "jpg")
    object_store.put_published(stale, b"of an earlier frame")
    publish.run(approved().pk)
    assert stale not in published_keys()


def test_while_a_frame_is_being_published_another_of_the_same_names_waits(approved):
    first, second = approved(data=photo(30)), approved(data=photo(60))
    advance(first, State.PUBLISHING, actor="worker", lease=60)
    listings.take(listings.of(first), first)
    publish.run(second.pk)
    second.refresh_from_db()
    assert (second.state, second.faults) == (State.APPROVED, 0)
    assert published_keys() == set()


def test_names_held_by_a_dead_worker_can_be_taken(approved):
    first, second = approved(data=photo(30)), approved(data=photo(60))
    advance(first, State.PUBLISHING, actor="worker", lease=-1)
    listings.take(listings.of(first), first)
    publish.run(second.pk)
    second.refresh_from_db()
    assert second.state == State.PUBLISHED
    assert Listing.objects.get().frame == second


def test_a_worker_that_lost_its_lease_puts_no_manifest(approved, monkeypatch):
    frame = approved()
    put = object_store.put_published

    def lose_the_lease_after_the_first_file(key: str, data: bytes) -> None:
        put(key, data)
        Frame.objects.filter(pk=frame.pk).update(lease_until=None)

    monkeypatch.setattr(object_store, "put_published", lose_the_lease_after_the_first_file)
    publish.run(frame.pk)
    assert reaper.release_lapsed() == [frame]
    assert "AURA1/AURA1_1.json" not in published_keys()
    assert len(published_keys()) == 1


def test_while_files_change_no_manifest_promises_them(approved, monkeypatch):
    publish.run(approved(data=photo(30)).pk)
    newer = approved(data=photo(60))

    def fail(key: str, to: str) -> None:
        raise object_store.ObjectStoreError("bucket full")

    monkeypatch.setattr(object_store, "copy_published", fail)
    publish.run(newer.pk)
    newer.refresh_from_db()
    assert (newer.state, newer.faults) == (State.APPROVED, 1)
    assert "AURA1/AURA1_1.json" not in published_keys()


def test_a_store_that_keeps_failing_brings_the_frame_to_a_person(approved, settings, monkeypatch):
    settings.MAX_FAULTS = 1
    frame = approved()

    def fail(key: str) -> None:
        raise object_store.ObjectStoreError("bucket full")

    monkeypatch.setattr(object_store, "delete_published", fail)
    publish.run(frame.pk)
    frame.refresh_from_db()
    assert (frame.state, frame.reasons) == (State.EXCEPTION, ["publishing-failed"])
    assert "bucket full" in frame.cause


def test_a_lease_that_lapsed_is_not_revived_by_its_sleeping_holder(approved):
    frame = approved()
    advance(frame, State.PUBLISHING, actor="worker", lease=-1)
    assert not leases.renew(frame.pk, frame.version, 60)


def test_publishing_and_replacing_the_older_are_one_step(approved, monkeypatch):
    older, newer = approved(data=photo(30)), approved(data=photo(60))
    publish.run(older.pk)

    def die(frame: Frame) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(publish, "_supersede_older", die)
    publish.run(newer.pk)
    states = dict(Frame.objects.values_list("pk", "state"))
    assert states == {older.pk: State.PUBLISHED, newer.pk: State.PUBLISHING}


@pytest.mark.usefixtures("full_size")
def test_dust_far_from_the_product_does_not_shrink_it(approved):
    image = Image.open(io.BytesIO(photo()))
    ImageDraw.Draw(image).rectangle((620, 20, 626, 26), fill="black")
    dusty = io.BytesIO()
    image.save(dusty, "PNG")
    publish.run(approved(data=dusty.getvalue()).pk)
    picture = np.asarray(Image.open(io.BytesIO(read("AURA1/AURA1_1_white.png"))))
    columns = np.flatnonzero((picture < 250).any(axis=(0, 2)))
    assert columns[-1] - columns[0] + 1 == pytest.approx(1700, abs=4)


def resaved(data: bytes, change: Callable[[Image.Image], Image.Image], **options: Any) -> bytes:
    """The same file after somebody had it open."""
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(data)) as file:
        kept = {"format": file.format, "icc_profile": file.info["icc_profile"]}
        change(file).save(buffer, **kept | options)
    return buffer.getvalue()


def speck(picture: Image.Image) -> Image.Image:
    """Something in the corner that is hardly to be seen."""
    copy = picture.copy()
    copy.putpixel((2, 2), (255, 255, 255, 2) if picture.mode == "RGBA" else (250, 250, 250))
    return copy


def same(picture: Image.Image) -> Image.Image:
    return picture.copy()


def half(picture: Image.Image) -> Image.Image:
    return picture.reduce(2)


ARTIST = Image.Exif()
ARTIST[0x013B] = "who"
TAMPERED: dict[str, tuple[tuple[str, str], Callable[[Image.Image], Image.Image], dict[str, Any], str]] = {
    "grey background": (("white", "png"), speck, {}, "white.png has a background that is up to 5 grey levels off"),
    "dirty alpha": (("transparent", "webp"), speck, {}, "1 of them outside the product"),
    "too small": (("white", "jpg"), half, {}, f"white.jpg is {SIDE // 2} × {SIDE // 2} pixels"),
    "wrong profile": (("white", "jpg"), same, {"icc_profile": b"another"}, "doesn't carry the sRGB profile"),
    "EXIF left": (("transparent", "png"), same, {"exif": ARTIST}, "carries what nobody asked for: exif"),
}


@pytest.mark.parametrize("kind", TAMPERED)
def test_a_file_that_is_not_as_specified_is_held_and_nothing_is_published(approved, monkeypatch, kind):
    frame, made = approved(), renditions.encode_all
    name, change, options, words = TAMPERED[kind]

    def tampered(*asked: Any, **more: Any) -> dict[tuple[str, str], bytes]:
        files = made(*asked, **more)
        return {**files, name: resaved(files[name], change, **options)}

    monkeypatch.setattr(renditions, "encode_all", tampered)
    publish.run(frame.pk)
    frame.refresh_from_db()
    assert (frame.state, frame.reasons, frame.renditions.count()) == (State.EXCEPTION, ["off-spec"], 0)
    assert words in frame.cause and frame.cause.startswith("Nothing was published")
    assert published_keys() == set()


def test_the_files_of_before_stay_when_new_ones_are_not_as_specified(approved, monkeypatch):
    publish.run(approved(data=photo(30)).pk)
    before, newer = {key: read(key) for key in published_keys()}, approved(data=photo(60))
    monkeypatch.setattr(check, "faults_of", lambda *asked, **more: ["white.jpg can't be decoded"])
    publish.run(newer.pk)
    newer.refresh_from_db()
    assert newer.state == State.EXCEPTION
    assert {key: read(key) for key in published_keys()} == before


def test_a_put_needs_thirty_seconds_of_lease(approved):
    frame = approved()
    advance(frame, State.PUBLISHING, actor="worker", lease=20)
    with pytest.raises(StaleTransition, match="the lease was lost"):
        leases.require(frame, leases.LEFT_FOR_A_CALL)


def angled_photo() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(angled_glasses().rgb).save(buffer, "PNG")
    return buffer.getvalue()


def angled(received) -> Frame:
    frame = received("AURA1_2.png", angled_photo())
    Frame.objects.filter(pk=frame.pk).update(product_class="eyewear")
    return frame


def published_files(frame: Frame) -> dict[str, bytes]:
    """By the last part of each key: what stands in the bucket once the frame is published."""
    publish.run(frame.pk)
    assert Frame.objects.get(pk=frame.pk).state == State.PUBLISHED
    return {key.split("_2_")[1]: read(key) for key in published_keys() if "_2_" in key}


def aspect_on_white(png: bytes) -> float:
    is_product = np.asarray((np.asarray(Image.open(io.BytesIO(png))) < 250).any(axis=2))
    rows, columns = np.flatnonzero(is_product.any(1)), np.flatnonzero(is_product.any(0))
    return float((columns[-1] - columns[0] + 1) / (rows[-1] - rows[0] + 1))


def test_all_half_glass_files_follow_the_bridge_that_a_person_placed_and_no_others_do(received, matter):
    frame = processing.run(angled(received).pk)
    if frame.state == State.EXCEPTION:
        advance(frame, State.APPROVED, actor="test")
    found = published_files(frame)
    card = frame.scorecards.get()
    BridgeLabel.objects.create(frame=frame, attempt=1, bridge_x=card.bridge_x - 25, found_x=card.bridge_x, by="olga")
    Frame.objects.filter(pk=frame.pk).update(state=State.APPROVED)
    placed = published_files(frame)
    changed = {name for name in found if found[name] != placed[name]}
    assert len(found) == len(placed) == 8
    narrower = 1 - 25 / (card.bridge_x - card.product_box["x0"])  # the near half is the left one
    aspects = [aspect_on_white(files["half-glass.png"]) for files in (placed, found)]
    assert aspects[0] / aspects[1] == pytest.approx(narrower, rel=0.02)
    assert changed == {f"half-glass.{extension}" for extension in ("jpg", "png", "webp")}


def test_a_bridge_beside_the_product_waits_for_a_person_and_says_so(received, matter):
    frame = processing.run(angled(received).pk)
    BridgeLabel.objects.create(frame=frame, attempt=1, bridge_x=3, found_x=None, by="olga")
    Frame.objects.filter(pk=frame.pk).update(state=State.APPROVED)
    publish.run(frame.pk)
    frame.refresh_from_db()
    assert (frame.state, frame.reasons) == (State.EXCEPTION, ["empty-picture"])
    assert frame.cause.startswith("There is nothing of the product left of the bridge; move the bridge")
