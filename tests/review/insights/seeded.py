"""A few hundred frames with every kind of history, around a change of clocks in Berlin."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from pipeline.imaging.types import ProductClass, View
from pipeline.models import Batch, Frame, Scorecard, Transition
from pipeline.states import State
from review.models import Decision
from tests.factories import policy, scorecard

FIRST = datetime(2026, 10, 19, 21, 30, tzinfo=UTC)  # 23:30 in Berlin; clocks go back on the 25th
REASONS = ["haze", "torn", "halo", "no-bridge", "soft-edge"]
RUNGS = ["closer", "relit"]


def seed(count: int = 300, *, moves_on: bool = False) -> None:
    rng = random.Random(24)
    row = policy(is_active=True, audit_rate=0.5)
    ann = User.objects.create_user("ann")
    drops: list[tuple[str, ProductClass, User | None]] = [
        ("Spring", "eyewear", ann),
        ("Autumn", "watch", None),
        ("Summer", "eyewear", None),
    ]
    batches = [Batch.objects.create(name=name, product_class=kind, created_by=by) for name, kind, by in drops]
    for number in range(count):
        _Seeded(rng, number, rng.choice(batches), row).make(moves_on=moves_on)


class _Seeded:
    def __init__(self, rng: random.Random, number: int, batch: Batch, row: Any) -> None:
        self.rng, self.row, self.number = rng, row, number
        received = FIRST + timedelta(minutes=rng.randrange(0, 9 * 24 * 60))
        self.at = received
        view: View = "front" if rng.random() < 0.5 else "angle"
        self.frame = Frame.objects.create(
            batch=batch, filename="x.jpg", code=f"P{number}", view=view, sha256=str(number)
        )
        self.fields: dict[str, Any] = {"received_at": received}
        self.attempt = 0

    def make(self, *, moves_on: bool) -> None:
        self._process(first=True)
        if moves_on:
            self._move_on()
        if self.rng.random() < 0.1:
            self._move(State.SUPERSEDED)
        Frame.objects.filter(pk=self.frame.pk).update(**self.fields)

    def _move(self, target: str, seconds: float | None = None) -> None:
        self.at += timedelta(seconds=self.rng.uniform(1, 200) if seconds is None else seconds)
        source = self.fields.get("state", State.RECEIVED)
        step = Transition.objects.create(frame=self.frame, source=source, target=target, actor="x")
        Transition.objects.filter(pk=step.pk).update(at=self.at)
        self.fields |= {"state": target, "state_since": self.at}

    def _process(self, *, first: bool) -> None:
        self._move(State.PROCESSING)
        self.attempt += 1
        self.fields["attempt"] = self.frame.attempt = self.attempt
        if first and self.rng.random() < 0.04:
            self.fields |= {"has_failed": True, "reasons": ["program-fault"], "cause": "a fault"}
            self._hold()
            return
        passes, rung = self.rng.random() < 0.7, self.rng.choice(["first-look", "first-look", *RUNGS])
        card = self._card(passes, rung, is_marked=first and self.rng.random() < 0.5)
        if not passes:
            self.fields["reasons"] = card.reasons
            self._hold()
            self._people(card)
            return
        self._verdict()
        self._move(State.APPROVED)
        self._publish()
        if card.is_marked:
            self.fields["audit_due"] = "drawn"
            if self.rng.random() < 0.7:
                self._audit(card)

    def _card(self, passes: bool, rung: str, *, is_marked: bool) -> Scorecard:
        reasons = [] if passes else self.rng.sample(REASONS, self.rng.choice([1, 1, 2, 3]))
        others = [{"rung": other, "confidence": 0.1} for other in RUNGS if rung != "first-look" and other != rung]
        more = {"publish": passes, "is_marked": is_marked, "audit_rate": 0.5, "others": others, "policy": self.row}
        model = {"model_name": "net", "model_sha256": self.rng.choice(["a" * 64, "b" * 64])}
        return scorecard(self.frame, rung=rung, reasons=reasons, confidence=self.rng.random(), **more, **model)

    def _verdict(self) -> None:
        self.fields.setdefault("processed_at", self.at)

    def _hold(self) -> None:
        self.fields["was_exception"] = True
        self._move(State.EXCEPTION)
        self._verdict()

    def _publish(self) -> None:
        self._move(State.PUBLISHING)
        self._move(State.PUBLISHED, self.rng.choice([3, 30, 400]))
        self.fields["published_at"] = self.at

    def _say(self, card: Scorecard, kind: str, label: str, occasion: str, **more: Any) -> Decision:
        by = self.rng.choice(["olga", "omar"])
        said = Decision.objects.create(
            frame=self.frame, scorecard=card, kind=kind, label=label, occasion=occasion, by=by, **more
        )
        Decision.objects.filter(pk=said.pk).update(at=self.at)
        return said

    def _people(self, card: Scorecard) -> None:
        if self.rng.random() < 0.2:
            return  # still waits
        self.at += timedelta(seconds=self.rng.uniform(60, 40_000))
        if self.rng.random() < 0.15:
            said = self._say(card, "discard", "bad", "exception")
            self._say(card, "undo", "", "exception", undoes=said)
        kind, label = self.rng.choice([("approve", "good"), ("approve", "bad"), ("reprocess", "bad"), ("reject", "")])
        self._move(
            {"approve": State.APPROVED, "reprocess": State.RECEIVED, "reject": State.REJECTED}[kind],
            self.rng.uniform(1, 90),
        )
        self._twice(card, self._say(card, kind, label, "exception"))
        if kind == "approve":
            self._publish()
        elif kind == "reprocess":
            self._process(first=False)

    def _twice(self, card: Scorecard, first: Decision) -> None:
        """Some are shown to a second person too, who may take back what they said."""
        if self.rng.random() < 0.6:
            return
        kind, label = self.rng.choice([(first.kind, first.label), ("discard", "bad"), ("approve", "good")])
        at, self.at = self.at, self.at + timedelta(seconds=self.rng.uniform(40, 4_000))
        for _ in range(self.rng.choice([1, 1, 2])):
            second = self._say(card, kind, label, "second", second_of=first)
            if self.rng.random() < 0.2:
                self._say(card, "undo", "", "second", undoes=second)
            else:
                break
        self.at = at

    def _audit(self, card: Scorecard) -> None:
        self.at += timedelta(seconds=self.rng.uniform(60, 9_000))
        is_bad = self.rng.random() < 0.2
        self._say(card, "discard" if is_bad else "approve", "bad" if is_bad else "good", "drawn")
        self.fields["audit_due"] = ""
        if is_bad:
            self._move(State.WITHDRAWING)
            self._move(State.WITHDRAWN)

    def _move_on(self) -> None:
        """Some of what is published is recalled, some of what waits is renamed."""
        card = Scorecard.objects.filter(frame=self.frame).last()
        if self.fields["state"] == State.PUBLISHED and card and self.rng.random() < 0.15:
            self._recall(card)
        elif self.fields["state"] == State.EXCEPTION and card and self.rng.random() < 0.5:
            self._rename(card)

    def _recall(self, card: Scorecard) -> None:
        """A manager has it looked at again; some wait for that, some are found good, some bad."""
        self._move(State.PUBLISHED)
        occasion = self.fields["audit_due"] = self.fields.get("audit_due") or "asked"
        kind, label = self.rng.choice([("", ""), ("approve", "good"), ("discard", "bad")])
        if not kind:
            return
        self._say(card, kind, label, occasion)
        self.fields["audit_due"] = ""
        if label == "bad":
            self._move(State.WITHDRAWING)
            self.fields["was_exception"] = True
            self._move(State.EXCEPTION)

    def _rename(self, card: Scorecard) -> None:
        self._say(card, "rename", "", "exception")
        self.fields |= {"code": f"R{self.number}", "view": "side", "reasons": []}
        self._move(State.RECEIVED)
        self._process(first=False)


def histories() -> Iterator[dict[str, Any]]:
    """Each frame with its rows, plainly read."""
    for frame in Frame.objects.order_by("pk"):
        yield {
            "frame": frame,
            "cards": list(Scorecard.objects.filter(frame=frame).order_by("pk")),
            "steps": list(Transition.objects.filter(frame=frame).order_by("pk")),
            "said": list(Decision.objects.filter(frame=frame).order_by("at", "pk")),
        }
