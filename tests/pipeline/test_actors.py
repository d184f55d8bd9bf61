"""Everybody at once, in any order: the rows of a few frames moved by whoever may, with clocks that jump, jobs that run
twice or late, and workers that die anywhere. The store is one in memory, and what a photo shows matters to nobody."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from pipeline import intake, leases, naming, processing, reaper, removal
from pipeline.engines import object_store
from pipeline.engines.object_store import MissingObjectError, ObjectStoreError, Stored
from pipeline.imaging.pictures.decode import DecodeError
from pipeline.models import Frame, Listing
from pipeline.shop import publish, recall, withdraw
from pipeline.states import MOVES, State, is_allowed
from pipeline.transitions import StaleTransition, advance, first_verdict, hold
from pipeline.upkeep import published_bucket, rows
from pipeline.upkeep.inventory import Inventory
from pipeline.upkeep.reading import Reading
from review.queue import renames, undo
from review.queue.decisions import DecisionError, decide
from tests.factories import scorecard
from tests.pipeline.conftest import photo

PHOTOS = [photo(shade) for shade in (30, 60, 90, 120)]
CODES = ("AURA1", "AURA2")
WHICH = st.integers(0, 30)
"""Which of the frames that are there, counted around."""


class KilledError(BaseException):
    """A worker is gone, with whatever it was about to do."""


REFUSALS = (DecisionError, recall.RecallError, removal.RemovalError, StaleTransition, KilledError)


class Store:
    """Both buckets, in memory."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, bytes]] = {"work": {}, "published": {}}
        self.is_away = False

    def put(self, alias: str, key: str, data: bytes) -> None:
        self.answer()
        self.objects[alias][key] = data

    def get(self, alias: str, key: str) -> bytes:
        self.answer()
        try:
            return self.objects[alias][key]
        except KeyError as error:
            raise MissingObjectError(key) from error

    def delete(self, alias: str, key: str) -> None:
        self.answer()
        self.objects[alias].pop(key, None)

    def answer(self) -> None:
        if self.is_away:
            raise ObjectStoreError("away")

    def everything(self, alias: str) -> list[Stored]:
        return [Stored(key, len(data), timezone.now()) for key, data in self.objects[alias].items()]


class World:
    """What the actors share; each example has one of its own."""

    def __init__(self) -> None:
        self.store, self.offset = Store(), timedelta(0)
        self.outcome: Callable[[Frame], None] = pass_gate
        self.at = 0
        self.meanwhile: Callable[[], object] | None = None


def pass_gate(frame: Frame) -> None:
    scorecard(frame, publish=True, reasons=[])
    advance(frame, State.APPROVED, actor="gate", why="confident", **first_verdict(frame))


def doubt(frame: Frame) -> None:
    scorecard(frame)
    hold(frame, ["haze"], actor="gate")


def raising(error: BaseException) -> Callable[[Frame], None]:
    def fail(frame: Frame) -> None:
        raise error

    return fail


WORLD = World()
OUTCOMES = [pass_gate, pass_gate, doubt, doubt, raising(MemoryError("full")), raising(DecodeError("torn"))]
OUTCOMES += [raising(ValueError("a bug")), raising(KilledError())]


def small_files(frame: Frame) -> list[publish.File]:
    names = [("white", "png"), ("white", "webp"), ("transparent", "png")][: 2 + frame.pk % 2]
    keys = [naming.rendition_key(frame.code, frame.view, *name) for name in names]
    data = f"{frame.pk} {frame.attempt}".encode()
    return [publish.File(*name, key, data) for name, key in zip(names, keys, strict=True)]


@pytest.fixture
def world(db, monkeypatch: pytest.MonkeyPatch, settings) -> None:
    settings.MAX_FAULTS = 3
    calls: dict[str, Callable[..., Any]] = {
        "put_published": lambda key, data: WORLD.store.put("published", key, data),
        "delete_published": lambda key: WORLD.store.delete("published", key),
        "load_published": lambda key: WORLD.store.get("published", key),
        "copy_published": lambda key, to: WORLD.store.put("published", to, WORLD.store.get("published", key)),
        "keep_work": lambda key, data: WORLD.store.put("work", key, data),
        "is_there": lambda alias, key: key in WORLD.store.objects[alias],
    }
    for name, call in calls.items():
        monkeypatch.setattr(object_store, name, call)
    monkeypatch.setattr(object_store, "verify_published", lambda key, data: None)
    monkeypatch.setattr(publish, "render", small_files)
    monkeypatch.setattr(publish.renditions, "size_of", lambda data: (1, 1))
    monkeypatch.setattr(processing, "_run_stages", lambda frame: WORLD.outcome(frame))
    now, require = timezone.now, leases.require
    monkeypatch.setattr(timezone, "now", lambda: now() + WORLD.offset)

    def require_after(frame: Frame, seconds: int) -> None:
        happen()
        require(frame, seconds)

    monkeypatch.setattr(leases, "require", require_after)


