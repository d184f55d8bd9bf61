"""A lease says that somebody is at work on a frame; it is renewed while they are, and lapses when they die."""

import logging
import time
from contextlib import AbstractContextManager
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from pipeline.heartbeat import beating
from pipeline.models import Frame
from pipeline.transitions import StaleTransition, change

log = logging.getLogger(__name__)
BEAT_SECONDS = 5
# A call to the bucket gives up after 25 s, so one that starts with this much lease left ends within it.
LEFT_FOR_A_CALL = 30


def grace_is_over() -> Q:
    """Frames that nobody may take a decision back on any more."""
    return Q(not_before=None) | Q(not_before__lte=timezone.now())


def is_acted_on(frame: Frame) -> bool:
    """Whether a worker may have begun with what was decided."""
    return frame.not_before is None or frame.not_before <= timezone.now()


def is_free() -> Q:
    """Frames that nobody is at work on: no lease, or one that lapsed."""
    return Q(lease_until=None) | Q(lease_until__lt=timezone.now())


def is_held(frame: Frame) -> bool:
    return frame.lease_until is not None and frame.lease_until > timezone.now()


def renew(frame_id: int, version: int, seconds: int) -> bool:
    """Whether the lease was still ours to renew; one that lapsed is anybody's, even if nobody took it yet."""
    until = timezone.now() + timedelta(seconds=seconds)
    return _ours(frame_id, version, left=0).update(lease_until=until) == 1


def require(frame: Frame, seconds: int) -> None:
    """Raise StaleTransition unless the lease is ours for at least that many seconds more."""
    if not _ours(frame.pk, frame.version, left=seconds).exists():
        raise StaleTransition(f"frame {frame.pk} ({frame}): the lease was lost")


def _ours(frame_id: int, version: int, *, left: int) -> QuerySet[Frame]:
    until = timezone.now() + timedelta(seconds=left)
    return Frame.objects.filter(pk=frame_id, version=version, lease_until__gte=until)


def take(frame: Frame, seconds: int) -> None:
    """Hold a frame that stays in its state; raises StaleTransition if somebody was faster."""
    change(frame, lease_until=timezone.now() + timedelta(seconds=seconds))


def share(frame: Frame, seconds: int) -> None:
    """Hold a frame without a new version: of a job that runs twice, either may go on."""
    until = timezone.now() + timedelta(seconds=seconds)
    if Frame.objects.filter(pk=frame.pk, version=frame.version).update(lease_until=until) != 1:
        raise StaleTransition(f"frame {frame.pk} ({frame}) was moved on by somebody else")


def give_back(frame: Frame) -> None:
    Frame.objects.filter(pk=frame.pk, version=frame.version).update(lease_until=None)


def kept(frame: Frame, seconds: int) -> AbstractContextManager[None]:
    """Renew the lease from a thread while the block runs, but not for a block that hangs."""
    give_up = time.monotonic() + settings.JOB_TIMEOUT_SECONDS
    frame_id, version = frame.pk, frame.version

    def beat() -> bool:
        try:
            return time.monotonic() < give_up and renew(frame_id, version, seconds)
        except DatabaseError as error:
            log.warning("frame %s: its lease was not renewed, next try in %d s: %s", frame_id, BEAT_SECONDS, error)
            return True
        finally:
            connection.close()

    return beating(beat, BEAT_SECONDS)
