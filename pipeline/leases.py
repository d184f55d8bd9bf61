"""A lease says that somebody is at work on a frame; it is renewed while they are, and lapses when they die."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import close_old_connections, connection
from django.utils import timezone

from pipeline.models import Frame
from pipeline.transitions import StaleTransition

BEAT_SECONDS = 5


def renew(frame: Frame, seconds: int) -> bool:
    """Whether the lease was still ours to renew."""
    until = timezone.now() + timedelta(seconds=seconds)
    return Frame.objects.filter(pk=frame.pk, version=frame.version).update(lease_until=until) == 1


def require(frame: Frame, seconds: int) -> None:
    """Raise StaleTransition unless the lease is ours for at least that many seconds more."""
    until = timezone.now() + timedelta(seconds=seconds)
    if not Frame.objects.filter(pk=frame.pk, version=frame.version, lease_until__gte=until).exists():
        raise StaleTransition(f"frame {frame.pk} ({frame}): the lease was lost")


@contextmanager
def kept(frame: Frame, seconds: int) -> Iterator[None]:
    """Renew the lease from a thread while the block runs."""
    done = threading.Event()

    def beat() -> None:
        try:
            while not done.wait(BEAT_SECONDS) and renew(frame, seconds):
                close_old_connections()
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name=f"lease-{frame.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
