"""The life of a frame. Its states and the moves between them, and codes that other rooms must tell apart."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal


class State(StrEnum):
    RECEIVED = "received"
    ENHANCING = "enhancing"
    PROCESSING = "processing"
    EXCEPTION = "exception"
    APPROVED = "approved"
    REJECTED = "rejected"
    UNREADABLE = "unreadable"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    REMOVED = "removed"
    PURGED = "purged"


class Segment(StrEnum):
    """How far a photo is, as people are told it, in the order of a batch's bar."""

    PUBLISHED = "published"
    REVIEW = "review"
    REJECTED = "rejected"
    UNREADABLE = "unreadable"
    WORKING = "working"
    IN_LINE = "in-line"
    GONE = "gone"


Look = Literal["drawn", "sibling", "asked"]
"""Why a person looks at a published frame: it was marked by chance, a sibling failed its audit, or a manager asked for
it. Only the first tells anything about the rest."""

Enhancement = Literal["local", "gemini"]
Lane = Literal["standard", "urgent"]
"""With Gemini, urgent photos are asked for one by one, and standard ones by Batch jobs at half the price."""

S = State
MOVES: dict[State, frozenset[State]] = {
    S.RECEIVED: frozenset({S.ENHANCING, S.PROCESSING, S.EXCEPTION, S.SUPERSEDED, S.REMOVED}),
    S.ENHANCING: frozenset({S.RECEIVED, S.EXCEPTION, S.SUPERSEDED, S.REMOVED}),
    S.PROCESSING: frozenset({S.RECEIVED, S.APPROVED, S.EXCEPTION, S.UNREADABLE, S.SUPERSEDED, S.REMOVED}),
    S.UNREADABLE: frozenset({S.RECEIVED, S.SUPERSEDED, S.REMOVED, S.PURGED}),
    S.EXCEPTION: frozenset({S.APPROVED, S.REJECTED, S.RECEIVED, S.SUPERSEDED, S.REMOVED, S.PURGED}),
    S.APPROVED: frozenset({S.PUBLISHING, S.EXCEPTION, S.SUPERSEDED}),
    S.REJECTED: frozenset({S.EXCEPTION, S.PURGED, S.SUPERSEDED, S.REMOVED}),
    S.PUBLISHING: frozenset({S.PUBLISHED, S.APPROVED, S.EXCEPTION, S.SUPERSEDED}),
    S.PUBLISHED: frozenset({S.PUBLISHED, S.WITHDRAWING, S.SUPERSEDED}),
    S.WITHDRAWING: frozenset({S.EXCEPTION, S.WITHDRAWN, S.PUBLISHED, S.RECEIVED, S.APPROVED, S.REJECTED}),
    S.WITHDRAWN: frozenset({S.EXCEPTION, S.PURGED, S.SUPERSEDED}),
    S.SUPERSEDED: frozenset({S.PURGED, S.RECEIVED}),
    S.REMOVED: frozenset({S.PURGED}),
    S.PURGED: frozenset(),
}


# What was removed is in none: it counts no more.
SEGMENT_OF: dict[State, Segment] = {
    S.RECEIVED: Segment.IN_LINE,
    S.ENHANCING: Segment.WORKING,
    S.PROCESSING: Segment.WORKING,
    S.UNREADABLE: Segment.UNREADABLE,
    S.EXCEPTION: Segment.REVIEW,
    S.APPROVED: Segment.WORKING,
    S.REJECTED: Segment.REJECTED,
    S.PUBLISHING: Segment.WORKING,
    S.PUBLISHED: Segment.PUBLISHED,
    S.WITHDRAWING: Segment.WORKING,
    S.WITHDRAWN: Segment.GONE,
    S.SUPERSEDED: Segment.GONE,
    S.PURGED: Segment.GONE,
}

# The machine still has work to do; nobody is waited for.
UNFINISHED = frozenset(state for state, segment in SEGMENT_OF.items() if segment in (Segment.WORKING, Segment.IN_LINE))


# Another photo took their place, or nobody wants them any more: the same file may come again.
GONE = frozenset({S.SUPERSEDED, S.REMOVED, S.PURGED})


def is_allowed(source: State, target: State) -> bool:
    """
    >>> is_allowed(State.EXCEPTION, State.APPROVED)
    True
    >>> is_allowed(State.RECEIVED, State.PUBLISHED)
    False
    """
    return target in MOVES[source]


FIRST_LOOK, OWN_ALPHA, BY_HAND = "first-look", "own-alpha", "by-hand"


ANSWERED = "answered"

ASK_AGAIN = frozenset({"failed", "refused", "out-of-time", "budget-spent", "switched-off", "no-photo"})
"""Nothing was made then, nor paid: whoever has the photo reprocessed has Gemini asked anew."""

# These say what the gate decided, not what is wrong with the picture: who decides after it must not know.
VERDICT_REASONS = frozenset({"low-confidence", "held-all"})

RENAMED, MENDED, ONCE_MORE, TURNED_DOWN = "renamed", "mended", "once-more", "turned-down"
AFTER_WITHDRAWAL: dict[str, State] = {
    RENAMED: S.RECEIVED,
    MENDED: S.APPROVED,
    ONCE_MORE: S.RECEIVED,
    TURNED_DOWN: S.REJECTED,
}
"""By the reason for which files are withdrawn, where their frame goes then. Those of one that was renamed lie under a
wrong name; nothing else is wrong with them."""

SENT_BACK = "withdrawn"
"""A person has doubted what was published: a person sees it before it is published again."""

NO_DOUBTS = VERDICT_REASONS | {SENT_BACK}
"""Reasons that say nothing of the picture."""


def sent_back(reasons: Iterable[str]) -> list[str]:
    """SENT_BACK alone, if it is among these: a frame keeps it, whatever becomes of it, until it is published."""
    return [code for code in reasons if code == SENT_BACK]


NEVER_DECODED = frozenset({"not-decodable", "original-missing"})
