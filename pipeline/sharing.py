"""Whose batches somebody may look at, and whose photos somebody may decide."""

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from pipeline.models import Batch, Frame
from pipeline.states import State


def seen_by(user: User, batch: str = "") -> Q:
    """All for those who review or manage; uploaders see theirs, and what a command took in, unless SHARED_BATCHES.

    `batch` is how the batch is reached, as `frame__batch__`. Who sees all is asked of no batch: a database would look
    into each.
    """
    of, own = f"{batch}created_by", user.pk
    return Q() if _sees_all(user) else Q(**{of: own}) | Q(**{of: None})


def batches_for(user: User) -> QuerySet[Batch]:
    return Batch.objects.filter(seen_by(user))


def frames_for(user: User) -> QuerySet[Frame]:
    """The photos of those batches."""
    return Frame.objects.filter(seen_by(user, "batch__"))


def may_see(user: User, frame_id: int) -> bool:
    return _sees_all(user) or frames_for(user).filter(pk=frame_id).exists()


def _sees_all(user: User) -> bool:
    return settings.SHARED_BATCHES or user.has_perm("pipeline.decide") or user.has_perm("pipeline.view_frame")


def may_remove(user: User, frame: Frame) -> bool:
    """Who sent it, and a manager; of what a command took in, only a manager."""
    return may_shelve(user, frame.batch)


def may_shelve(user: User, batch: Batch) -> bool:
    """Close and archive it: who opened it, and a manager; what a command opened, only a manager."""
    return user.has_perm("pipeline.view_frame") or batch.created_by_id == user.pk


def to_be_sent_again(user: User) -> QuerySet[Frame]:
    """Photos that could not be read, for who sent them and for managers."""
    return frames_for(user).filter(state=State.UNREADABLE).select_related("batch")


def may_decide(user: User, frame: Frame) -> bool:
    """With FOUR_EYES nobody decides a photo of their own batch."""
    return not settings.FOUR_EYES or frame.batch.created_by_id != user.pk
