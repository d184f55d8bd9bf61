"""What could be published instead of the matte as it is, for the page to show."""

from typing import Any

from django.urls import reverse

from pipeline import alternatives, naming
from pipeline.models import Frame, Scorecard
from pipeline.words import RUNG_WORDS
from review.queue import second_looks


def of(frame: Frame, card: Scorecard | None) -> dict[str, Any]:
    """Those that are there, and whether more are on their way."""
    return {"alternatives": _alternatives(frame, card), "areMoreComing": _are_more_coming(frame)}


def _are_more_coming(frame: Frame) -> bool:
    """None of a frame that is shown a second time: it is decided, so none are made any more."""
    return frame.version != second_looks.NO_VERSION and alternatives.are_wanted(frame)


def _alternatives(frame: Frame, card: Scorecard | None) -> list[dict[str, Any]]:
    """What else can be published, the likeliest first; it stands before the matte as it is if it is the likelier.

    A matte that lost a part comes after all that are whole, however sure its score is of the rest.
    """
    machine = frame.machine_card
    if card is None or machine is None:
        return []
    ranks = {other["rung"]: (not other.get("is_partial"), other["confidence"]) for other in machine.mattes}
    if card != machine:
        ranks[machine.rung] = (not machine.is_partial, machine.confidence)
    best_first = sorted(ranks, key=lambda rung: ranks[rung], reverse=True)
    found = [_alternative(frame, machine, rung) for rung in best_first]
    for other, rung in zip(found, best_first, strict=True):
        other["isBest"] = rung == best_first[0] and ranks[rung] > (not card.is_partial, card.confidence)
    return found


def _alternative(frame: Frame, machine: Scorecard, rung: str) -> dict[str, Any]:
    is_own = rung == machine.rung
    cutout = "cutout.webp" if is_own else naming.alternative_name(rung, "webp")
    mask = naming.mask_name("" if is_own else rung)
    return {
        "rung": rung,
        "words": "as the machine left it" if is_own else RUNG_WORDS.get(rung, rung),
        "cutout": picture_address(frame, cutout, machine.attempt),
        "mask": picture_address(frame, mask, machine.attempt),
    }


def picture_address(frame: Frame, name: str, attempt: int | None = None) -> str:
    return reverse("picture", args=[frame.pk, attempt or frame.attempt, name])
