import pytest

from pipeline import intake, naming, processing
from pipeline.engines import object_store
from pipeline.models import Batch, Frame
from pipeline.states import State
from tests.pipeline.conftest import photo


def test_a_received_photo_has_its_row_and_its_original(received):
    frame = received("aura1_2.png", photo(10))
    assert (frame.code, frame.view, frame.state) == ("AURA1", "angle", State.RECEIVED)
    assert object_store.load_work(naming.original_key(frame.pk)) == photo(10)


def test_the_same_bytes_twice_in_a_batch_are_one_frame(batch, received):
    first = received("AURA1_1.png")
    again = intake.receive(batch, "AURA2_1.png", photo())
    assert again.is_duplicate
    assert again.frame == first
    assert Frame.objects.count() == 1


def test_the_same_bytes_in_another_batch_are_another_frame(received):
    first = received("AURA1_1.png")
    other = intake.receive(intake.open_batch("Autumn", "eyewear"), "AURA1_1.png", photo())
    assert not other.is_duplicate
    assert other.frame != first


def test_a_wrong_name_leaves_nothing_behind(batch, buckets):
    with pytest.raises(intake.IntakeError, match="view 2034 is not 1, 2 or 3"):
        intake.receive(batch, "IMG_2034.png", photo())
    assert not Frame.objects.exists()


def test_a_file_over_the_limit_is_told_the_limit(batch, settings):
    settings.MAX_PHOTO_BYTES = 1_000_000
    with pytest.raises(intake.IntakeError, match=r"A_1.jpg: 2 MB; expected at most 1 MB"):
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
    Frame.objects.filter(pk=frame.pk).update(state=State.EXCEPTION, reasons=["original-missing"], cause="broke off")
    again = intake.receive(batch, "AURA1_1.png", photo()).frame
    assert (again.state, again.cause) == (State.RECEIVED, "")
