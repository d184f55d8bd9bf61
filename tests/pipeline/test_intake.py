import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from PIL import ImageFile

from pipeline import intake, naming, processing, removal
from pipeline.engines import object_store
from pipeline.models import Batch, Frame
from pipeline.states import State
from tests.imaging.pictures.test_decode import png_header
from tests.pipeline.conftest import photo


def test_a_received_photo_has_its_row_and_its_original(received):
    frame = received("aura1_2.png", photo(10))
    assert (frame.code, frame.view, frame.state) == ("AURA1", "angle", State.RECEIVED)
    assert object_store.load_work(naming.original_key(frame.pk)) == photo(10)


def test_the_same_photo_twice_in_a_batch_is_one_frame(batch, received):
    first = received("AURA1_1.png")
    again = intake.receive(batch, "aura1_1.PNG", photo())
    assert again.is_duplicate
    assert again.frame == first
    assert Frame.objects.count() == 1


def test_the_same_bytes_in_another_batch_are_another_frame(received):
    first = received("AURA1_1.png")
    other = intake.receive(intake.open_batch("Autumn", "eyewear"), "AURA1_1.png", photo())
    assert not other.is_duplicate
    assert other.frame != first


def test_a_wrong_name_leaves_nothing_behind(batch, buckets):
    with pytest.raises(intake.IntakeError, match=r"IMG_2034\.png: the view is not 1, 2 or 3"):
        intake.receive(batch, "IMG_2034.png", photo())
    assert not Frame.objects.exists()


def test_a_file_over_the_limit_is_told_the_limit(batch, settings):
    settings.MAX_PHOTO_BYTES = 1_000_000
    with pytest.raises(intake.IntakeError, match=r"A_1.jpg: the file has 2 MB; the limit is 1 MB"):
        intake.receive(batch, "A_1.jpg", bytes(2_000_000))


def test_a_photo_that_could_not_be_stored_is_taken_when_it_is_sent_again(batch, buckets, settings):
    storage = settings.STORAGES["work"]
    settings.STORAGES = settings.STORAGES | {
        "work": storage | {"OPTIONS": storage["OPTIONS"] | {"bucket_name": "not-there"}}
    }
    with pytest.raises(object_store.ObjectStoreError, match="not-there"):
        intake.receive(batch, "A_1.png", photo())
    processing.run(Frame.objects.get().pk)  # the reaper found it meanwhile
    settings.STORAGES = settings.STORAGES | {"work": storage}
    frame = intake.receive(batch, "A_1.png", photo()).frame
    assert (frame.state, Frame.objects.count()) == (State.RECEIVED, 1)
    assert object_store.load_work(naming.original_key(frame.pk)) == photo()


def test_a_batch_holds_one_product_class(db):
    intake.open_batch("Spring", "eyewear")
    with pytest.raises(intake.IntakeError, match="holds eyewear photos"):
        intake.open_batch("Spring", "watch")
    with pytest.raises(intake.IntakeError, match="expected one of eyewear, watch"):
        intake.open_batch("Shoes", "shoes")
    for name in ("", "B" * 101, "Spring\x00"):
        with pytest.raises(intake.IntakeError, match="at most 100 printable characters"):
            intake.open_batch(name, "eyewear")
    assert Batch.objects.count() == 1


def test_sending_a_photo_again_mends_an_upload_that_broke_off(batch, received):
    frame = received("AURA1_1.png")
    Frame.objects.filter(pk=frame.pk).update(state=State.UNREADABLE, reasons=["original-missing"], cause="broke off")
    again = intake.receive(batch, "AURA1_1.png", photo()).frame
    assert (again.state, again.cause) == (State.RECEIVED, "")


def test_what_was_removed_while_its_bytes_came_stays_removed(batch, buckets, monkeypatch):
    frame = intake.receive(batch, "A_1.png", photo()).frame
    Frame.objects.filter(pk=frame.pk).update(state=State.REMOVED, reasons=["original-missing"])
    intake._keep_original(frame, photo())
    assert Frame.objects.get().state == State.REMOVED


def test_a_photo_that_is_stored_only_after_a_worker_looked_for_it_is_taken_all_the_same(batch, buckets, monkeypatch):
    keep = object_store.keep_work

    def late(key, data):
        assert processing.run(Frame.objects.get().pk).state == State.UNREADABLE
        keep(key, data)

    monkeypatch.setattr(object_store, "keep_work", late)
    assert intake.receive(batch, "AURA1_1.png", photo()).frame.state == State.RECEIVED
    assert Frame.objects.get().state == State.RECEIVED


def test_a_worker_that_just_misses_a_photo_looks_again_when_it_has_said_so(received, matter, monkeypatch):
    frame = received("AURA1_1.png")
    with monkeypatch.context() as patch:
        patch.setattr(object_store, "load_work", missing)
        assert processing.run(frame.pk).state == State.RECEIVED
    assert processing.run(frame.pk).state == State.APPROVED


def missing(key):
    raise object_store.MissingObjectError(key)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "the file is empty"),
        (b"<html>not found</html>", "this is a web page"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "this HEIC picture can't be read"),
        (b"II*\0\x10\0\0\0CR\2\0", "this camera's RAW file can't be read"),
        (b"GIF89a" + bytes(40), "send JPEG, PNG, WebP, TIFF, AVIF, HEIC or DNG"),
        (png_header(30_000, 30_000), "megapixels"),
        (png_header(9, 9), "too small"),
        (photo()[:20], "cut off or damaged"),
    ],
)
def test_what_its_header_tells_is_refused_before_anything_is_kept(batch, buckets, data, why):
    with pytest.raises(intake.RejectedError, match=f"A_1.jpg: .*{why}"):
        intake.receive(batch, "A_1.jpg", data)
    assert not Frame.objects.exists()


