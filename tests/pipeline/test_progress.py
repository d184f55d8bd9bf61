"""What is told of a batch: segments that add up, its place in line, and how long that takes."""

import html
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from pipeline import intake, progress, queues
from pipeline.models import Batch, Frame, Transition
from pipeline.states import ANSWERED, SEGMENT_OF, Segment, State
from pipeline.words import SEGMENT_WORDS, STATE_WORDS, in_words
from tests.factories import scorecard

LIST = "/admin/pipeline/batch/"


@pytest.fixture
def spring(db) -> Batch:
    return intake.open_batch("Spring", "watch")


def frame(batch: Batch, state: State = State.RECEIVED, **fields) -> Frame:
    code = f"A{Frame.objects.count()}"
    return Frame.objects.create(
        batch=batch, filename=f"{code}_1.jpg", code=code, view="front", sha256=code, state=state, **fields
    )


def doubted(batch: Batch) -> None:
    """A frame whose weakest spot alone says why it was held."""
    scorecard(frame(batch, State.EXCEPTION, reasons=["held-all"], attempt=1), components={"soft-edge": 0.4})


def in_every_state(batch: Batch) -> list[Frame]:
    return [frame(batch, state) for state in SEGMENT_OF]


def counts(batch: Batch) -> dict[str, int]:
    return dict(progress.tallies([batch.pk])[batch.pk].counts)


def text(client, address: str) -> str:
    return html.unescape(" ".join(client.get(address).content.decode().split()))


def page_of(batch: Batch) -> str:
    return f"{LIST}{batch.pk}/change/"


def legend(page: str) -> dict[str, int]:
    """What the batch's page says of each segment."""
    found = re.findall(r'data-segment="([\w-]+)" href.*?<b>(\d+)</b>', page)
    return {segment: int(count) for segment, count in found}


def worked(batch: Batch, seconds: float, source: State = State.PROCESSING, target: State = State.APPROVED) -> None:
    """A frame was in that state for so long."""
    of = frame(batch, State.PUBLISHED)
    now = timezone.now()
    steps = [(State.RECEIVED, source, now), (source, target, now + timedelta(seconds=seconds))]
    for before, after, at in steps:
        row = Transition.objects.create(frame=of, source=before, target=after, actor="worker")
        Transition.objects.filter(pk=row.pk).update(at=at)


# --- segments -----------------------------------------------------------------------------------


def test_every_state_and_every_segment_has_its_words():
    assert set(SEGMENT_OF) | {State.REMOVED} == set(STATE_WORDS) == set(State)
    assert set(SEGMENT_WORDS) == set(Segment)


@pytest.mark.parametrize("state", list(SEGMENT_OF))
def test_a_photo_is_in_exactly_one_segment_whatever_its_state(state, spring):
    frame(spring, state)
    assert counts(spring) == {SEGMENT_OF[state]: 1}


def test_the_segments_add_up_to_all_photos_and_fill_the_bar(spring):
    in_every_state(spring)
    tally = progress.tallies([spring.pk])[spring.pk]
    assert sum(part.count for part in tally.parts) == tally.total == Frame.objects.count()
    assert {part.segment for part in tally.parts} == set(Segment)
    assert sum(part.width for part in tally.parts) == pytest.approx(100)


def test_what_was_removed_counts_no_more(spring):
    frame(spring, State.REMOVED)
    frame(spring, State.EXCEPTION)
    assert counts(spring) == {Segment.REVIEW: 1}


def test_a_single_photo_among_thousands_is_still_to_be_seen():
    parts = progress.Tally(progress.Counter({Segment.PUBLISHED: 5000, Segment.REJECTED: 1})).parts
    assert [part.width > 1 for part in parts if part.count] == [True, True]


# --- what the pages say -------------------------------------------------------------------------


def test_waiting_for_a_person_is_never_told_as_done(spring, sign_in):
    for state in [State.PUBLISHED] * 2 + [State.EXCEPTION] * 7 + [State.REJECTED] * 2:
        frame(spring, state)
    page = text(sign_in("manager"), page_of(spring))
    assert legend(page) == {"published": 2, "review": 7, "rejected": 2, "working": 0, "in-line": 0}
    assert "Nothing is left for the machine: 7 photos wait for a person’s review." in page
    assert "finished" not in page


def test_uploader_and_manager_are_told_the_same_on_the_page_and_in_the_list(spring, sign_in):
    in_every_state(spring)
    clients = [sign_in("uploader"), sign_in("manager")]
    Batch.objects.update(created_by=None)
    [legend_of_uploader, legend_of_manager] = [legend(text(client, page_of(spring))) for client in clients]
    assert legend_of_uploader == legend_of_manager and sum(legend_of_manager.values()) == Frame.objects.count()
    for client in clients:
        listed = text(client, LIST)
        assert all(f"{count} {SEGMENT_WORDS[segment]}" in listed for segment, count in legend_of_manager.items())


@pytest.mark.parametrize("segment", list(Segment))
def test_a_click_on_a_segment_shows_its_photos_and_no_others(segment, spring, sign_in):
    in_every_state(spring)
    page = text(sign_in("manager"), f"{page_of(spring)}?segment={segment}")
    assert page.count('class="mg-tile"') == counts(spring)[segment]


