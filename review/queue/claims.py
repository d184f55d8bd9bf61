"""Who looks at which frame: leases, taken by compare-and-set, renewed by the page, stolen when they lapse.

A claim is a page's, not a person's: two tabs, or two people who share a login, don't look at the same frame. What a
page fetches ahead keeps nobody from it; others only take it last.
"""

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


def queue_of(user: User, page: str = "") -> QuerySet[QueueItem]:
    """What waits for this person and is in no other hands: the oldest first, what they skipped last."""
    name = user.get_username()
    skips = Decision.objects.filter(frame=OuterRef("pk"), kind="skip", by=name, undone_by=None).order_by("-at")
    waiting = QueueItem.objects.exclude(held_elsewhere(user, page)).annotate(skipped=Subquery(skips.values("at")[:1]))
    return _decided_by(user, waiting).order_by(F("skipped").asc(nulls_first=True), "state_since", "pk")


def in_other_hands(user: User, page: str = "") -> QuerySet[QueueItem]:
    """What would wait for this person if nobody looked at it just now."""
    return _decided_by(user, QueueItem.objects.filter(held_elsewhere(user, page)))


def take_next(user: User, page: str = "", beside: Collection[int] = (), *, ahead: bool = False) -> QueueItem | None:
    """Claim the next frame in line, other than those; None when nothing is left.

    What others have fetched ahead comes after all that nobody has, and isn't fetched ahead twice.
    """
    waiting = queue_of(user, page).exclude(pk__in=beside)
    elsewhere = held_elsewhere(user, page, ahead=True)
    lines = [waiting.exclude(elsewhere)] if ahead else [waiting.exclude(elsewhere), waiting.filter(elsewhere)]
    found = (frame for line in lines for frame in line[:50] if take(frame, user, page, ahead=ahead))
    return next(found, None)


def take(frame: Frame, user: User, page: str = "", *, ahead: bool = False) -> bool:
    """Whether the frame is this page's now: it was free, lapsed, only fetched ahead by others, or theirs already."""
    there = Claim.objects.filter(frame=frame.pk)
    mine = {"by": user.get_username(), "page": page, "until": timezone.now() + LEASE, "is_ahead": ahead}
    may = _mine(user, page) | Q(until__lt=timezone.now()) | (Q() if ahead else Q(is_ahead=True))
    if there.filter(may).update(**mine):
        return True
    try:
        with transaction.atomic():
            Claim.objects.create(frame_id=frame.pk, **mine)
    except IntegrityError:
        return False
    return True


def take_over(frame: Frame, user: User, page: str = "") -> str:
    """Make the frame this person's, whoever has it in hand; returns from whom it was taken, which is noted, or ''."""
    name, now = user.get_username(), timezone.now()
    mine = {"by": name, "page": page, "until": now + LEASE, "is_ahead": False}
    with transaction.atomic():
        claim, _ = Claim.objects.select_for_update().get_or_create(frame_id=frame.pk, defaults=mine)
        Claim.objects.filter(pk=claim.pk).update(**mine)
        if claim.by == name or claim.until < now or claim.is_ahead:
            return ""
        TakeOver.objects.create(frame_id=frame.pk, by=name, taken_from=claim.by)
    return claim.by


def taken_over_from(user: User, frame: Frame) -> datetime | None:
    """When whoever has the frame in hand took it from this person, if they did."""
    last = TakeOver.objects.filter(frame=frame.pk).last()
    is_so = last and (last.by, last.taken_from) == (holder_of(frame), user.get_username())
    return last.at if last and is_so else None


def go_on_here(frame: Frame, user: User, page: str) -> None:
    """Bring over what this person has in another tab."""
    Claim.objects.filter(by=user.get_username(), frame=frame.pk).update(page=page)


def renew(user: User, shown: Collection[int], page: str = "", ahead: Collection[int] = ()) -> dict[int, str]:
    """Hold on to these frames; returns, of those that are lost, who has them now ('' for nobody)."""
    mine, until = Claim.objects.filter(_mine(user, page)), timezone.now() + LEASE
    mine.filter(frame__in=shown).update(until=until, page=page, is_ahead=False)
    mine.filter(frame__in=ahead).update(until=until, page=page, is_ahead=True)
    frames = [*shown, *ahead]
    held = set(mine.filter(frame__in=frames).values_list("frame", flat=True))
    holders = dict(Claim.objects.filter(frame__in=frames).values_list("frame", "by"))
    return {frame: holders.get(frame, "") for frame in frames if frame not in held}


def release(user: User, page: str = "", but: Collection[int] = ()) -> None:
    """Let go of all that this page holds, other than those."""
    Claim.objects.filter(_mine(user, page)).exclude(frame__in=but).delete()


def holder_of(frame: Frame) -> str:
    """Who has it in hand, or ''."""
    claim = Claim.objects.filter(frame=frame.pk, until__gte=timezone.now(), is_ahead=False).first()
    return claim.by if claim else ""


def holders() -> Subquery:
    """Who has each of many frames in hand, as `holder_of` says it of one."""
    return Subquery(Claim.objects.filter(frame=OuterRef("pk"), until__gte=timezone.now(), is_ahead=False).values("by"))


def held_elsewhere(user: User, page: str = "", path: str = "claim__", *, ahead: bool = False) -> Q:
    """That somebody else, or another tab, looks at it; or, with `ahead`, has fetched it ahead."""
    there = {f"{path}until__gte": timezone.now(), f"{path}is_ahead": ahead}
    return Q(**there) & ~_mine(user, page, path)


def _mine(user: User, page: str, path: str = "") -> Q:
    """Held by this page; who names none, as programs do, means all of their pages."""
    mine = Q(**{f"{path}by": user.get_username()})
    return mine & Q(**{f"{path}page__in": ["", page]}) if page else mine


def _decided_by(user: User, waiting: QuerySet[QueueItem]) -> QuerySet[QueueItem]:
    """Without what this person sent in, where that is for others to decide."""
    return waiting.exclude(batch__created_by=user) if settings.FOUR_EYES else waiting
