"""With a real bucket: what was published comes out again, whoever dies or interferes."""

from datetime import timedelta

import django_rq
import pytest
from django.utils import timezone

from pipeline import jobs, naming, processing, reaper
from pipeline.engines import object_store
from pipeline.engines.object_store import ObjectStoreError
from pipeline.models import Frame, Listing
from pipeline.shop import publish, withdraw
from pipeline.states import MENDED, ONCE_MORE, RENAMED, SENT_BACK, TURNED_DOWN, State
from pipeline.transitions import StaleTransition
from tests.pipeline.conftest import photo
from tests.services import bucket_of


@pytest.fixture
def published(received, matter):
    frame = received()
    processing.run(frame.pk)
    publish.run(frame.pk)
    frame.refresh_from_db()
    assert frame.state == State.PUBLISHED
    return frame


def keys(frame):
    names = {naming.manifest_key(frame.code, frame.view), *naming.rendition_keys(frame.code, frame.view)}
    return names & {item.key for item in bucket_of("published").objects.all()}


def test_a_withdrawn_frame_has_no_file_left_and_waits_for_a_person(published):
    assert keys(published)
    withdraw.withdraw(published, actor="olga", why="a temple is gone", then=SENT_BACK)
    withdraw.run(published.pk)
    published.refresh_from_db()
    assert (published.state, published.reasons, keys(published)) == (State.EXCEPTION, ["withdrawn"], set())
    assert not published.renditions.exists() and Listing.objects.get().frame is None


def test_the_manifest_goes_first(published, monkeypatch):
    deleted = []
    monkeypatch.setattr(object_store, "delete_published", deleted.append)
    withdraw.withdraw(published, actor="olga", why="", then=SENT_BACK)
    withdraw.run(published.pk)
    assert deleted[0] == naming.manifest_key(published.code, published.view) and len(deleted) > 1


def test_a_withdrawn_frame_can_be_published_again(published):
    withdraw.withdraw(published, actor="olga", why="", then=SENT_BACK)
    withdraw.run(published.pk)
    Frame.objects.update(state=State.APPROVED)
    publish.run(published.pk)
    published.refresh_from_db()
    assert published.state == State.PUBLISHED and keys(published)


@pytest.mark.parametrize(
    ("then", "state", "reasons", "is_queued"),
    [
        (MENDED, State.APPROVED, [SENT_BACK], True),
        (ONCE_MORE, State.RECEIVED, [SENT_BACK], True),
        (RENAMED, State.RECEIVED, [], True),
        (TURNED_DOWN, State.REJECTED, [], False),
        (SENT_BACK, State.EXCEPTION, [SENT_BACK], False),
        ("", State.WITHDRAWN, [], False),
    ],
)
def test_once_its_files_are_gone_it_goes_where_it_was_sent(then, state, reasons, is_queued, published, monkeypatch):
    queued = []
    monkeypatch.setattr(jobs, "enqueue", queued.append)
    withdraw.withdraw(published, actor="olga", why="", then=then)
    assert (published.state, bool(keys(published))) == (State.WITHDRAWING, True)
    jobs.withdraw(published.pk)
    published.refresh_from_db()
    assert (published.state, published.reasons, keys(published)) == (state, reasons, set())
    assert queued == [published] * is_queued


def test_a_bucket_that_is_away_is_asked_again_and_again(published, monkeypatch, caplog):
    withdraw.withdraw(published, actor="olga", why="", then=SENT_BACK)
    with monkeypatch.context() as patch:
        patch.setattr(object_store, "delete_published", _refuse)
        for _ in range(6):
            withdraw.run(published.pk)
    published.refresh_from_db()
    assert published.state == State.WITHDRAWING and "is still published" in caplog.text
    assert published not in reaper.waiting()
    Frame.objects.update(state_since=timezone.now() - timedelta(hours=1))
    assert published in reaper.waiting()
    withdraw.run(published.pk)
    published.refresh_from_db()
    assert published.state == State.EXCEPTION


def _refuse(key):
    raise ObjectStoreError("away")


def test_a_worker_that_died_midway_leaves_nothing_behind(published, monkeypatch):
    withdraw.withdraw(published, actor="olga", why="", then=SENT_BACK)
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(withdraw, "_finish", lambda *_: (_ for _ in ()).throw(SystemExit))
        withdraw.run(published.pk)
    withdraw.run(published.pk)
    published.refresh_from_db()
    assert (published.state, keys(published)) == (State.EXCEPTION, set())


@pytest.mark.parametrize("then", [MENDED, ONCE_MORE, TURNED_DOWN, SENT_BACK, ""])
def test_the_files_of_a_newer_photo_stay_and_the_older_one_gives_way(then, published, received):
    withdraw.withdraw(published, actor="olga", why="", then=then)
    newer = received(data=photo(60))
    processing.run(newer.pk)
    publish.run(newer.pk)
    withdraw.run(published.pk)
    published.refresh_from_db()
    newer.refresh_from_db()
    assert (published.state, newer.state) == (State.SUPERSEDED if then else State.WITHDRAWN, State.PUBLISHED)
    assert keys(newer) and Listing.objects.get().frame == newer
    assert not then or published.transitions.last().why == f"frame {newer.pk} is newer"


def test_nothing_is_published_under_names_that_are_being_withdrawn(published, received):
    withdraw.withdraw(published, actor="olga", why="", then=SENT_BACK)
    withdraw._take_listing(Frame.objects.get(pk=published.pk))
    newer = received(data=photo(60))
    processing.run(newer.pk)
    publish.run(newer.pk)
    newer.refresh_from_db()
    assert newer.state == State.APPROVED and "withdrawn" in newer.transitions.last().why


def test_a_frame_that_is_not_published_can_not_be_withdrawn(received):
    with pytest.raises(ValueError, match="no move"):
        withdraw.withdraw(received(), actor="olga", why="", then=SENT_BACK)


def test_of_two_withdrawals_the_second_is_stale(published):
    seen = Frame.objects.get(pk=published.pk)
    withdraw.withdraw(published, actor="olga", why="", then=SENT_BACK)
    with pytest.raises(StaleTransition):
        withdraw.withdraw(seen, actor="oskar", why="", then=SENT_BACK)


@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_is_queued_once(published, services):
    withdraw.withdraw(published, actor="olga", why="", then=SENT_BACK)
    jobs.enqueue(published)
    jobs.enqueue(published)
    assert django_rq.get_queue("publish").count == 1


@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_goes_ahead_of_what_waits_to_be_published(published, received, services):
    waiting = received("AURA2_1.png", photo(50))
    Frame.objects.filter(pk=waiting.pk).update(state=State.APPROVED)
    waiting.refresh_from_db()
    jobs.enqueue(waiting)
    withdraw.withdraw(published, actor="olga", why="", then=SENT_BACK)
    jobs.enqueue(published)
    first, second = django_rq.get_queue("publish").get_job_ids()
    assert first.startswith(f"withdraw-{published.pk}-")
    assert second.startswith(f"publish-{waiting.pk}-")
