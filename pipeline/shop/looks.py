"""How far photos are from the house look that a listing spec names. Nothing is held by it: it is told, no more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from django.db.models import F, QuerySet

from pipeline.imaging.metrics.look import distance
from pipeline.models import Batch, Frame, Scorecard
from pipeline.shop.specs import SpecError
from pipeline.states import GONE

Look = Mapping[str, float]

NOTHING = 0.5
"""So many degrees, or steps of L*, a* and b*, hardly anybody sees."""
WORST = 3

MEASURES = {
    "tilt": ("Level", "{}° clockwise", "{}° anticlockwise", "{} off level"),
    "lightness": ("Backdrop’s brightness", "{} brighter", "{} darker", "backdrop {} than the house look"),
    "cast": ("Backdrop’s tint", "{} off", "", "backdrop’s tint {}"),
    "shadow": ("Shadow", "{} deeper", "{} fainter", "shadow {} than the house look"),
    "contrast": ("Product’s contrast", "{} higher", "{} lower", "product’s contrast {}"),
}
"""Each measure's name; what is said of a value above and below the reference; and the sentence around that."""


AIMED_AT = ("lightness", "a", "b", "shadow", "contrast")
"""What a batch's photos can set; how level they are is nothing to aim at."""


@dataclass(frozen=True)
class Worst:
    """A photo that is among the farthest from the reference, and how far it is, in words."""

    frame_id: int
    frame: str
    words: str


@dataclass(frozen=True)
class Spread:
    """How a batch's photos lie about one value of the reference: the middle one, how far half of them are off at most,
    and those that are farthest."""

    name: str
    count: int
    middle: str
    half: str
    worst: Sequence[Worst]


def words_of(look: Look, reference: Look) -> str:
    """A photo's distance from the reference; empty where nothing can be compared."""
    apart = distance(look, reference)
    told = [_sentence(name, apart[name], reference) for name in MEASURES if abs(apart.get(name, 0)) >= NOTHING]
    return "; ".join(told) or ("as the house look" if apart else "")


def frame_words(frame: Frame) -> str:
    """The same of a frame, as its last attempt shows it; empty where its listing spec names no house look."""
    reference, card = frame.listing_spec.look, frame.card
    return words_of(card.look, reference) if reference and card else ""


def spreads(batch: Batch) -> list[Spread]:
    """How its photos lie about the house look of its listing spec, value by value; none where that names none."""
    reference = batch.listing_spec.look
    if not reference:
        return []
    rows = _cards(batch).values_list("frame_id", "frame__code", "frame__view", "look")
    found = [(number, f"{code} {view}", distance(look, reference)) for number, code, view, look in rows]
    measured = {key: [(number, name, apart[key]) for number, name, apart in found if key in apart] for key in MEASURES}
    return [_spread(key, values) for key, values in measured.items() if values]


def medians(name: str) -> dict[str, float]:
    """The middle look of a batch's photos, for a reference.

    Raises
    ------
    SpecError
        There is no batch of that name, or none of its photos was measured.
    """
    batch = Batch.objects.filter(name__iexact=name.strip()).last()
    if batch is None:
        raise SpecError(f"There is no batch {name!r} to take the look from; give a batch's name as its page shows it.")
    looks = list(_cards(batch).values_list("look", flat=True))
    values = {key: [look[key] for look in looks if key in look] for key in AIMED_AT}
    if not any(values.values()):
        raise SpecError(f"No photo of {name} was measured yet; take the look from a batch that was processed.")
    return {key: round(median(all_), 1) + 0.0 for key, all_ in values.items() if all_}  # no −0.0


def _cards(batch: Batch) -> QuerySet[Scorecard]:
    """The last attempt's of each photo that is still one of it."""
    of_last = Scorecard.objects.filter(frame__batch=batch, attempt=F("frame__attempt")).exclude(frame__state__in=GONE)
    return of_last.exclude(look={})


def _spread(key: str, values: Sequence[tuple[int, str, float]]) -> Spread:
    far = sorted(values, key=lambda one: -abs(one[2]))[:WORST]
    return Spread(
        name=MEASURES[key][0],
        count=len(values),
        middle=_said(key, median(value for *_, value in values)),
        half=_number(median(abs(value) for *_, value in values)) + "°" * (key == "tilt"),
        worst=[Worst(number, name, _said(key, value)) for number, name, value in far],
    )


def _sentence(key: str, value: float, reference: Look) -> str:
    told = MEASURES[key][3].format(_said(key, value))
    is_more = key == "tilt" and abs(value) > reference[key]
    return f"{told}, more than {_number(reference[key])}°" if is_more else told


def _said(key: str, value: float) -> str:
    """
    >>> _said("lightness", -4.02), _said("tilt", 2.1), _said("tilt", 0.2)
    ('4 darker', '2.1° clockwise', 'level')
    """
    if abs(value) < NOTHING:
        return "level" if key == "tilt" else "as the house look"
    return MEASURES[key][1 if value > 0 else 2].format(_number(abs(value)))


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
