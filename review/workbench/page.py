"""The workbench's page. What it asks while an operator works is answered in api.py."""

import secrets
from typing import get_args

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import ensure_csrf_cookie

from accounts.access import allowed, signed_in
from accounts.headers import HEADER, OWN_PAGE
from config.asked import row_number
from pipeline import naming
from pipeline.imaging.types import ProductClass
from review.queue import decisions
from review.workbench import frame_json, questions

OF_ONE = ("open", "choices", "take-over", "decide", "rename", "edit", "click", "shop", "skip")
"""What the page asks of one frame."""


@allowed("review.view_queueitem")
@ensure_csrf_cookie
def workbench(request: HttpRequest) -> HttpResponse:
    """The page. Its script claims the next frame, or the one that `?frame` asks for: to fetch a page claims nothing."""
    user, asked = signed_in(request), request.GET.get("frame", "")
    state = {
        "me": user.get_username(),
        "page": secrets.token_hex(8),
        "asked": (row_number(asked) or 0) if asked else None,
        "line": frame_json.line(user),
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


def _urls() -> dict[str, str]:
    """Where the page asks; 0 stands for a frame's number."""
    of_any = {name: reverse(f"workbench-{name}") for name in ("next", "beat", "undo", "leave")}
    of_one = {name: reverse(f"workbench-{name}", args=[0]) for name in OF_ONE}
    return of_any | of_one
