"""Two at once, each with a photo of the other's batch in hand: neither may wait for the other."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection

from pipeline import intake, rivals
from pipeline.models import Batch, Frame
from pipeline.shop import listings, publish
from pipeline.states import State
from pipeline.transitions import StaleTransition, advance
from pipeline.webhooks import outbox
from tests.pipeline.conftest import photo
from tests.pipeline.webhooks.conftest import endpoint  # noqa: F401 - a fixture

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("endpoint")]


@pytest.fixture
def spring() -> Batch:
    return intake.open_batch("Spring", "watch")


@pytest.fixture
def autumn() -> Batch:
    return intake.open_batch("Autumn", "watch")


@pytest.fixture
def meet(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Whoever is about to call these waits for the other one, unless that one can't come."""
    barrier = threading.Barrier(2)

    def make(room: Any, name: str) -> None:
        act = getattr(room, name)

        def wait(*arguments: Any) -> Any:
            with suppress(threading.BrokenBarrierError):
                barrier.wait(1)
            return act(*arguments)

        monkeypatch.setattr(room, name, wait)

    return make


def at_once(*acts: Callable[[], object]) -> None:
    def run(act: Callable[[], object]) -> None:
        try:
            act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        list(pool.map(run, acts))


def frame_of(batch: Batch, code: str, state: State) -> Frame:
    fields = {"filename": f"{code}_1.png", "code": code, "view": "front", "sha256": f"{code}{state}"}
    return Frame.objects.create(batch=batch, state=state, **fields)


def states() -> set[tuple[str, str]]:
    return set(Frame.objects.values_list("code", "state"))


def test_two_publications_of_which_each_replaces_a_photo_of_the_others_batch(spring, autumn, meet):
    for batch, code in ((spring, "B"), (autumn, "A")):
        frame_of(batch, code, State.EXCEPTION)
    newer = [frame_of(batch, code, State.PUBLISHING) for batch, code in ((spring, "A"), (autumn, "B"))]
    for frame in newer:
        listings.take(listings.of(frame), frame)
    meet(publish, "_supersede_older")
    at_once(*(lambda frame=frame: publish._finish(frame, listings.of(frame), []) for frame in newer))
    assert states() == {(code, state) for code in "AB" for state in (State.PUBLISHED, State.SUPERSEDED)}


def test_two_photos_of_which_each_moves_from_the_others_batch(spring, autumn, meet, buckets):
    for batch, code, colour in ((spring, "OLD1", 40), (autumn, "OLD2", 60)):
        intake.receive(batch, f"{code}_1.png", photo(colour))
    meet(rivals, "settle")
    move = {"meant": frozenset({"move"})}
    at_once(
        lambda: intake.receive(spring, "NEW2_1.png", photo(60), **move),
        lambda: intake.receive(autumn, "NEW1_1.png", photo(40), **move),
    )
    new = {(f"NEW{number}", State.RECEIVED) for number in (1, 2)}
    assert states() == new | {(f"OLD{number}", State.REMOVED) for number in (1, 2)}


def test_a_photo_that_is_rejected_while_another_comes_in_its_place(spring, meet, buckets):
    held = frame_of(spring, "A", State.EXCEPTION)
    meet(rivals, "settle")
    meet(outbox, "note_move")

    def reject() -> None:
        with suppress(StaleTransition):
            advance(held, State.REJECTED, actor="olga")

    at_once(reject, lambda: intake.receive(spring, "A_1.png", photo(), meant=frozenset({"replace"})))
    assert states() in ({("A", State.RECEIVED), ("A", late)} for late in (State.REJECTED, State.SUPERSEDED))
