"""How the pages say states, durations and shares."""

from django import template

from pipeline.states import State

register = template.Library()

STATE_WORDS: dict[str, str] = {
    State.RECEIVED: "waiting",
    State.PROCESSING: "in work",
    State.EXCEPTION: "needs a person",
    State.APPROVED: "approved",
    State.PUBLISHING: "being published",
    State.PUBLISHED: "published",
    State.REJECTED: "to be reshot",
    State.WITHDRAWING: "being withdrawn",
    State.SUPERSEDED: "replaced by a newer photo",
    State.PURGED: "pictures deleted",
}


@register.filter
def state_words(state: str) -> str:
    """
    >>> state_words("exception")
    'needs a person'
    """
    return STATE_WORDS[state]


@register.filter
def spaced(code: str) -> str:
    """
    >>> spaced("soft-edge")
    'soft edge'
    """
    return code.replace("-", " ")


@register.filter
def percent(share: float) -> str:
    """
    >>> percent(0.8605)
    '86%'
    """
    return f"{100 * share:.0f}%"


@register.filter
def duration(seconds: float) -> str:
    """
    >>> [duration(s) for s in (0.04, 42, 61, 3600, 90000)]
    ['0.04 s', '42 s', '1 min 1 s', '1 h', '25 h']
    """
    if seconds < 10:
        return f"{seconds:.2g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (0 if hours else rest, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
