"""One decision on many frames, each carried out or refused by itself, all taken back at once."""

from collections.abc import Iterable
from uuid import UUID, uuid4

from django.contrib.auth.models import User

from pipeline.models import Frame
from review.models import QueueItem
from review.queue import claims, decisions


def decide(kind: str, frames: Iterable[QueueItem], ticked: set[int], user: User) -> tuple[int, list[str]]:
    """Decide these frames alike.

    Parameters
    ----------
    ticked : set of int
        What was asked for; those that are among the frames no more are refusals.

    Returns
    -------
    how many were decided, and why each of the others wasn't
    """
    group = uuid4()
    found = list(frames)
    refusals = [_refusal(kind, frame, user, group) for frame in found]
    gone = Frame.objects.filter(pk__in=ticked - {frame.pk for frame in found})
    told = [refusal for refusal in refusals if refusal]
    return len(found) - len(told), told + [f"{frame} is no longer in the queue; somebody decided it." for frame in gone]


def _refusal(kind: str, frame: QueueItem, user: User, group: UUID) -> str:
    """Why the frame can't be decided so, or '' where it was."""
    holder = claims.holder_of(frame)
    if holder and holder != user.get_username():
        return f"{holder} is looking at {frame} right now; nothing was changed."
    try:
        decisions.decide(kind, frame, frame.version, user, group=group)
    except decisions.DecisionError as error:
        return str(error)
    return ""
