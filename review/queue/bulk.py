"""One decision on many frames, each carried out or refused by itself, all taken back at once."""

from collections.abc import Iterable, Mapping
from uuid import UUID, uuid4

from django.contrib.auth.models import User

from pipeline.models import Frame
from review.models import QueueItem
from review.queue import decisions


def decide(kind: str, frames: Iterable[QueueItem], seen: Mapping[int, int], user: User) -> tuple[int, list[str]]:
    """Decide these frames alike.

    Parameters
    ----------
    seen : mapping of int to int
        What was asked for, with the version of each that the list showed; those that are among the frames no more, or
        have another version now, are refusals.

    Returns
    -------
    how many were decided, and why each of the others wasn't
    """
    group = uuid4()
    found = list(frames)
    refusals = [_refusal(kind, frame, seen.get(frame.pk), user, group) for frame in found]
    gone = Frame.objects.filter(pk__in=seen.keys() - {frame.pk for frame in found})
    told = [refusal for refusal in refusals if refusal]
    return len(found) - len(told), told + [f"{frame} is no longer in the queue; somebody decided it." for frame in gone]


def _refusal(kind: str, frame: QueueItem, version: int | None, user: User, group: UUID) -> str:
    """Why the frame can't be decided so, or '' where it was."""
    if version is None:
        return f"{frame} wasn't on the page, so nobody looked at it; nothing was changed."
    try:
        decisions.decide(kind, frame, version, user, group=group)
    except decisions.DecisionError as error:
        return str(error)
    return ""
