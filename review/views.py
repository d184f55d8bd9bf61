"""The way in for everyone, and what the queue's list asks beside the admin's own."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.access import allowed, signed_in
from review.navigation import landing_page
from review.queue import undo
from review.queue.decisions import DecisionError


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Send everyone to their own first page."""
    if not request.user.is_authenticated:
        return redirect("admin:login")
    page = landing_page(request)
    if page is None:
        raise PermissionDenied("Your account has no role yet; ask an admin for one.")
    return redirect(page)


@allowed("pipeline.decide", "POST")
def undo_last(request: HttpRequest) -> HttpResponse:
    """Take back what was decided last, from the list."""
    try:
        frames = undo.take_back(signed_in(request))
        messages.success(request, f"Taken back: {len(frames)} frame{'s' if len(frames) > 1 else ''}.")
    except DecisionError as error:
        messages.warning(request, str(error))
    return redirect("admin:review_queueitem_changelist")
