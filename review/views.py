from django.contrib import admin
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from pipeline import gate
from review import insights
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
    policy = gate.active_policy()
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