def test_the_page_asks_again_while_anything_may_change(spring, sign_in):
    client = sign_in("uploader")
    shown = frame(spring, State.PROCESSING)
    assert 'hx-trigger="every 2s"' in text(client, page_of(spring))
    Frame.objects.filter(pk=shown.pk).update(state=State.EXCEPTION)
    assert 'hx-trigger="every 15s"' in text(client, page_of(spring))
    Frame.objects.filter(pk=shown.pk).update(state=State.PUBLISHED)
    assert '<div id="progress"> ' in text(client, page_of(spring))  # nothing is asked any more


def test_the_list_of_frames_is_filtered_by_the_words_that_it_shows(spring, sign_in):
    in_every_state(spring)
    page = text(sign_in("manager"), "/admin/pipeline/frame/?state=exception")
    assert all(f"{STATE_WORDS[state].capitalize()}</a>" in page for state in State)
    assert page.count('class="mg-state"') == 1


# --- the line -----------------------------------------------------------------------------------


def test_urgent_photos_come_first_and_then_who_waits_longest(spring):
    urgent = intake.open_batch("Urgent", "watch", lane="urgent")
    autumn = intake.open_batch("Autumn", "watch")
    for batch in (spring, autumn, spring, urgent):
        frame(batch)
    line = progress.line(workers=1)
    assert line.batches == [urgent.pk, spring.pk, autumn.pk, spring.pk]
    assert [line.place_of(batch.pk).ahead for batch in (urgent, spring, autumn)] == [0, 1, 2]


def test_photos_that_gemini_is_to_be_asked_for_first_are_in_no_line(spring):
    lit = Batch.objects.create(name="Lit", enhancement="gemini")
    frame(lit)
    answered = frame(lit, gemini=ANSWERED)
    frame(spring)
    assert progress.line(workers=1).batches == [answered.batch_id, spring.pk]


def test_the_time_is_that_of_the_last_photo_by_the_latest_pace_and_all_workers(spring):
    for seconds in (8, 8, 14, 500):  # the last stood still for a while
        worked(spring, seconds)
    worked(spring, 2, State.PUBLISHING, State.PUBLISHED)
    worked(spring, 900, State.PROCESSING, State.RECEIVED)  # its worker died: no pace
    for _ in range(5):
        frame(spring)
    assert [progress.line(workers).place_of(spring.pk).seconds for workers in (1, 2)] == [60, 36]


def test_only_the_latest_photos_tell_the_pace(spring, monkeypatch):
    monkeypatch.setattr(progress, "RECENT", 2)
    for seconds in (100, 3, 5):
        worked(spring, seconds)
    frame(spring)
    assert progress.line(1).place_of(spring.pk).seconds == 4


@pytest.mark.parametrize(("workers", "has_pace"), [(0, True), (1, False)])
def test_what_is_not_known_is_not_told(workers, has_pace, spring, sign_in, monkeypatch):
    monkeypatch.setattr(queues, "workers_alive", lambda: workers)
    if has_pace:
        worked(spring, 10)
    frame(spring)
    assert progress.line(workers).place_of(spring.pk) == progress.Place(0, None)
    page = text(sign_in("uploader"), page_of(spring))
    assert "1 photo waiting in line." in page and "until the last" not in page


def test_place_and_time_are_told_on_the_page_and_in_the_list(spring, sign_in, monkeypatch):
    monkeypatch.setattr(queues, "workers_alive", lambda: 2)
    worked(spring, 60)
    urgent = intake.open_batch("Urgent", "watch", lane="urgent")
    for batch in [urgent] * 3 + [spring] * 5:
        frame(batch)
    client = sign_in("manager")
    assert (
        "5 photos waiting in line, behind 3 of other batches: about 4 minutes until the last of them is through."
        in (text(client, page_of(spring)))
    )
    listed = text(client, LIST)
    assert "5 waiting in line (about 4 minutes)" in listed and "3 waiting in line (about 2 minutes)" in listed


def test_more_batches_and_photos_ask_the_database_no_more(spring, sign_in, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(queues, "workers_alive", lambda: 2)
    frame(spring)
    client = sign_in("manager")
    client.get(LIST)
    with django_assert_num_queries(20, exact=False) as first:
        client.get(LIST)
    for number in range(5):
        in_every_state(intake.open_batch(f"Drop {number}", "watch"))
    with django_assert_num_queries(len(first)):
        client.get(LIST)


def test_doubts_of_more_photos_are_told_by_no_more_questions(spring, sign_in, django_assert_num_queries):
    client = sign_in("manager")
    doubted(spring)
    client.get(page_of(spring))
    with django_assert_num_queries(40, exact=False) as first:
        client.get(page_of(spring))
    for _ in range(5):
        doubted(spring)
    with django_assert_num_queries(len(first)):
        told = client.get(page_of(spring)).content.decode()
    assert told.lower().count(in_words("soft-edge")) == 6


# --- workers ------------------------------------------------------------------------------------


def test_workers_are_counted_while_they_live(redis_server):
    from django_rq import get_queue
    from rq import SimpleWorker

    queue = get_queue("process")
    worker = SimpleWorker([queue], connection=queue.connection)
    assert queues.workers_alive() == 0
    worker.register_birth()
    assert queues.workers_alive() == 1
    queue.connection.delete(worker.key)  # killed: its key lapses, its name stays in the list
    assert queues.workers_alive() == 0


def test_without_redis_nobody_knows_and_the_page_is_there_all_the_same(spring, sign_in, monkeypatch):
    from redis import RedisError

    def away(queue):
        raise RedisError("away")

    monkeypatch.setattr("rq.worker_registration.get_keys", away)
    frame(spring)
    assert "1 photo waiting in line." in text(sign_in("uploader"), page_of(spring))
