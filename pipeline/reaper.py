"""What was left lying: frames whose worker died, and frames whose job was lost. The only retrier."""

from datetime import timedelta

from django.utils import timezone

from pipeline import gate
from pipeline.models import Frame
from pipeline.states import State
from pipeline.transitions import StaleTransition

# Longer than an upload takes to store its original, and the pause before a passing fault is tried again.
SETTLE_SECONDS = 40
SWEEP = 100
CAUSES = {
    State.PROCESSING: (State.RECEIVED, "The worker died while processing."),
    State.PUBLISHING: (State.APPROVED, "The worker died while publishing."),
}


def release_lapsed() -> list[Frame]:
    """Take frames back from the dead; returns those that are to be tried again."""
    lapsed = Frame.objects.filter(state__in=CAUSES, lease_until__lt=timezone.now())
    return [frame for frame in lapsed if _release(frame)]


def _release(frame: Frame) -> bool:
    back_to, cause = CAUSES[State(frame.state)]
    try:
        gate.retry_or_hold(frame, back_to, cause)
    except StaleTransition:
        return False
    return frame.state == back_to


def waiting() -> list[Frame]:
    """The oldest frames that should have a job by now."""
    before = timezone.now() - timedelta(seconds=SETTLE_SECONDS)
    states = (State.RECEIVED, State.APPROVED)
    return list(Frame.objects.filter(state__in=states, state_since__lt=before).order_by("state_since")[:SWEEP])
