"""What the workbench asks while an operator works: JSON in, JSON out. A refusal is 409, in words for the operator."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.access import allowed, signed_in
from config.asked import Asked, NotThereError, body, problem, read
from pipeline import jobs, pictures
from pipeline.engines.object_store import MissingObjectError, ObjectStoreError
from pipeline.imaging.pictures.decode import DecodeError
from pipeline.imaging.pictures.renditions import EmptyPictureError
from pipeline.models import Frame
from pipeline.override import Edit
from review.models import Decision, QueueItem
from review.queue import claims, decisions, renames, second_looks, stamps, undo
from review.queue.decisions import DecisionError, Said
from review.workbench import choices, edits, frame_json, questions

AGAIN = "Reprocess it, or ask for a new photo."
REFUSALS: dict[type[Exception], tuple[int, str]] = {
    DecisionError: (HTTPStatus.CONFLICT, "{}"),
    EmptyPictureError: (HTTPStatus.CONFLICT, "{}"),
    DecodeError: (HTTPStatus.CONFLICT, f"The photo or its cut-out can't be read: {{}}. {AGAIN}"),
    MissingObjectError: (HTTPStatus.CONFLICT, f"The photo or its cut-out is gone. {AGAIN}"),
    ObjectStoreError: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The picture store does not answer, so nothing was changed. Try again in a moment.",
    ),
}
"""How what can't be done is told; of several that fit, the first."""


def refusal(error: Exception) -> tuple[int, str]:
    """Status and words."""
    status, words = next(told for kind, told in REFUSALS.items() if isinstance(error, kind))
    return status, words.format(error)


def asked(permission: str, form: type[forms.Form] = questions.Nothing) -> Callable[..., Callable[..., HttpResponse]]:
    """A question that only some may ask, as the form has it. Its answer is a dict; what it raises is told in words."""

    def decorate(answer: Callable[..., dict[str, Any]]) -> Callable[..., HttpResponse]:
        @allowed(permission, "POST")
        @wraps(answer)
        def view(request: HttpRequest, **address: int) -> HttpResponse:
            try:
                return JsonResponse(answer(signed_in(request), read(form, body(request)), **address))
            except tuple(REFUSALS) as error:
                return problem(*refusal(error))

        return view

    return decorate


@asked("review.view_queueitem", questions.Following)
def following(user: User, data: Asked) -> dict[str, Any]:
    """Claim the next frame, or fetch it ahead; hold on to what the page shows, and let go of all others."""
    page, held = data["page"], data["held"]
    _end(user, data["after"])
    claims.release(user, page, but=held)
    lost = claims.renew(user, held, page)
    found = second_looks.take_next(user, page, beside=[*held, *data["beside"]], ahead=data["is_ahead"])
    return {"item": _in_hand(found, user) if found else None, "lost": lost, "line": frame_json.line(user, page)}


@asked("review.view_queueitem", questions.Opened)
def open_frame(user: User, data: Asked, pk: int) -> dict[str, Any]:
    """Claim this one; one in other hands is shown all the same, with the name of who has it."""
    page = data["page"]
    _end(user, data["after"])
    frame = QueueItem.objects.filter(pk=pk).first() or second_looks.of(pk, user)
    if frame is None:
        raise DecisionError("That frame is no longer in the queue; somebody decided it.")
    if data["here"]:
        claims.go_on_here(frame, user, page)
    if claims.take(frame, user, page):
        item = _in_hand(frame, user) | {"held": None}
    else:
        item = frame_json.item(frame, user) | {"held": _held(frame, user)}
    return {"item": item, "line": frame_json.line(user, page)}


def _in_hand(frame: Frame, user: User) -> dict[str, Any]:
    """A frame that somebody is about to look at: what else can be chosen is made at once."""
    item = frame_json.item(frame, user)
    if item["areMoreComing"]:
        jobs.make_alternatives_now(frame)
    return item


def _end(user: User, page: str) -> None:
    """What a page that was left held, if it couldn't say so itself."""
    if page:
        claims.release(user, page)


def _held(frame: Frame, user: User) -> dict[str, Any]:
    """In whose hands it is, for a page that may look and not touch."""
    holder = claims.holder_of(frame)
    is_own = holder == user.get_username()
    words = f"You have {frame} open in another tab" if is_own else decisions.words_for_held(frame, holder)
    return {"by": holder, "isOwn": is_own, "words": f"{words}. Here you can look, and change nothing."}


@allowed("review.view_queueitem", "POST")
def leave(request: HttpRequest) -> HttpResponse:
    """The page is gone: a beacon carries a form, and no headers."""
    claims.release(signed_in(request), read(questions.Left, request.POST.dict())["page"])
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


@asked("review.view_queueitem")
def more_choices(user: User, data: Asked, pk: int) -> dict[str, Any]:
    """What can be chosen by now, also for who may only look, because another has it in hand."""
    frame = second_looks.of(pk, user) or _waiting(pk)
    found = choices.of(frame, frame.card)
    return found | {"areMoreComing": found["areMoreComing"] and jobs.are_alternatives_coming(frame)}


