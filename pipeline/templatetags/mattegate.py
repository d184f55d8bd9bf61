"""How the pages say states, durations and shares, and draw what the bridge was read from."""

import re
from datetime import datetime
from decimal import Decimal
from pathlib import PurePath
from typing import Any

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import slugify

from pipeline.imaging.types import named_estimates
from pipeline.models import Frame
from pipeline.naming import view_number
from pipeline.words import REASON_WORDS, STATE_WORDS

register = template.Library()
register.filter("view_number", view_number)


@register.filter
def state_words(state: str) -> str:
    """
    >>> state_words("exception")
    'waiting for review'
    """
    return STATE_WORDS[state]


@register.filter
def spaced(code: str) -> str:
    """
    >>> spaced("soft-edge")
    'soft edge'
    """
    return code.replace("-", " ").replace("_", " ")


@register.filter
def reason_words(code: str) -> str:
    """As a policy of an older version may name it too.

    >>> reason_words("touches-border"), reason_words("of-an-older-version")
    ('product is cut off by the edge of the photo', 'of an older version')
    """
    return REASON_WORDS.get(code, spaced(code))


@register.simple_tag
def word(name: str, words: str = "") -> str:
    """A word of the glossary, or other words for it, that lead to what it means."""
    address = f"{reverse('glossary')}#{slugify(name)}"
    return format_html('<a class="mg-word" href="{}">{}</a>', address, words or name)


@register.filter
def in_short(text: str) -> str:
    """Without what stands in brackets.

    >>> in_short("214 renders (33 of one set, 181 of another), 149 of them bad")
    '214 renders, 149 of them bad'
    """
    return re.sub(r" \([^)]*\)", "", text)


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


@register.filter
def lasted(since: datetime) -> str:
    """
    >>> from datetime import timedelta
    >>> lasted(timezone.now() - timedelta(minutes=2))
    '2 min'
    """
    return duration(max(0, round((timezone.now() - since).total_seconds())))


@register.filter
def ago(at: datetime) -> str:
    """
    >>> from datetime import timedelta
    >>> ago(timezone.now()), ago(timezone.now() - timedelta(hours=2))
    ('just now', '2 h ago')
    """
    return f"{lasted(at)} ago" if (timezone.now() - at).total_seconds() >= 1 else "just now"


@register.filter
def ahead(at: datetime) -> str:
    """
    >>> from datetime import timedelta
    >>> ahead(timezone.now() - timedelta(hours=2)), ahead(timezone.now() + timedelta(seconds=90.4))
    ('at once', 'in 1 min 30 s')
    """
    seconds = round((at - timezone.now()).total_seconds())
    return f"in {duration(seconds)}" if seconds > 0 else "at once"


@register.filter
def about(seconds: float) -> str:
    """
    >>> [about(s) for s in (20, 80, 230, 3500, 6000, 100_000)]
    ['about 1 minute', 'about 1 minute', 'about 4 minutes', 'about 1 hour', 'about 2 hours', 'about 28 hours']
    """
    minutes = max(1, round(seconds / 60))
    number, unit = (minutes, "minute") if minutes < 50 else (round(minutes / 60), "hour")
    return f"about {number} {unit}{'s' if number > 1 else ''}"


@register.filter
def per_cent(share: float) -> str:
    """
    >>> per_cent(0.005), per_cent(0.0426), per_cent(1)
    ('0.5 %', '4.3 %', '100 %')
    """
    digits = 3 if share < 0.01 else 1
    return f"{100 * share:.{digits}f}".rstrip("0").rstrip(".") + " %"


@register.filter
def money(amount: Decimal) -> str:
    """
    >>> money(Decimal("0.0335")), money(Decimal("12.500000")), money(Decimal(0))
    ('0.0335', '12.50', '0.00')
    """
    exact = f"{amount:.6f}".rstrip("0")
    return f"{amount:,.2f}" if len(exact.partition(".")[2]) < 3 else exact


@register.filter
def across(column: float, width: int) -> str:
    """Where the middle of a column of pixels lies in a photo of that width.

    >>> across(49.5, 400), across(0, 10)
    ('12.5000%', '5.0000%')
    """
    return f"{100 * (column + 0.5) / width:.4f}%"


@register.filter
def drawn(mark: list[float]) -> dict[str, str]:
    """Where an SVG that lies over the photo draws a mark on it: a pin has no size.

    >>> drawn([0.25, 0.5])
    {'x': '25.00%', 'y': '50.00%', 'width': '0.00%', 'height': '0.00%'}
    >>> drawn([0.25, 0.5, 0.5, 0.5625])["height"]
    '6.25%'
    """
    x0, y0, *far = mark
    x1, y1 = far or (x0, y0)
    shares = {"x": x0, "y": y0, "width": x1 - x0, "height": y1 - y0}
    return {name: f"{100 * share:.2f}%" for name, share in shares.items()}


@register.filter
def retake_name(frame: Frame) -> str:
    """How a photo in this one's place is to be called.

    >>> retake_name(Frame(code="AURA1000", view="angle", filename="aura1000_2.JPG"))
    'AURA1000_2.jpg'
    """
    return f"{frame.code}_{view_number(frame.view)}{PurePath(frame.filename).suffix.lower()}"


@register.filter
def profile_path(evidence: dict[str, Any]) -> str:
    """The vertical projection as an SVG path: x in columns of the photo, y from 0, the highest value, down to 1.

    >>> profile_path({"first": 10.0, "last": 30.0, "profile": [0.5, 1.0, 0.25]})
    'M10.0 1L10.0 0.500L20.0 0.000L30.0 0.750L30.0 1Z'
    """
    first, last, shares = evidence["first"], evidence["last"], evidence["profile"]
    step = (last - first) / max(1, len(shares) - 1)
    curve = "".join(f"L{first + index * step:.1f} {1 - share:.3f}" for index, share in enumerate(shares))
    return f"M{first:.1f} 1{curve}L{last:.1f} 1Z"


@register.filter
def estimates(evidence: dict[str, Any]) -> list[tuple[float, str, str]]:
    """The estimates of the bridge as (column, name, side of its tick that the name stands on), from the left.

    >>> estimates({"by_valley": 702.0, "by_gap": 690.5})
    [(690.5, 'gap', 'left'), (702.0, 'valley', 'right')]
    >>> estimates({"by_valley": None, "by_gap": None, "by_notch": 88.0})
    [(88.0, 'notch', 'left')]
    """
    places = sorted((column, name) for name, column in named_estimates(evidence).items())
    return [(column, name, "right" if index else "left") for index, (column, name) in enumerate(places)]
