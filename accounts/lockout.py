"""What somebody is told who failed to sign in too often."""

from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.asking import address_of
from config.asked import problem


def locked(request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None) -> HttpResponse:
    name = (credentials or {}).get("username") or request.POST.get("username", "")
    failures = AccessAttempt.objects.filter(username=name, ip_address=address_of(request))
    last = failures.aggregate(last=Max("attempt_time"))["last"] or timezone.now()
    again = last + settings.AXES_COOLOFF_TIME
    minutes = max(1, -int((timezone.now() - again).total_seconds() // 60))
    if request.path.startswith("/api/"):
        words = (
            f"{name} failed to sign in {settings.AXES_FAILURE_LIMIT} times from here; try again in {minutes} minutes."
        )
        refused = problem(429, words)
        refused["Retry-After"] = str(60 * minutes)
        return refused
    context = {"name": name, "again": again, "minutes": minutes, "failures": settings.AXES_FAILURE_LIMIT}
    answer = render(request, "locked.html", context, status=429)
    answer["Retry-After"] = str(60 * minutes)
    return answer
