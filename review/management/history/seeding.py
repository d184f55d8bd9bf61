"""A made-up history: batches in the rhythm of working weeks, each frame's story told, all of it written.

The same seed, end and audit key make the same history.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, get_args

from django.conf import settings
from django.contrib.auth.models import Group, User

from pipeline.imaging.types import View
from pipeline.models import Batch, active_policy
from review.management.history.fates import FATES, UNDER_WAY
from review.management.history.measured import measured
from review.management.history.proportions import (
    IN_LINE,
    MANAGER,
    NEVER_SCORED,
    OPERATORS,
    PASSED,
    SHARES,
    UPLOADERS,
    WAITING,
    in_line,
    latest,
)
from review.management.history.rhythm import Drop, drops
from review.management.history.rows import Rows
from review.management.history.story import Older, Source, Story

CHUNK = 5000
SECONDS_A_PHOTO = 1.5
"""Between photos of one batch."""
MOST_RETAKES = 1 / 3
"""Of a batch."""
LETTERS = {"eyewear": "EY", "watch": "WA"}


@dataclass
class Seeding:
    """What is known while a history is told."""

    frames: int
    seed: int
    source: Source
    owners: dict[str, int]
    fates: list[str]
    told: Counter[str] = field(default_factory=Counter)
    to_retake: dict[str, list[Older]] = field(default_factory=lambda: {name: [] for name in LETTERS})
    products: int = 0
    done: int = 0

    def fate(self) -> str:
        """The next frame's; the latest are still on their way."""
        left, fate = self.frames - self.done, self.fates[self.done]
        if left <= in_line(self.frames):
            return IN_LINE
        if left > latest(self.frames) or fate in ("failed", "unreadable"):
            return fate
        return "passed" if fate in (*PASSED, *NEVER_SCORED) else WAITING

    def tell(self, story: Story, fate: str) -> None:
        is_latest = self.frames - self.done <= latest(self.frames)
        (UNDER_WAY if is_latest else FATES)[fate](story)
        story.end()
        if fate in ("replaced", "reshot") and story.frame["state"] in ("published", "rejected"):
            self.to_retake[story.product_class].append(story.as_older())
        self.told[fate] += 1
        self.done += 1


def seed_history(
    frames: int, seed: int, until: datetime, report: Callable[[int], None] = lambda done: None
) -> Counter[str]:
    """Write that many frames, the last of them received just before `until`; returns how many had which fate."""
    dice = random.Random(seed)  # noqa: S311
    policy = active_policy()
    kinds = min(300, max(30, frames // 1000))
    source = Source(Rows(), measured(policy, kinds, dice), dice, settings.AUDIT_KEY, policy.audit_rate)
    fates = dice.choices(list(SHARES), list(SHARES.values()), k=frames)
    seeding = Seeding(frames, seed, source, _people(), fates)
    written = 0
    for drop in drops(frames, until, dice):
        _tell_batch(seeding, drop)
        if seeding.done - written >= CHUNK or seeding.done == frames:
            source.rows.write()
            written = seeding.done
            report(written)
    source.rows.finish()
    return seeding.told


def _people() -> dict[str, int]:
    """The accounts of whoever the history speaks of; nobody can sign in with them."""
    roles = dict.fromkeys(UPLOADERS, "uploader") | dict.fromkeys(OPERATORS, "operator") | {MANAGER: "manager"}
    for name, role in roles.items():
        user, is_new = User.objects.get_or_create(username=name)
        if is_new:
            user.set_unusable_password()
            user.save()
            user.groups.add(Group.objects.get(name=role))
    return dict(User.objects.filter(username__in=UPLOADERS).values_list("username", "pk"))


def _tell_batch(seeding: Seeding, drop: Drop) -> None:
    rows = seeding.source.rows
    number = rows.next_number(Batch)
    name = f"{drop.at:%Y-%m-%d} {drop.product_class} {number}"
    lane = "urgent" if drop.is_urgent else "standard"
    owner = seeding.owners[drop.uploader]
    columns = {"name": name, "product_class": drop.product_class, "lane": lane, "created_by_id": owner}
    rows.add(Batch, number, created_at=drop.at, **columns)
    for place, photo in enumerate(_photos(seeding, drop)):
        digest = hashlib.sha256(f"{seeding.seed} {seeding.done}".encode()).hexdigest()
        at = drop.at + timedelta(seconds=place * SECONDS_A_PHOTO)
        story = Story(seeding.source, number, at=at, sha256=digest, **photo)
        seeding.tell(story, "passed" if story.replaces and seeding.fate() != IN_LINE else seeding.fate())


def _photos(seeding: Seeding, drop: Drop) -> Iterator[dict[str, Any]]:
    """What was asked for anew comes first, then new products with all their views."""
    left = drop.photos
    for older in _retakes(seeding, drop):
        yield {"code": older.code, "view": older.view, "product_class": older.product_class, "replaces": older}
        left -= 1
    while left:
        seeding.products += 1
        for view in get_args(View)[:left]:
            code = f"{LETTERS[drop.product_class]}{seeding.seed:02d}{seeding.products:06d}"
            yield {"code": code, "view": view, "product_class": drop.product_class}
            left -= 1


def _retakes(seeding: Seeding, drop: Drop) -> list[Older]:
    """Of what had been asked for by then."""
    waiting = seeding.to_retake[drop.product_class]
    due = [older for older in waiting if older.at < drop.at][: int(drop.photos * MOST_RETAKES)]
    seeding.to_retake[drop.product_class] = [older for older in waiting if older not in due]
    return due
