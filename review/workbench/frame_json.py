"""A frame as the workbench shows it: all that speaks of the picture, and nothing that speaks of the verdict."""

from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.timesince import timesince

from pipeline import naming
from pipeline.imaging.verdict.score import LOST_PARTS
from pipeline.models import Frame, Scorecard
from pipeline.states import ANSWERED
from pipeline.words import in_words
from review.queue import bridges, claims, decisions, stamps
from review.queue.today import today
from review.workbench import choices
from review.workbench.choices import picture_address

RAIL = 9
# What mends it, armed when its reason is looked at.
TOOLS = {
    "erase": ("stray", "frayed", "wide-band", "soft-edge"),
    "cut": ("backdrop-kept",),
    "fill": ("eaten", "see-through"),
    "brush": ("left-out", "fading", "fading-stretch", "half-gone", "weak-prediction"),
    "refine": ("halo", "edge-not-in-photo", "outline-gap", "faint-outline", "like-backdrop"),
    "bridge": ("no-bridge", "bridge-unsure"),
    "rename": ("looks-front", "looks-angle", "looks-side"),
}
TOOL_FOR = {reason: tool for tool, reasons in TOOLS.items() for reason in reasons}
EITHER = frozenset({"haze", "torn", "pieces", "second-look", "second-look-place"})
"""Something is kept or a part is missing: which of the two is told by what else is doubted."""
KEPT = frozenset({*TOOLS["erase"], *TOOLS["cut"]})


def item(frame: Frame, user: User) -> dict[str, Any]:
    """Everything that the page needs to show a frame and to decide it."""
    card = frame.card
    found = {
        "id": frame.pk,
        "version": stamps.of(frame),
        "code": frame.code,
        "view": frame.view,
        "productClass": frame.product_class,
        "batch": frame.batch.name,
        "file": frame.filename,
        "waiting": timesince(frame.state_since, depth=1),
        "canApprove": decisions.can_be_approved(card),
        "whyNot": _why_not(card),
        "pictures": _pictures(frame, card),
        "chips": _chips(frame, card),
        **choices.of(frame, card),
        "bridge": _bridge(frame, card),
        "siblings": _siblings(frame),
        "hasFailed": bool(frame.cause),
        "held": None,
    }
    if user.has_perm("pipeline.see_verdict"):
        found |= {"score": _score(card), "history": reverse("admin:pipeline_frame_change", args=[frame.pk])}
    return found


def line(user: User, page: str = "") -> dict[str, Any]:
    """What waits for this person, in order, how much is in other hands, and how their day stands."""
    waiting = claims.queue_of(user, page)
    counts = {"left": waiting.count(), "elsewhere": claims.in_other_hands(user, page).count()}
    return {"rail": [thumb(frame) for frame in waiting[:RAIL]], **counts, "today": today(user)}


def thumb(frame: Frame) -> dict[str, Any]:
    return {
        "id": frame.pk,
        "code": frame.code,
        "view": frame.view,
        "thumb": picture_address(frame, "thumb.webp") if frame.has_pictures else None,
    }


def _why_not(card: Scorecard | None) -> str:
    if decisions.can_be_approved(card):
        return ""
    if card:
        return "The cut-out is empty, so there is nothing to publish. Paint what is missing, or ask for a new photo."
    return "There is no cut-out to publish. Reprocess it, or ask for a new photo."


def _pictures(frame: Frame, card: Scorecard | None) -> dict[str, Any]:
    if not frame.has_pictures:
        return {}
    found: dict[str, Any] = {
        "photo": picture_address(frame, "preview.webp"),
        "fullPhoto": picture_address(frame, "photo.jpg"),
    }
    if card:
        found |= {"width": card.width, "height": card.height, "cutout": picture_address(frame, "cutout.webp")}
        found |= {"mask": picture_address(frame, naming.mask_name())}
        found |= {"heat": picture_address(frame, "doubt.webp")} if card.places else {}
    return found


def _chips(frame: Frame, card: Scorecard | None) -> list[dict[str, Any]]:
    if frame.cause:
        return [{"words": frame.cause, "code": ""}]
    places = card.places if card else {}
    return _gemini_chip(frame) + [
        {"code": code, "words": in_words(code), "place": places.get(code), "tool": _tool_for(code, frame.doubts)}
        for code in frame.doubts
    ]


def _tool_for(code: str, doubts: list[str]) -> str | None:
    """Paint what is missing, erase what was kept."""
    if code not in EITHER:
        return TOOL_FOR.get(code)
    told = next((doubt for doubt in doubts if doubt in LOST_PARTS | KEPT), None)
    return "brush" if told in LOST_PARTS else "erase"


def _gemini_chip(frame: Frame) -> list[dict[str, Any]]:
    """Why the uploader's choice wasn't followed."""
    is_instead = frame.gemini not in ("", ANSWERED)
    return [{"words": f"{frame.gemini_words}: enhanced here instead", "code": frame.gemini}] if is_instead else []


def _bridge(frame: Frame, card: Scorecard | None) -> dict[str, Any] | None:
    line = bridges.bridge_line_of(frame, card)
    if line is None:
        return None
    return {
        "x": line.x,
        "found": line.card.bridge_x,
        "first": line.first,
        "last": line.last,
        "side": line.side or "",
        "placedBy": line.label.by if line.label else "",
        "doubt": line.card.bridge_doubt_words,
        "evidence": line.card.bridge_evidence,
        "estimates": [{"name": name, "x": column} for name, column in line.estimates.items()],
    }


def _siblings(frame: Frame) -> list[dict[str, Any]]:
    others = frame.batch.frames.filter(code=frame.code).exclude(pk=frame.pk).order_by("view", "filename")
    return [thumb(other) for other in others]


def _score(card: Scorecard | None) -> dict[str, Any] | None:
    if card is None:
        return None
    return {"confidence": card.confidence, "threshold": card.threshold, "publish": card.publish}
