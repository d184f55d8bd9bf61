"""Whose batches somebody may look at, and whose photos somebody may decide."""

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from pipeline.models import Batch, Frame
from pipeline.states import State


def batches_for(user: User) -> QuerySet[Batch]:
    """All for those who review or manage; uploaders see theirs, and what a command took in, unless SHARED_BATCHES."""
    return Batch.objects.all() if _sees_all(user) else Batch.objects.filter(Q(created_by=user) | Q(created_by=None))


def frames_for(user: User) -> QuerySet[Frame]:
    """The photos of those batches; who sees all is asked of no batch, for a database would look into each."""
    return Frame.objects.all() if _sees_all(user) else Frame.objects.filter(batch__in=batches_for(user))


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
