"""What people and programs in the queue are told instead of a frame's version.

The version counts how often a frame was moved: one that was published, and waits for an audit, has been moved more
often than an exception, and nobody who decides is to know which is which.
"""

import hashlib
import hmac

from django.conf import settings

from pipeline.models import Frame
from review.queue.second_looks import NO_VERSION

BYTES = 6
"""JavaScript keeps so many of a whole number."""
STALE = -1
"""A version that no frame has."""


def of(frame: Frame) -> int:
    """Another number for each version of each frame."""
    return _stamp(frame.pk, frame.version)


def version_of(frame: Frame, stamp: int) -> int:
    """The version that was stamped so, if that is the frame's own or a second look's."""
    return next((version for version in (frame.version, NO_VERSION) if _stamp(frame.pk, version) == stamp), STALE)


def _stamp(frame_id: int, version: int) -> int:
    told = f"stamp:{frame_id}:{version}".encode()
    return int.from_bytes(hmac.new(settings.SECRET_KEY.encode(), told, hashlib.sha256).digest()[:BYTES])