@asked("pipeline.take_over", questions.OfPage)
def take_over(user: User, data: Asked, pk: int) -> dict[str, Any]:
    """Claim this one, though somebody else may have it in hand."""
    frame = _waiting(pk)
    decisions.require_others(frame, user)
    holder = claims.take_over(frame, user, data["page"])
    said = f"{frame} is taken over from {holder}." if holder else f"Nobody else was looking at {frame}; it is yours."
    return {"said": said, "item": frame_json.item(frame, user), "line": frame_json.line(user, data["page"])}


@asked("review.view_queueitem", questions.Held)
def beat(user: User, data: Asked) -> dict[str, Any]:
    """The page is still there: hold on to its frames, and say which ones are lost, and to whom."""
    page = data["page"]
    return {"lost": claims.renew(user, data["held"], page, data["ahead"]), "line": frame_json.line(user, page)}


@asked("pipeline.decide", questions.Decided)
def decide(user: User, data: Asked, pk: int) -> dict[str, Any]:
    """Carry out a decision; what was painted was saved before."""
    told = {name: data[name] for name in ("bridge_x", "why", "remark", "mark")}
    decide = second_looks.decide if second_looks.of(pk, user) else decisions.decide
    frame = _frame(pk)
    return {"said": decide(data["kind"], frame, stamps.version_of(frame, data["version"]), user, **told)}


@asked("pipeline.decide", questions.Renamed)
def rename(user: User, data: Asked, pk: int) -> dict[str, Any]:
    """Give the frame the name of what it shows; where another photo has it, ask first."""
    frame, wanted = _to_change(pk, user), renames.Name(data["code"].strip(), data["view"], data["product_class"])
    name = renames.checked(frame, stamps.version_of(frame, data["version"]), user, wanted)
    others = renames.others_of(frame, name)
    if not {other.pk for other in others} <= set(data["despite"]):
        return {"ask": renames.words_for(frame, name, others), "despite": [other.pk for other in others]}
    return {"said": renames.rename(frame, name, user)}


@asked("pipeline.decide", questions.Edited)
def edit(user: User, data: Asked, pk: int) -> dict[str, Any]:
    """Save what was chosen and painted, and show what it came to."""
    frame = _to_change(pk, user)
    edits.save(frame, stamps.version_of(frame, data["version"]), user, Edit(data["rung"], data["strokes"]))
    return {"item": frame_json.item(frame, user)}


@asked("pipeline.decide", questions.Clicked)
def click(user: User, data: Asked, pk: int) -> dict[str, Any]:
    """What one click of a tool would do; nothing is saved."""
    return edits.try_click(_at_hand(pk, user), Edit(data["rung"], data["strokes"]))


@asked("pipeline.decide", questions.Shown)
def shop(user: User, data: Asked, pk: int) -> dict[str, Any]:
    """Every file as the shop would show it."""
    frame, bridge_x = _at_hand(pk, user), data["bridge_x"]
    if not decisions.can_be_approved(frame.card):
        raise DecisionError(f"{frame} has no cut-out, so there is nothing that a shop could show.")
    if bridge_x is not None:
        decisions.line_to_move(frame, bridge_x)
    shown = pictures.make_shop_pictures(frame, bridge_x)
    return {"files": [_file(frame, picture) for picture in shown]}


@asked("pipeline.decide")
def skip(user: User, data: Asked, pk: int) -> dict[str, Any]:
    """Let somebody else look first; it comes back to this person after all others."""
    frame = _at_hand(pk, user)
    occasion = decisions.occasion_of(frame)
    decisions.note(frame, Said(undo.SKIP, user), card=frame.card, occasion=occasion, label=Decision.Label.NONE)
    return {"said": f"{frame} comes back after the others."}


@asked("pipeline.decide", questions.OfPage)
def undo_last(user: User, data: Asked) -> dict[str, Any]:
    """Take the last decision back, and hand its first frame to the page again."""
    frames = undo.take_back(user)
    first = frames[0]
    claims.take(first, user, data["page"])
    more = f" and {len(frames) - 1} more" if len(frames) > 1 else ""
    shown = second_looks.of(first.pk, user) or first
    line = frame_json.line(user, data["page"])
    return {"said": f"{first}{more}: taken back.", "item": frame_json.item(shown, user), "line": line}


def _file(frame: Frame, picture: pictures.ShopPicture) -> dict[str, Any]:
    address = choices.picture_address(frame, picture.name)
    return {"url": address, "variant": picture.variant, "extension": picture.extension, "size": picture.size}


def _frame(pk: int) -> Frame:
    frame = Frame.objects.select_related("batch").filter(pk=pk).first()
    if frame is None:
        raise NotThereError("There is no such frame any more.")
    return frame


def _to_change(pk: int, user: User) -> Frame:
    """Refuse what is only looked at a second time."""
    frame = _frame(pk)
    if second_looks.of(pk, user):
        raise DecisionError(
            f"{frame} is with you for a second opinion, so it can't be changed by hand or renamed. Say what you would "
            "decide of it as it is."
        )
    return frame


def _waiting(pk: int) -> Frame:
    frame = _frame(pk)
    decisions.require_waiting(frame)
    return frame


def _at_hand(pk: int, user: User) -> Frame:
    """A frame in the queue that nobody else looks at, or one that is shown a second time, as it was then."""
    frame = second_looks.of(pk, user) or _waiting(pk)
    decisions.require_free(frame, user)
    return frame
