"""What was left lying: frames whose worker died, and frames whose job was lost. The only retrier."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Min, Q
from django.utils import timezone

from pipeline import leases
from pipeline.faults import retry_or_hold
from pipeline.models import Frame
from pipeline.shop import listings
from pipeline.states import State
from pipeline.transitions import StaleTransition

# Longer than an upload takes to store its original, and the pause before a passing fault is tried again.
SETTLE_SECONDS = 40
SWEEP = 100
LEFT_LYING = (State.RECEIVED, State.APPROVED, State.WITHDRAWING)
CAUSES = {
    State.PROCESSING: (State.RECEIVED, "The worker stopped while processing."),
    State.PUBLISHING: (State.APPROVED, "The worker stopped while publishing."),
}


def release_lapsed() -> list[Frame]:
    """Take frames back from the dead; returns those that are to be tried again."""
    lapsed = Frame.objects.filter(leases.is_free(), state__in=CAUSES).select_related("batch")
    return [frame for frame in lapsed if release(frame)]


def release(frame: Frame) -> bool:
    """Take it back from a worker that is gone; whether it is to be tried again."""
    back_to, cause = CAUSES[State(frame.state)]
    try:
        retry_or_hold(frame, back_to, cause, actor="reaper")
    except StaleTransition:
        return False
    listings.let_go(frame)
    return frame.state == back_to


def waiting() -> list[Frame]:
    """The oldest frames that should have a job by now. Each fault doubles the pause, so an outage is sat out.

    A decision that can be taken back has its first job from here, when the grace is over: so decisions aren't looked
    for among the uploads in line, of which there may be thousands.
    """
    due = Frame.objects.filter(_is_due(), leases.grace_is_over(), state__in=LEFT_LYING).select_related("batch")
    due = due.order_by("state_since")
    is_received, has_failed = Q(state=State.RECEIVED), Q(faults__gt=0)
    decided = ~is_received | Q(not_before__isnull=False, faults=0)
    kinds = (decided, is_received & has_failed, is_received & Q(not_before=None, faults=0))
    return [frame for kind in kinds for frame in due.filter(kind)[:SWEEP]]


def _is_due() -> Q:
    now = timezone.now()
    is_due = Q(faults__gte=settings.MAX_FAULTS) | Q(not_before__lte=now, faults=0)
    for faults in range(settings.MAX_FAULTS):
        is_due |= Q(faults=faults, state_since__lt=now - _pause(faults))
    return is_due


def due_at(frame: Frame) -> datetime:
    """Since when a frame that waits should have a job."""
    if not frame.faults and frame.not_before:
        return frame.not_before
    is_spent = frame.faults >= settings.MAX_FAULTS
    return frame.state_since if is_spent else frame.state_since + _pause(frame.faults)


def _pause(faults: int) -> timedelta:
    return timedelta(seconds=SETTLE_SECONDS * 2**faults)


@dataclass(frozen=True)
class Awaited:
    """Frames by what the reaper waits for."""

    at_work: int
    lapsed: int
    due: int
    resting: int
    deciding: int
    next_try: datetime | None
    """When the first that rests after a fault is tried again."""


def awaited() -> Awaited:
    lying, working = Q(state__in=LEFT_LYING), Q(state__in=CAUSES)
    rests = lying & Q(faults__gt=0, faults__lt=settings.MAX_FAULTS) & leases.grace_is_over() & ~_is_due()
    counted = Frame.objects.filter(lying | working).aggregate(
        at_work=Count("pk", filter=working & Q(lease_until__gte=timezone.now())),
        lapsed=Count("pk", filter=working & leases.is_free()),
        due=Count("pk", filter=lying & leases.grace_is_over() & _is_due()),
        resting=Count("pk", filter=rests),
        deciding=Count("pk", filter=lying & Q(not_before__gt=timezone.now())),
    )
    firsts = Frame.objects.filter(rests).order_by().values_list("faults").annotate(Min("state_since"))
    return Awaited(**counted, next_try=min((since + _pause(faults) for faults, since in firsts), default=None))
