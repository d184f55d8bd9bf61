"""What the workbench asks while an operator works: JSON in, JSON out. A refusal is 409, in words for the operator."""

import json
import math
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from accounts.access import allowed, signed_in
from pipeline import pictures
from pipeline.engines.object_store import ObjectStoreError
from pipeline.imaging.matte.painting import PaintError
from pipeline.imaging.pictures.renditions import EmptyPictureError
from pipeline.models import Frame
from review.models import Decision, QueueItem
from review.queue import claims, decisions, undo
from review.queue.decisions import DecisionError, Said
from review.workbench import edits, frame_json

Asked = dict[str, Any]
MOST_HELD = 10


class MisunderstoodError(ValueError):
    """The page, or somebody in its place, sent what can't be understood; the text says what."""


def asked(permission: str) -> Callable[..., Callable[..., HttpResponse]]:
    """A question that only some may ask. Its answer is a dict; what it raises is told in words."""

    def decorate(answer: Callable[..., dict[str, Any]]) -> Callable[..., HttpResponse]:
        @allowed(permission, "POST")
        @wraps(answer)
        def view(request: HttpRequest, **address: int) -> HttpResponse:
            try:
                return JsonResponse(answer(signed_in(request), _body(request), **address))
            except MisunderstoodError as error:
                return JsonResponse({"error": str(error)}, status=400)
            except (DecisionError, PaintError, EmptyPictureError) as error:
                return JsonResponse({"error": str(error)}, status=409)
            except ObjectStoreError:
                words = "The picture store does not answer, so nothing was changed. Try again in a moment."
                return JsonResponse({"error": words}, status=503)

        return view

    return decorate


@asked("review.view_queueitem")
def following(user: User, data: Asked) -> dict[str, Any]:
    """Claim the next frame beside those that the page holds, and let go of all others."""
    held = _held(data)
    claims.release(user, but=held)
    found = claims.take_next(user, beside=held)
    return {"item": frame_json.item(found, user) if found else None, "line": frame_json.line(user)}


@asked("review.view_queueitem")
def open_frame(user: User, data: Asked, pk: int) -> dict[str, Any]:
    """Claim this one."""
    frame = QueueItem.objects.filter(pk=pk).first()
    if frame is None:
        raise DecisionError("That frame is no longer in the queue; somebody decided it.")
    if not claims.take(frame, user):
        raise DecisionError(f"{claims.holder_of(frame) or 'Somebody else'} is looking at {frame} right now.")
    return {"item": frame_json.item(frame, user), "line": frame_json.line(user)}


@asked("review.view_queueitem")
def beat(user: User, data: Asked) -> dict[str, Any]:
    """The page is still there: hold on to its frames, and say which ones are lost, and to whom."""
    return {"lost": claims.renew(user, _held(data)), "line": frame_json.line(user)}


@asked("pipeline.decide")
def decide(user: User, data: Asked, pk: int) -> dict[str, Any]:
    """Carry out a decision; what was painted was saved before."""
    kind, why = data.get("kind"), str(data.get("why", ""))[:200]
    if not isinstance(kind, str) or kind not in decisions.DECISIONS:
        raise MisunderstoodError("This is not a decision about a frame; reload the page.")
    return {"said": decisions.decide(kind, _frame(pk), _version(data), user, _bridge_x(data), why=why)}


@asked("pipeline.decide")
def edit(user: User, data: Asked, pk: int) -> dict[str, Any]:
    """Save what was chosen and painted, and show what it came to."""
    frame = _frame(pk)
    edits.save(frame, _version(data), user, edits.edit_from(data))
    return {"item": frame_json.item(frame, user)}


@asked("pipeline.decide")
def click(user: User, data: Asked, pk: int) -> dict[str, Any]:
    """What one click of a tool would do; nothing is saved."""
    wanted = edits.edit_from(data)
    if not wanted.strokes:
        raise MisunderstoodError("There is no click in this request; reload the page.")
    return edits.try_click(_frame(pk), wanted)


@asked("pipeline.decide")
def shop(user: User, data: Asked, pk: int) -> dict[str, Any]:
    """Every file as the shop would show it."""
    frame = _frame(pk)
    if not decisions.can_be_approved(frame.card):
        raise DecisionError(f"{frame} has no cut-out, so there is nothing that a shop could show.")
    shown = pictures.make_shop_pictures(frame, _bridge_x(data))
    return {"files": [_file(frame, picture) for picture in shown]}


@asked("pipeline.decide")
def skip(user: User, data: Asked, pk: int) -> dict[str, Any]:
    """Let somebody else look first; it comes back to this person after all others."""
    frame = _frame(pk)
    occasion = decisions.occasion_of(frame)
    decisions.note(frame, Said(undo.SKIP, user), card=frame.card, occasion=occasion, label=Decision.Label.NONE)
    return {"said": f"{frame} comes back after the others."}


@asked("pipeline.decide")
def undo_last(user: User, data: Asked) -> dict[str, Any]:
    """Take the last decision back, and hand its first frame to the page again."""
    frames = undo.take_back(user)
    first = frames[0]
    claims.take(first, user)
    more = f" and {len(frames) - 1} more" if len(frames) > 1 else ""
    return {"said": f"{first}{more}: taken back.", "item": frame_json.item(first, user), "line": frame_json.line(user)}


def _file(frame: Frame, picture: pictures.ShopPicture) -> dict[str, Any]:
    address = reverse("picture", args=[frame.pk, frame.attempt, picture.name])
    return {"url": address, "variant": picture.variant, "extension": picture.extension, "size": picture.size}


def _body(request: HttpRequest) -> Asked:
    try:
        data = json.loads(request.body or b"{}")
    except ValueError as error:
        raise MisunderstoodError("This request is not JSON; reload the page.") from error
    if not isinstance(data, dict):
        raise MisunderstoodError("This request is not an object; reload the page.")
    return data


def _frame(pk: int) -> Frame:
    frame = Frame.objects.select_related("batch").filter(pk=pk).first()
    if frame is None:
        raise DecisionError("There is no such frame any more.")
    return frame


def _version(data: Asked) -> int:
    version = data.get("version")
    if not isinstance(version, int):
        raise MisunderstoodError("The frame's version is missing; reload the page.")
    return version


def _held(data: Asked) -> list[int]:
    held = data.get("held", [])
    if not isinstance(held, list) or not all(isinstance(pk, int) for pk in held) or len(held) > MOST_HELD:
        raise MisunderstoodError("The list of held frames can't be read; reload the page.")
    return held


def _bridge_x(data: Asked) -> float | None:
    bridge_x = data.get("bridge_x")
    if bridge_x is None:
        return None
    if not isinstance(bridge_x, int | float) or not math.isfinite(bridge_x):
        raise MisunderstoodError("The place of the bridge is not a number; put the line there again.")
    return float(bridge_x)
