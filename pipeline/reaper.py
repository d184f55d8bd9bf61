"""What was left lying: frames whose worker died, and frames whose job was lost. The only retrier."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from pipeline import leases
from pipeline.faults import retry_or_hold
from pipeline.models import Frame
from pipeline.states import State
from pipeline.transitions import StaleTransition

# Longer than an upload takes to store its original, and the pause before a passing fault is tried again.
SETTLE_SECONDS = 40
SWEEP = 100
CAUSES = {
    State.PROCESSING: (State.RECEIVED, "The worker stopped while processing."),
    State.PUBLISHING: (State.APPROVED, "The worker stopped while publishing."),
}


def release_lapsed() -> list[Frame]:
    """Take frames back from the dead; returns those that are to be tried again."""
    lapsed = Frame.objects.filter(leases.is_free(), state__in=CAUSES).select_related("batch")
    return [frame for frame in lapsed if _release(frame)]


def _release(frame: Frame) -> bool:
    back_to, cause = CAUSES[State(frame.state)]
    try:
        retry_or_hold(frame, back_to, cause, actor="reaper")
    except StaleTransition:
        return False
    return frame.state == back_to


def waiting() -> list[Frame]:
    """The oldest frames that should have a job by now. Each fault doubles the pause, so an outage is sat out.

    A decision that can be taken back has its first job from here, when the grace is over.
    """
    now = timezone.now()
    is_due = Q(faults__gte=settings.MAX_FAULTS) | Q(not_before__lte=now, faults=0)
    for faults in range(settings.MAX_FAULTS):
        is_due |= Q(faults=faults, state_since__lt=now - timedelta(seconds=SETTLE_SECONDS * 2**faults))
    states = (State.RECEIVED, State.APPROVED, State.WITHDRAWING)
    found = Frame.objects.filter(is_due, leases.grace_is_over(), state__in=states).select_related("batch")
    return list(found.order_by("state_since")[:SWEEP])
