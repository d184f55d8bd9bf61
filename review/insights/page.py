"""The figures page."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.access import allowed
from pipeline.models import active_policy
from review.evidence.estimates import estimates
from review.insights import figures
from review.models import DriftAlarm

ALARMS = 10


@allowed("pipeline.see_figures")
def figures_page(request: HttpRequest) -> HttpResponse:
    """How much was looked at, how much slipped through, and how sure that is."""
    rows = figures.outcomes()
    policy = active_policy()
    tables = [
        ("Overall", figures.overall(rows)),
        ("By day", figures.by_day(rows)),
        ("By batch", figures.by_batch(rows)),
    ]
    context = admin.site.each_context(request) | {
        "title": "Figures",
        "total": len(rows),
        "tables": tables,
        "days": figures.DAYS,
        "ladder": figures.ladder(),
        "policy": policy,
        "estimates": estimates(policy.target["escape"]),
        "escape": policy.target["escape"],
        "alarms": DriftAlarm.objects.filter(policy=policy)[:ALARMS],
    }
    return render(request, "review/figures.html", context)
