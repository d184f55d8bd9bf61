"""Large pictures are made when they are asked for: of attempts that were, and only so many are kept."""

from http import HTTPStatus

import pytest

from pipeline import naming, pictures, work_files
from pipeline.cutout.relight import IDENTITY
from pipeline.engines import object_store
from pipeline.imaging.pictures import previews
from pipeline.models import Frame
from pipeline.states import State
from tests.factories import scorecard
from tests.pipeline.conftest import ColourKeyMatter, photo


@pytest.fixture
def frame(received):
    """A frame with one attempt behind it."""
    frame = received("A_2.png", photo())
    Frame.objects.filter(pk=frame.pk).update(state=State.EXCEPTION, attempt=1, product_class="eyewear")
    frame.refresh_from_db()
    rgb = work_files.original_photo(frame)
    work_files.save_matte(frame, rgb, ColourKeyMatter().matte(rgb).alpha)
    scorecard(frame, width=640, height=480, enhancer=IDENTITY)
    return frame


def made(frame):
    return object_store.list_work(naming.made_prefix(frame.pk))


@pytest.mark.parametrize("attempt", [0, 2, 90000])
@pytest.mark.parametrize("name", ["photo.jpg", "mask.png"])
def test_nothing_is_made_for_an_attempt_that_never_was(attempt, name, frame, sign_in):
    page = f"/frames/{frame.pk}/{attempt}/{name}"
    operator = sign_in("operator")
    assert operator.get(page).status_code == HTTPStatus.NOT_FOUND
    answer = operator.get(page, headers={"if-none-match": f'"{frame.pk}/{attempt}/{name}"'})
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert made(frame) == []


def test_nothing_is_made_for_a_frame_that_never_was(frame, sign_in):
    assert sign_in("operator").get("/frames/999/1/photo.jpg").status_code == HTTPStatus.NOT_FOUND
    assert object_store.list_work("999/") == []


def test_what_an_attempt_comes_to_is_not_kept_while_a_worker_is_at_it(frame, sign_in):
    Frame.objects.filter(pk=frame.pk).update(state=State.PROCESSING)
    assert sign_in("operator").get(f"/frames/{frame.pk}/1/photo.jpg").status_code == HTTPStatus.NOT_FOUND
    assert made(frame) == []


def test_an_earlier_attempts_photo_is_the_one_that_it_was_cut_out_of(frame, sign_in):
    before = previews.full_photo(work_files.original_photo(frame))
    Frame.objects.filter(pk=frame.pk).update(attempt=2)
    scorecard(Frame.objects.get(pk=frame.pk), enhancer="another")
    assert sign_in("operator").get(f"/frames/{frame.pk}/1/photo.jpg").content == before


def test_only_the_latest_pictures_are_kept_whatever_is_asked_for(frame, sign_in, monkeypatch):
    monkeypatch.setattr(pictures, "MOST_MADE", 20)
    operator = sign_in("operator")
    assert operator.get(f"/frames/{frame.pk}/1/photo.jpg").status_code == HTTPStatus.OK
    for place in (300.0, 310.0, 320.0):
        shown = pictures.make_shop_pictures(frame, place)
    assert len(shown) == 8 and len(made(frame)) == 20
    for picture in shown:
        assert operator.get(f"/frames/{frame.pk}/1/{picture.name}").status_code == HTTPStatus.OK
    # What was let go is made again when somebody wants it.
    assert operator.get(f"/frames/{frame.pk}/1/photo.jpg").status_code == HTTPStatus.OK
