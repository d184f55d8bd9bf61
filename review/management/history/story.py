"""One frame's way, told step by step; a step is a row, and so is what people said of it."""

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pipeline import naming
from pipeline.audit_draw import draw, is_for_second_look
from pipeline.imaging.types import View
from pipeline.listing_spec import has_half_glass
from pipeline.models import Frame, Listing, Rejection, Rendition, Scorecard, Transition
from pipeline.states import State
from pipeline.words import in_words
from review.evidence.labels import label_of
from review.management.history.measured import Columns, Measured
from review.management.history.proportions import AGREEMENT, OPERATORS
from review.management.history.rows import Rows
from review.models import Decision
from review.queue.decisions import DECISIONS

SIDE = 2000
SIZES = {"png": 2_100_000, "webp": 140_000, "jpg": 310_000}
"""Of finished files, in bytes."""


@dataclass(frozen=True)
class Source:
    """What all stories are told from."""

    rows: Rows
    measured: Measured
    dice: random.Random
    audit_key: str
    audit_rate: float


@dataclass(frozen=True)
class Older:
    """A frame as it stands until a newer photo of the same name is published."""

    pk: int
    code: str
    view: View
    product_class: str
    state: str
    version: int
    at: datetime
    is_listed: bool


@dataclass
class Story:
    """A frame from when it came in to where it is now; `at` is when its last step was taken."""

    source: Source
    batch: int
    code: str
    view: View
    product_class: str
    at: datetime
    sha256: str
    replaces: Older | None = None
    pk: int = 0
    card: int = 0
    found: Columns = field(default_factory=dict)
    frame: dict[str, Any] = field(default_factory=dict)
    shown_again: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pk = self.source.rows.next_number(Frame)
        self.frame = {
            "batch_id": self.batch,
            "filename": f"{self.code}_{naming.view_number(self.view)}.jpg",
            "sha256": self.sha256,
            "draw": draw(self.sha256, self.source.audit_key),
            "state": State.RECEIVED.value,
            "version": 0,
            "attempt": 0,
            "received_at": self.at,
            "state_since": self.at,
        }

    @property
    def is_drawn(self) -> bool:
        return self.frame["draw"] < self.source.audit_rate

    def wait(self, seconds: float, least: float = 1) -> None:
        """About that long, as such times are distributed."""
        self.at += timedelta(seconds=least + self.source.dice.expovariate(1 / seconds))

    def move(self, target: State, actor: str, why: str = "", **columns: Any) -> None:
        source = self.frame["state"]
        self.source.rows.add(
            Transition, frame_id=self.pk, source=source, target=target.value, actor=actor, why=why, at=self.at
        )
        self.frame |= columns
        self.frame |= {"state": target.value, "version": self.frame["version"] + 1, "state_since": self.at}

    def process(self, *, passes: bool) -> None:
        """From the line to the gate's word."""
        self.begin()
        is_first = self.frame["attempt"] == 1
        self.found = self.source.dice.choice(self.source.measured[self.product_class, self.view, passes])
        marked = is_first and self.is_drawn
        self.card = self.source.rows.add(
            Scorecard,
            **self.found,
            frame_id=self.pk,
            attempt=self.frame["attempt"],
            is_marked=marked,
            created_at=self.at,
        )
        processed: dict[str, Any] = {"processed_at": self.frame.get("processed_at") or self.at}
        if passes:
            due = "drawn" if marked else ""
            self.move(State.APPROVED, "gate", "confident", audit_due=due, reasons="[]", cause="", **processed)
        else:
            self.hold(json.loads(self.found["reasons"]), **processed)

    def begin(self) -> None:
        self.wait(60)
        self.move(State.PROCESSING, "worker", attempt=self.frame["attempt"] + 1)
        self.wait(6, least=3)

    def hold(self, reasons: list[str], actor: str = "gate", cause: str = "", **columns: Any) -> None:
        why = cause or "; ".join(map(in_words, reasons))
        held = {"reasons": json.dumps(reasons), "cause": cause, "was_exception": True, "has_failed": bool(cause)}
        self.move(State.EXCEPTION, actor, why, **held | columns)

    def publish(self) -> None:
        self.wait(5)
        self.move(State.PUBLISHING, "worker")
        self.wait(3)
        self.move(State.PUBLISHED, "worker", published_at=self.at)

    def decide(self, kind: str, by: str, target: State, words: str, **told: Any) -> int:
        """A person moves the frame; returns the decision's number."""
        self.move(target, by, words)
        return self.say(kind, by, **told)

    def say(self, kind: str, by: str, occasion: str = "exception", label: str | None = None, **columns: Any) -> int:
        """What a person said; the frame has moved already, if it moves at all."""
        label = (label_of(kind, is_edited=False).value if self.card else "") if label is None else label
        card = self.card or None
        about = {"frame_id": self.pk, "scorecard_id": card, "version": self.frame["version"], "at": self.at}
        said = about | {"kind": kind, "by": by, "occasion": occasion, "label": label}
        is_drawn = kind in DECISIONS and self.card and not self.shown_again
        is_drawn = bool(is_drawn and is_for_second_look(self.sha256, self.source.audit_key))
        pk = self.source.rows.add(Decision, **said, **columns, is_drawn_again=is_drawn)
        if is_drawn:
            self.shown_again = said | {"second_of_id": pk}
        return pk

    def _look_again(self) -> None:
        """What another person said of it, who didn't know what it is compared with."""
        dice, first = self.source.dice, self.shown_again
        kinds = [first["kind"]] if dice.random() < AGREEMENT else sorted(DECISIONS.keys() - {first["kind"]})
        kind, by = dice.choice(kinds), dice.choice([name for name in OPERATORS if name != first["by"]])
        at = first["at"] + timedelta(seconds=60 + dice.expovariate(1 / 3600))
        said = {"kind": kind, "by": by, "at": at, "label": label_of(kind, is_edited=False).value}
        self.source.rows.add(Decision, **first | said | {"occasion": "second"})

    def tell_rejected(self, by: str, why: str, *, needs_photo: bool) -> None:
        self.source.rows.add(
            Rejection, frame_id=self.pk, needs_photo=needs_photo, why=why, by=by, at=self.at, mark="[]"
        )

    def end(self) -> None:
        """The frame itself, and what the shop shows of it."""
        rows, state = self.source.rows, self.frame["state"]
        if self.shown_again:
            self._look_again()
        rows.add(Frame, self.pk, code=self.code, view=self.view, product_class=self.product_class, **self.frame)
        if state == State.PUBLISHED:
            self._show()
        if self.replaces and "published_at" in self.frame:
            self._supersede(self.replaces)
        elif "published_at" in self.frame:
            rows.add(Listing, code=self.code, view=self.view, frame_id=self._shown, version=2)

    @property
    def _shown(self) -> int | None:
        """Whose files lie under its names: none if an audit had them taken out."""
        return self.pk if self.frame["state"] == State.PUBLISHED else None

    def as_older(self) -> Older:
        state, version, is_listed = self.frame["state"], self.frame["version"], "published_at" in self.frame
        return Older(self.pk, self.code, self.view, self.product_class, state, version, self.at, is_listed)

    def _show(self) -> None:
        for variant, extension in _files(self.product_class, self.view):
            key = naming.rendition_key(self.code, self.view, variant, extension)
            digest = hashlib.sha256(f"{self.pk} {key}".encode()).hexdigest()
            fixed: dict[str, Any] = {"variant": variant, "extension": extension, "width": SIDE, "height": SIDE}
            self.source.rows.add(Rendition, frame_id=self.pk, key=key, size=SIZES[extension], sha256=digest, **fixed)

    def _supersede(self, older: Older) -> None:
        """The older frame of the same name is shown no more."""
        rows, at = self.source.rows, self.frame["published_at"]
        target, why = State.SUPERSEDED.value, f"frame {self.pk} is newer"
        step = {"source": older.state, "target": target, "actor": "worker", "why": why, "at": at}
        rows.add(Transition, frame_id=older.pk, **step)
        rows.change(Frame.objects.filter(pk=older.pk), state=target, version=older.version + 1, state_since=at)
        if older.is_listed:
            rows.change(Listing.objects.filter(code=self.code, view=self.view), frame_id=self._shown, version=4)
        else:
            rows.add(Listing, code=self.code, view=self.view, frame_id=self._shown, version=2)


def _files(product_class: str, view: View) -> Sequence[tuple[str, str]]:
    has_half = has_half_glass(product_class, view)  # type: ignore[arg-type]
    formats = {name: kinds for name, kinds in naming.VARIANT_FORMATS.items() if has_half or name != "half-glass"}
    return [(variant, extension) for variant, extensions in formats.items() for extension in extensions]
