"""What is kept no longer: whose pictures are due to go, and which batches are held."""

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from pipeline import naming
from pipeline.engines import object_store
from pipeline.models import Batch, Frame, Rendering
from pipeline.states import State

DONE_WITH = (
    State.EXCEPTION,
    State.REJECTED,
    State.UNREADABLE,
    State.WITHDRAWN,
    State.SUPERSEDED,
    State.REMOVED,
)
"""Nobody is at work on these, and the shop shows none of them."""


def days_of(batch: Batch) -> int | None:
    """How long a photo's pictures stay after its last move; none: for good."""
    days = settings.RETENTION_DAYS if batch.keep_days is None else batch.keep_days
    return None if batch.legal_hold else days or None


def words(batch: Batch) -> str:
    days = days_of(batch)
    return f"for {days} days" if days else "for good"


def due() -> QuerySet[Frame]:
    """What is shown for an audit waits for it: unseen, all others would look better than they are."""
    is_in_shop = Q(state=State.PUBLISHED, audit_due="")
    if not settings.PURGE_PUBLISHED:
        is_in_shop &= Q(pictures=Frame.Pictures.KEPT)
    free = _old().exclude(pictures=Frame.Pictures.GOING).exclude(renderings__state=Rendering.State.WAITING)
    return free.filter(Q(state__in=DONE_WITH) | is_in_shop)


def waiting_for_audits() -> QuerySet[Frame]:
    return _old().filter(state=State.PUBLISHED).exclude(audit_due="")


def going() -> QuerySet[Frame]:
    """What was begun, and broke off. What is still in the shop leaves it first, by the reaper."""
    begun = Frame.objects.filter(pictures=Frame.Pictures.GOING, batch__legal_hold=False)
    return begun.exclude(state=State.WITHDRAWING).select_related("batch")


def _old() -> QuerySet[Frame]:
    is_old = Q(pk__in=[])
    free = Batch.objects.filter(legal_hold=False)
    for own in free.order_by().values_list("keep_days", flat=True).distinct():
        if days := settings.RETENTION_DAYS if own is None else own:
            is_old |= Q(batch__keep_days=own, state_since__lt=timezone.now() - timedelta(days=days))
    return Frame.objects.filter(is_old, batch__legal_hold=False).select_related("batch")


def hold(batches: Iterable[Batch]) -> None:
    """Keep what is there for good: what is going already stays too, and the bucket's own rule leaves it alone."""
    held = [batch.pk for batch in batches]
    Batch.objects.filter(pk__in=held).update(legal_hold=True)
    for frame in Frame.objects.filter(batch__in=held, pictures=Frame.Pictures.GOING):
        for found in object_store.everything("work", naming.frame_prefix(frame.pk)):
            object_store.untag_work(found.key)


def let_expire(batches: Iterable[Batch]) -> None:
    Batch.objects.filter(pk__in=[batch.pk for batch in batches]).update(legal_hold=False)
