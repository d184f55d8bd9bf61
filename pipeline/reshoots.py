"""Photos that are to be taken anew, and those that came in their place: which is which is asked of the frames."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from pipeline import sharing
from pipeline.models import Frame, Rejection
from pipeline.states import State
from pipeline.words import RETAKE_WORDS

CUT_OUT_ALONE = "The photo is fine, its cut-out isn’t: no new photo is needed. A manager can have it looked at again."
TURNED_DOWN = (State.REJECTED, State.SUPERSEDED, State.PURGED)
NO_RETAKE = (State.REJECTED, State.UNREADABLE, State.REMOVED)
"""A photo that was rejected itself, that can't be read or was taken back, is in nobody's place."""


@dataclass(frozen=True)
class Told:
    """What was told of a rejected photo, and which one came in its place, as far as somebody may see that one."""

    rejection: Rejection
    retake: Frame | None = None
    sees_retake: bool = False

    @property
    def frame(self) -> Frame:
        return self.rejection.frame

    @property
    def is_open(self) -> bool:
        return self.rejection.needs_photo and self.frame.state == State.REJECTED and self.retake is None

    @property
    def why(self) -> str:
        asked = self.rejection
        if not asked.needs_photo:
            return CUT_OUT_ALONE
        return asked.why or ("" if asked.remark else f"No reason was given: ask {asked.by}.")

    @property
    def retake_words(self) -> str:
        return RETAKE_WORDS[self.retake.state] if self.retake and self.sees_retake else ""


def open_for(user: User) -> QuerySet[Any]:
    """What is still to be taken anew, the longest asked first; of a code and view the last that was asked for."""
    asked = _asked(user).filter(frame__state=State.REJECTED)
    same = asked.filter(frame__code=OuterRef("frame__code"), frame__view=OuterRef("frame__view"))
    return asked.exclude(Exists(same.filter(at__gt=OuterRef("at")))).exclude(Exists(_retakes())).order_by("at", "pk")


def closed_for(user: User) -> QuerySet[Any]:
    """What was taken anew, the last that was asked for first."""
    asked = _asked(user).filter(frame__state__in=(State.REJECTED, State.SUPERSEDED))
    return asked.exclude(retake=None).order_by("-at", "-pk")


def told_of(rejections: Iterable[Any], user: User) -> list[Told]:
    """Each of these, as the functions above give them, with the newest photo in its place."""
    found = list(rejections)
    retakes = _as_seen({row.retake for row in found if row.retake}, user)
    return [Told(row, *retakes.get(row.retake, (None, False))) for row in found]


def told_of_frames(frames: Iterable[Frame], user: User) -> list[tuple[Frame, Told | None]]:
    """Each with what was told of it, if it was rejected."""
    shown = list(frames)
    # What an audit rejected is told of once it has left the shop.
    rejected = _rejections().filter(frame__in=shown, frame__state__in=TURNED_DOWN)
    told = {one.frame.pk: one for one in told_of(rejected, user)}
    return [(frame, told.get(frame.pk)) for frame in shown]


def _asked(user: User) -> QuerySet[Any]:
    return _rejections().filter(sharing.seen_by(user, "frame__batch__"), needs_photo=True)


def _rejections() -> QuerySet[Any]:
    """Each with the number of its `retake`, if one came."""
    newest = Subquery(_retakes().order_by("-pk").values("pk")[:1])
    # Joined, PostgreSQL goes through all batches for each of them.
    return Rejection.objects.select_related("frame").prefetch_related("frame__batch__spec").annotate(retake=newest)


def _retakes() -> QuerySet[Frame]:
    same = Frame.objects.filter(code=OuterRef("frame__code"), view=OuterRef("frame__view"))
    return same.filter(received_at__gt=OuterRef("at")).exclude(state__in=NO_RETAKE)


def _as_seen(numbers: set[int], user: User) -> dict[int, tuple[Frame, bool]]:
    """Those frames, and whether somebody sees their batch."""
    seen = Exists(sharing.batches_for(user).filter(pk=OuterRef("batch")))
    frames = Frame.objects.filter(pk__in=numbers).select_related("batch").annotate(is_seen=seen)
    return {frame.pk: (frame, frame.is_seen) for frame in frames}
