"""What somebody is told who failed to sign in too often, and how an admin lets them try again."""

from datetime import datetime
from typing import Any

from axes.models import AccessAttempt
from axes.utils import reset
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


def locked_until(name: str) -> datetime | None:
    """When the last of those who are locked out as that name, from wherever, may try again; None: nobody is."""
    since = timezone.now() - settings.AXES_COOLOFF_TIME
    too_many = {"failures_since_start__gte": settings.AXES_FAILURE_LIMIT, "attempt_time__gt": since}
    last = AccessAttempt.objects.filter(username=name, **too_many).aggregate(last=Max("attempt_time"))["last"]
    return last + settings.AXES_COOLOFF_TIME if last else None


def unlock(name: str) -> None:
    reset(username=name)
