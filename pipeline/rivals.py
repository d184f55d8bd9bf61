"""Two photos that want one name, or one photo that wants two: only who sent them knows which is meant."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from pipeline import removal, sharing
from pipeline.listing_spec import HOUSE
from pipeline.models import Batch, Frame
from pipeline.naming import PhotoName
from pipeline.states import GONE, State
from pipeline.transitions import StaleTransition, advance

Meaning = Literal["move", "share", "replace"]
"""The bytes belong to this name and not to the other; to both; this photo and not the other has the name."""
UNUSED = GONE | {State.REJECTED, State.UNREADABLE}
"""Nothing of these comes into the shop, so another photo is what everybody waits for."""


@dataclass(frozen=True)
class Arrival:
    """A photo that is being taken in, and what its sender says of it; no user: a command."""

    batch: Batch
    name: PhotoName
    sha256: str
    meant: frozenset[Meaning]
    user: User | None
    about: frozenset[int] | None = None
    """The frames that the sender was asked about; None: whichever there are."""

    def knows(self, frames: list[Frame]) -> bool:
        """Whether the sender was told of all of these."""
        return self.about is None or self.about.issuperset(frame.pk for frame in frames)

    def __str__(self) -> str:
        return f"{self.name.code} {self.name.view}"


class HeldError(ValueError):
    """Its sender has to say which is meant; `choices` are the answers, in words, `about` the frames asked about."""

    def __init__(self, why: str, about: list[Frame], choices: dict[Meaning, str], otherwise: str) -> None:
        super().__init__(why)
        self.about = [frame.pk for frame in about]
        self.choices = choices
        self.otherwise = otherwise


def twins(batch: Batch, code: str, view: str, sha256: str) -> QuerySet[Frame]:
    """The same bytes under the same name in the batch: there can be one at most."""
    return batch.frames.filter(code=code, view=view, sha256=sha256).exclude(state__in=GONE)


def elsewhere(frame: Frame) -> Frame | None:
    """The same photo under the same name in another batch, if it is of use there: its latest."""
    alike = Frame.objects.filter(sha256=frame.sha256, code=frame.code, view=frame.view).exclude(state__in=UNUSED)
    return alike.exclude(batch=frame.batch).select_related("batch").first()


def of_another_class(frame: Frame) -> Frame | None:
    """A photo of the same product, of another class: its latest."""
    same = Frame.objects.filter(code=frame.code).exclude(state__in=GONE).select_related("batch")
    return same.exclude(product_class=frame.product_class).order_by("-pk").first()


def other_spec(frame: Frame) -> str:
    """The name of the listing spec that this view's files in the shop are made by, if it isn't this photo's."""
    same = Frame.objects.filter(code=frame.code, view=frame.view, state=State.PUBLISHED).exclude(pk=frame.pk)
    shown = same.select_related("batch__spec").order_by("-pk").first()
    if shown is None:
        return ""
    spec = shown.spec
    name = spec.name if spec else HOUSE
    return "" if name == frame.batch.spec_name else name


def batches(new: Arrival) -> QuerySet[Frame, int]:
    """Of every photo that `settle` may move."""
    is_alike = Q(sha256=new.sha256) | Q(code=new.name.code, view=new.name.view)
    return Frame.objects.filter(is_alike).exclude(state__in=GONE).values_list("batch", flat=True)


def settle(new: Arrival) -> None:
    """See to it that the new photo may have its name, as its sender said.

    Raises
    ------
    HeldError
        They have to be asked.
    """
    same, other = list(_same_bytes(new)), list(_same_name(new))
    if same and not _is_settled(new, same):
        raise _whose(new, same)
    if other and not ("replace" in new.meant and new.knows(other)):
        raise _which(new, other)
    if "share" not in new.meant:
        for frame in same:
            removal.remove(frame, new.user, why=f"it belongs to {new}")
    for frame in (*other, *_unreadable(new)):
        _supersede(frame, new)


def _same_bytes(new: Arrival) -> QuerySet[Frame]:
    """The same photo under other names, in any batch."""
    found = Frame.objects.filter(sha256=new.sha256).exclude(state__in=UNUSED).select_related("batch")
    return found.exclude(code=new.name.code, view=new.name.view)


def _same_name(new: Arrival) -> QuerySet[Frame]:
    """Other photos of this name in the batch; in another batch it is a new photo of the product."""
    return new.batch.frames.filter(code=new.name.code, view=new.name.view).exclude(state__in=UNUSED)


def _unreadable(new: Arrival) -> QuerySet[Frame]:
    return Frame.objects.filter(code=new.name.code, view=new.name.view, state=State.UNREADABLE)


def _is_settled(new: Arrival, same: list[Frame]) -> bool:
    is_said = "share" in new.meant or ("move" in new.meant and _can_move(new, same))
    return is_said and new.knows(same)


def _can_move(new: Arrival, same: list[Frame]) -> bool:
    return all(removal.can_remove(frame) and (not new.user or sharing.may_remove(new.user, frame)) for frame in same)


def _whose(new: Arrival, same: list[Frame]) -> HeldError:
    known = " and ".join(f"{frame} (in batch {frame.batch.name}, {frame.state_words})" for frame in same)
    theirs = " and ".join(dict.fromkeys(map(str, same)))
    choices: dict[Meaning, str] = {"share": f"It shows {new} too"}
    if _can_move(new, same):
        choices = {"move": f"It is {new}: remove it from {theirs}", **choices}
    return HeldError(f"this very photo is there as {known}", same, choices, f"It is {theirs}: leave this file out")


def _which(new: Arrival, other: list[Frame]) -> HeldError:
    known = " and ".join(f"{frame.filename} ({frame.state_words})" for frame in other)
    why = f"this batch has another photo of {new}: {known}"
    return HeldError(why, other, {"replace": "Take this one instead"}, f"Keep {other[0].filename}: leave this file out")


def _supersede(frame: Frame, new: Arrival) -> None:
    """Now; but what is in the shop, or on its way there, stays until the new photo is published."""
    if not removal.can_remove(frame):
        return
    with suppress(StaleTransition):  # what moves on at this moment is superseded when the new photo is published
        actor = new.user.get_username() if new.user else "a command"
        advance(frame, State.SUPERSEDED, actor=actor, why=f"another photo was sent, in batch {new.batch.name}")
