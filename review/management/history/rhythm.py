"""When batches come in: by the hours of working days."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from review.management.history.proportions import BY_HOUR, BY_WEEKDAY, CLASSES, LENGTH, UPLOADERS, URGENT

LEAST_PRODUCTS, MOST_PRODUCTS, VIEWS = 20, 120, 3


@dataclass(frozen=True)
class Drop:
    """A batch that is to come."""

    at: datetime
    photos: int
    product_class: str
    uploader: str
    is_urgent: bool


def drops(frames: int, until: datetime, dice: random.Random) -> list[Drop]:
    """As many as hold that many frames, the earliest first."""
    sizes = _sizes(frames, dice)
    return [
        Drop(at, photos, dice.choices(*zip(*CLASSES.items(), strict=True))[0], dice.choice(UPLOADERS), _urgent(dice))
        for at, photos in zip(_starts(len(sizes), until, dice), sizes, strict=True)
    ]


def _urgent(dice: random.Random) -> bool:
    return dice.random() < URGENT


def _sizes(frames: int, dice: random.Random) -> list[int]:
    most = max(5, min(MOST_PRODUCTS, frames // 60))
    sizes: list[int] = []
    while frames:
        sizes.append(min(frames, VIEWS * dice.randint(min(LEAST_PRODUCTS, most // 2), most)))
        frames -= sizes[-1]
    return sizes


def _starts(count: int, until: datetime, dice: random.Random) -> list[datetime]:
    """The last one so shortly before the end that its frames are still on their way."""
    last = until - timedelta(hours=1)
    hours = [last - timedelta(hours=number) for number in range(1, int(LENGTH / timedelta(hours=1)))]
    weights = [_weight(timezone.localtime(hour)) for hour in hours]
    drawn = dice.choices(hours, weights, k=count - 1)
    return [*sorted(hour + timedelta(seconds=dice.randrange(3600)) for hour in drawn), last]


def _weight(at: datetime) -> float:
    return BY_WEEKDAY[at.weekday()] * BY_HOUR[at.hour]
