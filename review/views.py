from django.contrib import admin, messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from pipeline.models import active_policy
from review import insights, undoing
from review.decisions import DecisionError
from review.estimates import estimates
from review.models import DriftAlarm
from review.navigation import landing_page

ALARMS = 10


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Send everyone to their own first page."""
    if not request.user.is_authenticated:
        return redirect("admin:login")
    page = landing_page(request)
    if page is None:
        raise PermissionDenied("Your account has no role yet; ask an admin for one.")
    return redirect(page)


@require_GET
@login_required
@permission_required("pipeline.see_figures", raise_exception=True)
def figures(request: HttpRequest) -> HttpResponse:
    rows = insights.outcomes()
    policy = active_policy()
    tables = [
        ("Overall", insights.overall(rows)),
        ("By day", insights.by_day(rows)),
        ("By batch", insights.by_batch(rows)),
    ]
    context = admin.site.each_context(request) | {
        "title": "Figures",
        "total": len(rows),
        "tables": tables,
        "days": insights.DAYS,
        "ladder": insights.ladder(),
        "policy": policy,
        "estimates": estimates(policy.target["escape"]),
        "escape": policy.target["escape"],
        "alarms": DriftAlarm.objects.filter(policy=policy)[:ALARMS],
    }
    return render(request, "review/figures.html", context)


@require_POST
@login_required
@permission_required("pipeline.decide", raise_exception=True)
def undo(request: HttpRequest) -> HttpResponse:
    """Take back what was decided last, from the list."""
    try:
        frames = undoing.take_back(request.user)
        messages.success(request, f"Taken back: {len(frames)} frame{'s' if len(frames) > 1 else ''}.")
    except DecisionError as error:
        messages.warning(request, str(error))
    return redirect("admin:review_queueitem_changelist")
