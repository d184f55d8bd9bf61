"""The workbench's page. What it asks while an operator works is answered in api.py."""

from typing import Any, get_args

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import ensure_csrf_cookie

from accounts.access import allowed, signed_in
from accounts.headers import HEADER, OWN_PAGE
from config.asked import row_number
from pipeline import naming
from pipeline.imaging.types import ProductClass
from pipeline.models import Frame
from review.models import QueueItem
from review.queue import claims, decisions, second_looks
from review.workbench import choices, frame_json, questions

OF_ONE = ("open", "choices", "take-over", "decide", "rename", "edit", "click", "shop", "skip")
"""What the page asks of one frame."""


@allowed("review.view_queueitem")
@ensure_csrf_cookie
def workbench(request: HttpRequest) -> HttpResponse:
    """The page, with the next frame already claimed: `?frame` asks for one of them."""
    user = signed_in(request)
    first, lost = _first(user, request.GET.get("frame", ""))
    if first:
        choices.bring(first)
    state = {
        "item": frame_json.item(first, user) if first else None,
        "line": frame_json.line(user),
        "lost": lost,
        "urls": _urls(),
        "reasons": decisions.RESHOOT_REASONS,
        "somethingElse": decisions.SOMETHING_ELSE,
        "canDecide": user.has_perm("pipeline.decide"),
        "canTakeOver": user.has_perm("pipeline.take_over"),
    }
    names = {"views": naming.VIEWS, "classes": get_args(ProductClass)}
    context = {"state": state, "longest_remark": questions.LONGEST_REMARK, **names}
    response = render(request, "review/workbench.html", context)
    response[HEADER] = OWN_PAGE
    response["Cache-Control"] = "no-store"
    return response


def _first(user: User, asked: str) -> tuple[Frame | None, dict[str, Any] | None]:
    """The frame to begin with, and what became of the one that was asked for, if it is another."""
    wanted = QueueItem.objects.filter(pk=row_number(asked) or 0).first()
    if wanted and claims.take(wanted, user):
        return wanted, None
    lost = _lost(wanted) if asked else None
    return second_looks.take_next(user), lost


def _lost(frame: Frame | None) -> dict[str, Any]:
    if frame and (holder := claims.holder_of(frame)):
        words = f"{decisions.words_for_held(frame, holder)}; here is the next one."
        return {"words": words, "id": frame.pk, "holder": holder}
    return {"words": "That frame is no longer in the queue; somebody decided it. Here is the next one."}


def _urls() -> dict[str, str]:
    """Where the page asks; 0 stands for a frame's number."""
    of_any = {name: reverse(f"workbench-{name}") for name in ("next", "beat", "undo")}
    of_one = {name: reverse(f"workbench-{name}", args=[0]) for name in OF_ONE}
    return of_any | of_one
