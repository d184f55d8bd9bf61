from django.contrib import admin
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from review import insights
from review.navigation import landing_page


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
    }
    return render(request, "review/figures.html", context)
