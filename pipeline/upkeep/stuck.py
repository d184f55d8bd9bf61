"""Frames that stay where they are for longer than they may."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from pipeline import jobs, leases, reaper
from pipeline.models import Frame, Transition
from pipeline.states import State
from pipeline.upkeep import mending
from pipeline.upkeep.findings import SETTLED, SOON, Finding, each, named

REAP = "See under Operations that the clock (manage.py cron) runs; --repair does for this photo what it would."
TIMES = ("state_since", "lease_until", "not_before")


def check() -> Iterator[Finding]:
    yield from _nowhere()
    yield from _ahead()
    yield from _without_worker()
    yield from _without_job()
    yield from _with_gemini()
    yield from _still_in_the_shop()


def _nowhere() -> Iterator[Finding]:
    for frame in each(Frame.objects.exclude(state__in=[state.value for state in State])):
        what = f"there is no state {frame.state!r}, so nobody does anything with it"
        yield Finding(
            "no-state", f"frame {frame.pk}", what, "Run the version of Mattegate that wrote it, or a newer one."
        )


def _ahead() -> Iterator[Finding]:
    """Written while a clock was ahead; Gemini's own pauses may be long."""
    most = max(settings.PROCESS_LEASE_SECONDS, settings.PUBLISH_LEASE_SECONDS, settings.UNDO_SECONDS)
    latest = timezone.now() + timedelta(seconds=most) + SOON
    is_ahead = Q(state_since__gt=latest) | Q(lease_until__gt=latest)
    is_ahead |= Q(not_before__gt=latest) & ~Q(state=State.ENHANCING)
    for frame in each(Frame.objects.filter(is_ahead)):
        until = max(at for name in TIMES if (at := getattr(frame, name)))
        what = f"nobody takes it until {until:%Y-%m-%d %H:%M} UTC, because a clock was ahead"
        todo = "Set the clocks of all machines alike; --repair brings the time back to now."
        yield Finding("ahead", named(frame), what, todo, partial(mending.bring_times_back, frame))


def _without_worker() -> Iterator[Finding]:
    lapsed = Q(lease_until=None, state_since__lt=timezone.now() - SOON) | Q(lease_until__lt=timezone.now() - SOON)
    for frame in each(Frame.objects.filter(lapsed, state__in=reaper.CAUSES)):
        what = f"it is {frame.state_words}, but its worker is gone, and nobody has taken it back"
        yield Finding("stuck", named(frame), what, REAP, partial(mending.take_back, frame))


def _without_job() -> Iterator[Finding]:
    """Of those that the clock sees to first."""
    for frame in reaper.waiting():
        if reaper.due_at(frame) < timezone.now() - SOON and not jobs.is_queued(frame):
            what = f"it is {frame.state_words}, but no worker was told of it"
            yield Finding("stuck", named(frame), what, REAP, partial(mending.queue, frame))


def _with_gemini() -> Iterator[Finding]:
    now = timezone.now()
    batch_job = timedelta(minutes=settings.GEMINI_BATCH_DEADLINE_MINUTES) + SETTLED
    is_late = Q(ask_until__lt=now - SETTLED) | Q(ask_until=None, state_since__lt=now - batch_job)
    for frame in each(Frame.objects.filter(leases.is_free(), is_late, state=State.ENHANCING)):
        what = f"it has been with Gemini since {frame.state_since:%Y-%m-%d %H:%M} UTC, longer than it is waited for"
        todo = "See under Operations that the clock (manage.py cron) and workers run, and in the log what Gemini says."
        yield Finding("stuck", named(frame), what, todo)


def _still_in_the_shop() -> Iterator[Finding]:
    lately = Transition.objects.filter(frame=OuterRef("pk"), at__gte=timezone.now() - SETTLED)
    for frame in each(Frame.objects.filter(~Exists(lately), state=State.WITHDRAWING)):
        what = "it is to leave the shop, but its files are still there"
        todo = "See under Operations that the published bucket answers, and that its key may delete; it is tried on."
        yield Finding("stuck", named(frame), what, todo)