def happen() -> None:
    """What somebody else does at this moment, if it is the one."""
    WORLD.at -= 1
    if WORLD.at == 0 and WORLD.meanwhile:
        act, WORLD.meanwhile = WORLD.meanwhile, None
        act()


class Actors(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        global WORLD
        WORLD = World()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.user = User.objects.create_user("olga")
        self.batch = intake.open_batch("Drop", "watch")
        self.versions: Counter[str] = Counter()
        self.known: set[int] = set()
        self.stale: list[Frame] = []

    def teardown(self) -> None:
        try:
            self.settle()
        finally:
            transaction.set_rollback(True)
            self.undone.__exit__(None, None, None)

    # --- who does what ----------------------------------------------------------------------------

    @rule(
        code=st.sampled_from(CODES), which=st.integers(0, len(PHOTOS) - 1), meant=st.sampled_from(["replace", "share"])
    )
    def uploader_sends(self, code: str, which: int, meant: Any) -> None:
        try:
            both = frozenset({meant, "share"})
            frame = intake.receive(self.batch, f"{code}_1.png", PHOTOS[which], meant=both).frame
            self.known.add(frame.pk)
        except (intake.IntakeError, ObjectStoreError):
            self.known |= set(Frame.objects.values_list("pk", flat=True))

    @rule(which=WHICH)
    def uploader_removes(self, which: int) -> None:
        self.on(which, lambda frame: removal.remove(frame, None))

    @rule(which=WHICH, outcome=st.sampled_from(OUTCOMES))
    def worker_processes(self, which: int, outcome: Callable[[Frame], None]) -> None:
        WORLD.outcome = outcome
        self.on(which, lambda frame: processing.run(frame.pk))

    @rule(which=WHICH, at=st.integers(0, 14), other=WHICH, deed=st.integers(0, 7))
    def worker_publishes(self, which: int, at: int, other: int, deed: int) -> None:
        self.meanwhile(at, deed, other)
        self.on(which, lambda frame: publish.run(frame.pk))

    @rule(which=WHICH, at=st.integers(0, 10), other=WHICH, deed=st.integers(0, 7))
    def worker_withdraws(self, which: int, at: int, other: int, deed: int) -> None:
        self.meanwhile(at, deed, other)
        self.on(which, lambda frame: withdraw.run(frame.pk))

    @rule()
    def reaper_comes(self) -> None:
        reaper.release_lapsed()

    @rule(which=WHICH)
    def second_reaper_comes_late(self, which: int) -> None:
        """With a frame as it was some steps ago."""
        if self.stale and (frame := self.stale[which % len(self.stale)]).state in reaper.CAUSES:
            reaper.release(frame)

    @rule(which=WHICH)
    def somebody_looks(self, which: int) -> None:
        self.on(which, self.stale.append)

    @rule(which=WHICH, kind=st.sampled_from(["approve", "reject", "reprocess", "discard"]))
    def operator_decides(self, which: int, kind: str) -> None:
        self.on(which, lambda frame: decide(kind, frame, frame.version, self.user))

    @rule(which=WHICH, code=st.sampled_from(CODES))
    def operator_renames(self, which: int, code: str) -> None:
        def rename(frame: Frame) -> None:
            wanted = renames.Name(code, frame.view, frame.product_class)
            renames.rename(frame, renames.checked(frame, frame.version, self.user, wanted), self.user)

        self.on(which, rename)

    @rule()
    def operator_takes_back(self) -> None:
        self.attempt(lambda: undo.take_back(self.user))

    @rule(which=WHICH, kind=st.sampled_from(["withdraw", "review"]))
    def manager_recalls(self, which: int, kind: str) -> None:
        self.on(which, lambda frame: recall.recall(kind, frame, frame.version, actor="mia", why="so"))

    @precondition(lambda self: self.stale)
    @rule(which=WHICH, where=st.sampled_from(list(State)))
    def somebody_acts_on_what_is_old(self, which: int, where: State) -> None:
        frame = self.stale[which % len(self.stale)]
        is_old = Frame.objects.get(pk=frame.pk).version != frame.version
        if is_old and is_allowed(State(frame.state), where):
            with pytest.raises(StaleTransition):
                advance(frame, where, actor="late")

    @rule(seconds=st.sampled_from([31, 61, 3600, -3600]))
    def clock_goes_on_or_jumps(self, seconds: int) -> None:
        WORLD.offset += timedelta(seconds=seconds)

    @rule()
    def store_goes_or_comes(self) -> None:
        WORLD.store.is_away = not WORLD.store.is_away

    # --- how ---------------------------------------------------------------------------------------

    def on(self, which: int, act: Callable[[Frame], object]) -> None:
        frames = list(Frame.objects.order_by("pk"))
        if frames:
            self.attempt(lambda: act(frames[which % len(frames)]))
        WORLD.at, WORLD.meanwhile = 0, None

    def attempt(self, act: Callable[[], object]) -> None:
        """Refusals, and the end of a worker, are what actors meet every day."""
        with suppress(*REFUSALS):
            act()

    def meanwhile(self, at: int, deed: int, other: int) -> None:
        WORLD.at = at
        deeds: list[Callable[[], object]] = [
            lambda: self.clock_goes_on_or_jumps_and_reaps(),
            lambda: self.kill(),
            lambda: self.other(other, lambda frame: publish.run(frame.pk)),
            lambda: self.other(other, lambda frame: withdraw.run(frame.pk)),
            lambda: self.other(
                other, lambda frame: recall.recall("withdraw", frame, frame.version, actor="m", why="x")
            ),
            lambda: WORLD.store.__setattr__("is_away", True),
            lambda: self.other(other, lambda frame: decide("approve", frame, frame.version, self.user)),
            lambda: self.attempt(lambda: undo.take_back(self.user)),
        ]
        WORLD.meanwhile = deeds[deed]

    def clock_goes_on_or_jumps_and_reaps(self) -> None:
        WORLD.offset += timedelta(hours=1)
        for frame in reaper.release_lapsed():
            self.attempt(partial(publish.run, frame.pk))

    def kill(self) -> None:
        raise KilledError

    def other(self, which: int, act: Callable[[Frame], object]) -> None:
        frames = list(Frame.objects.order_by("pk"))
        self.attempt(lambda: act(frames[which % len(frames)]))

    # --- what always holds --------------------------------------------------------------------------

    @invariant()
    def no_frame_is_lost(self) -> None:
        assert self.known <= set(Frame.objects.values_list("pk", flat=True))

    @invariant()
    def every_move_is_in_the_table_and_the_state_is_where_the_last_one_led(self) -> None:
        for frame in Frame.objects.prefetch_related("transitions"):
            at = State.RECEIVED
            for move in frame.transitions.all():
                assert move.source == at and State(move.target) in MOVES[State(move.source)]
                at = State(move.target)
            assert frame.state == at

    @invariant()
    def versions_only_rise(self) -> None:
        now = {f"frame {pk}": version for pk, version in Frame.objects.values_list("pk", "version")}
        now |= {f"listing {pk}": version for pk, version in Listing.objects.values_list("pk", "version")}
        assert all(version >= self.versions[name] for name, version in now.items())
        self.versions.update({name: version - self.versions[name] for name, version in now.items()})

    @invariant()
    def one_frame_a_name_is_published_and_it_is_the_one_that_the_shop_shows(self) -> None:
        shown = set(Listing.objects.exclude(frame=None).values_list("frame", "code", "view"))
        published = list(Frame.objects.filter(state=State.PUBLISHED).values_list("pk", "code", "view"))
        assert set(published) <= shown
        assert len({(code, view) for _, code, view in published}) == len(published)

    @invariant()
    def every_manifest_holds(self) -> None:
        objects = WORLD.store.objects["published"]
        for key in [key for key in objects if key.endswith(".json")]:
            for file in json.loads(objects[key])["files"]:
                assert hashlib.sha256(objects[file["key"]]).hexdigest() == file["sha256"]

    # --- and in the end -----------------------------------------------------------------------------

    def settle(self) -> None:
        """All servers are back and time goes on: the machine finishes what it began, and nothing disagrees."""
        WORLD.store.is_away, WORLD.outcome = False, doubt
        for _ in range(12):
            WORLD.offset += timedelta(hours=3)
            reaper.release_lapsed()
            for frame in reaper.waiting():
                run = {State.RECEIVED: processing.run, State.APPROVED: publish.run, State.WITHDRAWING: withdraw.run}
                run[State(frame.state)](frame.pk)
        left = Frame.objects.filter(state__in={*reaper.LEFT_LYING, *reaper.CAUSES})
        assert not left.exists(), list(left.values_list("pk", "state"))
        found = [*rows.check(), *published_bucket.check(Inventory(WORLD.store.everything("published")), Reading())]
        assert [str(finding) for finding in found] == []


def test_whoever_acts_in_whatever_order_nothing_is_lost_or_shown_twice(world):
    run_state_machine_as_test(
        Actors,
        settings=hypothesis_settings(
            max_examples=15,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
