"""A photo of another product, view or class than its name says: renamed, and processed again.

The file's own name stays as what was sent. One that is published comes out of the shop under its old name first.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from pipeline import naming
from pipeline.imaging.types import ProductClass, View
from pipeline.models import Frame
from pipeline.rivals import UNUSED, twins
from pipeline.shop import withdraw
from pipeline.states import RENAMED, State
from pipeline.transitions import StaleTransition, advance
from review.evidence.labels import RENAME, label_of
from review.queue.decisions import DecisionError, Said, grace, note, occasion_of, require_at_hand

MOST_TOLD = 20
"""Photos of one name that somebody is told of at once."""


@dataclass(frozen=True)
class Name:
    """What a photo shows."""

    code: str
    view: View
    product_class: ProductClass

    def __str__(self) -> str:
        return f"{self.code} {self.view}, {self.product_class}"


def name_of(frame: Frame) -> Name:
    return Name(frame.code, frame.view, frame.product_class)


def checked(frame: Frame, version: int, user: User, wanted: Name) -> Name:
    """The name as we write it.

    Raises
    ------
    DecisionError
        Somebody else was first, or has the frame in hand; no photo can have that name, or it has it already.
    """
    require_at_hand(frame, version, user)
    try:
        name = replace(wanted, code=naming.product_code(wanted.code))
    except naming.NamingError as error:
        raise DecisionError(f"{wanted.code or 'Nothing'} can't be a product code: {error.why}.") from error
    if name == name_of(frame):
        raise DecisionError(f"That is its name already: {name}. Change the class, the view or the code.")
    if twins(frame.batch, name.code, name.view, frame.sha256).exclude(pk=frame.pk).exists():
        raise DecisionError(f"The same file is in the batch as {name.code} {name.view} already. Reject this one.")
    return name


def others_of(frame: Frame, name: Name) -> list[Frame]:
    """The photos that have that name too, the newest first."""
    same = Frame.objects.filter(code=name.code, view=name.view).exclude(pk=frame.pk).exclude(state__in=UNUSED)
    is_renamed = (name.code, name.view) != (frame.code, frame.view)
    return list(same.select_related("batch")[:MOST_TOLD]) if is_renamed else []


def words_for(frame: Frame, name: Name, others: Sequence[Frame]) -> str:
    """What happens when both are published: the newer photo replaces the older."""
    newest, more = others[0], len(others) - 1
    there = f"There is a photo of {name.code} {name.view} already, in batch {newest.batch}"
    there += f", and {more} more. " if more else ". "
    if newest.pk > frame.pk:
        return f"{there}It came after this one: once both are published, the shop shows that one."
    return f"{there}This one came later: once it is published, it replaces that one."


def rename(frame: Frame, name: Name, user: User) -> str:
    """Give the frame a name that was checked, and say so in words. No worker acts on it yet.

    Raises
    ------
    DecisionError
        Somebody else was first.
    """
    was, occasion, card = name_of(frame), occasion_of(frame), frame.card
    try:
        with transaction.atomic():
            _move(frame, f"renamed: was {was}; is {name}", user, **asdict(name))
            label = label_of(RENAME, is_edited=False)
            note(frame, Said(RENAME, user), card=card, occasion=occasion, label=label, was=asdict(was))
    except StaleTransition as error:
        raise DecisionError(f"{was.code} {was.view} was decided meanwhile; nothing was changed.") from error
    return f"{was.code} {was.view} is {name} now, and is processed again."


def _move(frame: Frame, why: str, user: User, **name: Any) -> None:
    """Under its new name at once; what lies in the shop under the old one is found by its listing."""
    actor, not_before = user.get_username(), grace()
    if frame.state == State.EXCEPTION:
        advance(frame, State.RECEIVED, actor=actor, why=why, faults=0, not_before=not_before, **name)
    else:
        withdraw.withdraw(frame, actor=actor, why=why, not_before=not_before, then=RENAMED, **name)
