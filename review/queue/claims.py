"""Who looks at which frame: leases, taken by compare-and-set, renewed by the page, stolen when they lapse."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from pipeline.models import Frame, TakeOver
from review.models import Claim, Decision, QueueItem

LEASE = timedelta(minutes=3)


def queue_of(user: User) -> QuerySet[QueueItem]:
    """What waits for this person and is in nobody else's hands: the oldest first, what they skipped last."""
    name = user.get_username()
    skips = Decision.objects.filter(frame=OuterRef("pk"), kind="skip", by=name, undone_by=None).order_by("-at")
    waiting = QueueItem.objects.exclude(_held_by_another(user)).annotate(skipped=Subquery(skips.values("at")[:1]))
    if settings.FOUR_EYES:
        waiting = waiting.exclude(batch__created_by=user)
    return waiting.order_by(F("skipped").asc(nulls_first=True), "state_since", "pk")


def take_next(user: User, beside: Collection[int] = ()) -> QueueItem | None:
    """Claim the next frame in line, other than those; None when nothing is left."""
    for frame in queue_of(user).exclude(pk__in=beside)[:50]:
        if take(frame, user):
            return frame
    return None


def take(frame: Frame, user: User) -> bool:
    """Whether the frame is this person's now: it was free, or lapsed, or theirs already."""
    free = Claim.objects.filter(Q(by=user.get_username()) | Q(until__lt=timezone.now()), frame=frame.pk)
    if free.update(by=user.get_username(), until=timezone.now() + LEASE):
        return True
    try:
        with transaction.atomic():
            Claim.objects.create(frame_id=frame.pk, by=user.get_username(), until=timezone.now() + LEASE)
    except IntegrityError:
        return False
    return True


def take_over(frame: Frame, user: User) -> str:
    """Make the frame this person's, whoever has it in hand; returns from whom it was taken, which is noted, or ''."""
    name, now = user.get_username(), timezone.now()
    mine = {"by": name, "until": now + LEASE}
    with transaction.atomic():
        claim, _ = Claim.objects.select_for_update().get_or_create(frame_id=frame.pk, defaults=mine)
        Claim.objects.filter(pk=claim.pk).update(**mine)
        if claim.by == name or claim.until < now:
            return ""
        TakeOver.objects.create(frame_id=frame.pk, by=name, taken_from=claim.by)
    return claim.by


def taken_over_from(user: User, frame: Frame) -> datetime | None:
    """When whoever has the frame in hand took it from this person, if they did."""
    last = TakeOver.objects.filter(frame=frame.pk).last()
    is_so = last and (last.by, last.taken_from) == (holder_of(frame), user.get_username())
    return last.at if last and is_so else None


def renew(user: User, frames: Collection[int]) -> dict[int, str]:
    """Hold on to these frames; returns, of those that are lost, who has them now ('' for nobody)."""
    mine = Claim.objects.filter(by=user.get_username(), frame__in=frames)
    mine.update(until=timezone.now() + LEASE)
    holders = dict(Claim.objects.filter(frame__in=frames).values_list("frame", "by"))
    return {frame: holders.get(frame, "") for frame in frames if holders.get(frame) != user.get_username()}


def release(user: User, but: Collection[int] = ()) -> None:
    """Let go of all that this person holds, other than those."""
    Claim.objects.filter(by=user.get_username()).exclude(frame__in=but).delete()


def holder_of(frame: Frame) -> str:
    """Who has it in hand, or ''."""
    claim = Claim.objects.filter(frame=frame.pk, until__gte=timezone.now()).first()
    return claim.by if claim else ""


def _held_by_another(user: User) -> Q:
    return Q(claim__until__gte=timezone.now()) & ~Q(claim__by=user.get_username())