def test_no_pixel_is_decoded_at_intake(batch, buckets, monkeypatch):
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda image: pytest.fail("decoded"))
    assert intake.receive(batch, "A_1.png", photo()).frame.state == State.RECEIVED


def test_a_readable_photo_of_the_same_name_closes_what_could_not_be_read(received, matter):
    damaged = processing.run(received("AURA1_1.png", photo()[:500]).pk)
    other = processing.run(received("AURA1_2.png", photo(50)[:500]).pk)
    with pytest.raises(intake.RejectedError, match="the same file was sent before, and could not be read"):
        received("AURA1_1.png", photo()[:500])
    received("AURA1_1.png")
    assert [Frame.objects.get(pk=frame.pk).state for frame in (damaged, other)] == ["superseded", "unreadable"]


def test_the_same_photo_under_another_name_is_taken_only_when_its_sender_said_whose_it_is(batch, received):
    first = received("AURA1_1.png")
    autumn = intake.open_batch("Autumn", "watch")
    with pytest.raises(
        intake.HeldError, match="this very photo is there as AURA1 front \\(in batch Spring, waiting"
    ) as held:
        intake.receive(autumn, "AURA2_1.png", photo())
    assert set(held.value.question.choices) == {"move", "share"} and Frame.objects.count() == 1
    both = intake.receive(autumn, "AURA2_1.png", photo(), meant=frozenset({"share"})).frame
    assert (both.code, Frame.objects.get(pk=first.pk).state) == ("AURA2", State.RECEIVED)
    moved = intake.receive(batch, "AURA3_1.png", photo(), meant=frozenset({"move"})).frame
    gone = Frame.objects.filter(state=State.REMOVED)
    assert {frame.code for frame in gone} == {"AURA1", "AURA2"} and moved.state == State.RECEIVED
    assert gone[0].transitions.last().why == "it belongs to AURA3 front"


def test_nothing_is_moved_or_replaced_that_its_sender_was_not_asked_about(batch, received):
    first = received("AURA1_1.png")
    received("AURA2_1.png", photo(60))
    known = {"meant": frozenset({"move", "replace"}), "about": frozenset({first.pk})}
    with pytest.raises(intake.HeldError, match="AURA2_1"):
        intake.receive(batch, "AURA2_1.png", photo(), **known)
    with pytest.raises(intake.HeldError, match="AURA2 front"):
        intake.receive(batch, "AURA1_1.png", photo(60), **known)
    assert set(Frame.objects.values_list("state", flat=True)) == {State.RECEIVED}


def test_a_photo_of_the_shop_is_not_moved_to_another_product(batch, received):
    first = received("AURA1_1.png")
    Frame.objects.filter(pk=first.pk).update(state=State.PUBLISHED)
    with pytest.raises(intake.HeldError) as held:
        intake.receive(batch, "AURA2_1.png", photo(), meant=frozenset({"move"}))
    assert set(held.value.question.choices) == {"share"}
    assert Frame.objects.get().state == State.PUBLISHED


def test_another_photo_of_one_name_in_a_batch_takes_its_place_only_when_told(batch, received):
    first = received("AURA1_1.png")
    with pytest.raises(intake.HeldError, match="this batch has another photo of AURA1 front: AURA1_1"):
        intake.receive(batch, "AURA1_1.jpg", photo(60))
    second = intake.receive(batch, "AURA1_1.jpg", photo(60), meant=frozenset({"replace"})).frame
    assert (Frame.objects.get(pk=first.pk).state, second.state) == (State.SUPERSEDED, State.RECEIVED)


@pytest.mark.parametrize("state", [State.REJECTED, State.UNREADABLE, State.REMOVED])
def test_a_photo_in_place_of_one_that_is_not_used_is_no_question(batch, received, state):
    Frame.objects.filter(pk=received("AURA1_1.png").pk).update(state=state)
    assert not intake.receive(batch, "AURA1_1.jpg", photo(60)).is_duplicate


@pytest.mark.django_db(transaction=True)
def test_of_two_photos_of_one_name_sent_at_once_only_one_is_taken(buckets):
    batch = intake.open_batch("Spring", "watch")
    start = threading.Barrier(2)

    def send(colour):
        start.wait()
        try:
            return bool(intake.receive(batch, "AURA1_1.png", photo(colour)))
        except intake.HeldError:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(send, (40, 60))) == [False, True]
    assert Frame.objects.count() == 1


def test_what_was_removed_can_be_sent_again_and_keeps_its_history(batch, received):
    first = received("AURA1_1.png")
    removal.remove(first, None)
    again = intake.receive(batch, "AURA1_1.png", photo())
    assert not again.is_duplicate and again.frame != first
    assert first.transitions.last().target == State.REMOVED


@pytest.mark.parametrize("state", [State.APPROVED, State.PUBLISHING, State.PUBLISHED])
def test_what_is_in_the_shop_or_on_its_way_is_not_removed(received, state):
    frame = received("AURA1_1.png")
    Frame.objects.filter(pk=frame.pk).update(state=state)
    frame.refresh_from_db()
    with pytest.raises(removal.RemovalError, match="a manager can withdraw"):
        removal.remove(frame, None)
