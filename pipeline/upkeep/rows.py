"""Rows that contradict one another."""

from collections.abc import Iterator
from functools import partial

from django.db.models import Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from pipeline import leases
from pipeline.models import Frame, GatePolicy, Listing, Rendering, Scorecard, Transition
from pipeline.shop import listings
from pipeline.states import State
from pipeline.upkeep import mending
from pipeline.upkeep.findings import Finding, each, named

SHOWN = (State.PUBLISHED, State.WITHDRAWING)
"""Frames whose files may lie in the shop."""
JUDGED = (State.APPROVED, State.PUBLISHING, *SHOWN)
COMING = (State.APPROVED, *listings.BUSY)
"""Frames that take their names, or take them again, by themselves."""
TELL = "Nothing of ours writes that: look for who changed the database by hand, or restore a backup"


def anew(frame: Frame) -> str:
    """How the shop gets its files again: without its pictures none can be made."""
    if frame.pictures:
        return "Its pictures are deleted: put its files back from a backup, or withdraw it and send a new photo."
    return "Withdraw it as a manager, have it reviewed again and approve it: its files are made anew."


def check() -> Iterator[Finding]:
    yield from _history()
    yield from _published()
    yield from _listings()
    yield from _held()
    yield from _scorecards()
    yield from _policies()


def _history() -> Iterator[Finding]:
    moves = Transition.objects.filter(frame=OuterRef("pk")).order_by("-pk").values("target")[:1]
    told = Coalesce(Subquery(moves), Value(State.RECEIVED.value))
    for frame in each(Frame.objects.annotate(told=told).exclude(state=F("told"))):
        what = f"its state is {frame.state}, but its history ends with {frame.told}"
        yield Finding("history", named(frame), what, f"{TELL}.")


def _published() -> Iterator[Finding]:
    """Each published frame is what its names show: so there is one a name."""
    shown = Listing.objects.filter(frame=OuterRef("pk"), code=OuterRef("code"), view=OuterRef("view"))
    for frame in each(Frame.objects.filter(~Exists(shown), state=State.PUBLISHED)):
        there = Listing.objects.filter(code=frame.code, view=frame.view).select_related("frame").first()
        newer = there.frame if there else None
        if newer and newer.pk > frame.pk:
            what = f"it is said to be published, but the shop shows the newer frame {newer.pk}"
            todo = "--repair says that it was replaced, as publishing the newer one does."
            yield Finding("not-shown", named(frame), what, todo, partial(mending.put_behind, frame, newer))
        else:
            showing = f"frame {newer.pk}" if newer else "nothing"
            what = f"it is said to be published, but under its names the shop shows {showing}"
            yield Finding("not-shown", named(frame), what, anew(frame))


def _listings() -> Iterator[Finding]:
    shows = Listing.objects.filter(frame__isnull=False).select_related("frame")
    twice = Listing.objects.filter(frame=OuterRef("frame"), pk__lt=OuterRef("pk"))
    for listing in each(shows.filter(~Q(frame__state__in=SHOWN) | Exists(twice))):
        frame = listing.frame
        what = f"the shop is said to show {named(frame)} under these names, which is {frame.state_words}"
        if frame.state in SHOWN:
            what = f"{named(frame)} is said to be shown under these names and under others"
        yield Finding("listing", f"{listing.code} {listing.view}", what, f"{TELL}.")


def _held() -> Iterator[Finding]:
    """Names in the hands of a frame that has done with them."""
    is_at_work = Q(holder__state__in=COMING)
    is_at_work |= Q(holder__state=State.PUBLISHED, holder__lease_until__gte=timezone.now())
    for listing in each(Listing.objects.filter(holder__isnull=False).exclude(is_at_work)):
        holder = listing.holder
        what = f"{named(holder)} holds these names, but it is {holder.state_words}"
        todo = "Nobody is kept out by that; --repair lets go of them."
        about = f"{listing.code} {listing.view}"
        yield Finding("held-by-nobody", about, what, todo, partial(mending.let_go, listing))


def _scorecards() -> Iterator[Finding]:
    known = GatePolicy.objects.filter(pk=OuterRef("policy_id"))
    for card in each(Scorecard.objects.filter(~Exists(known)).only("frame_id", "attempt", "policy_id")):
        what = f"the scorecard of attempt {card.attempt} names policy {card.policy_id}, which is not there"
        todo = (
            "Restore the table of policies from a backup: without it nobody knows why the frame was published or held."
        )
        yield Finding("no-policy", f"frame {card.frame_id}", what, todo)
    cards = Scorecard.objects.filter(frame=OuterRef("pk"), attempt=OuterRef("attempt"))
    for frame in each(Frame.objects.filter(~Exists(cards), state__in=JUDGED)):
        what = f"it is {frame.state_words}, but attempt {frame.attempt} has no scorecard"
        todo = "Have it reviewed again and reprocess it; if it can't be, restore a backup of the database."
        yield Finding("no-scorecard", named(frame), what, todo)


def _policies() -> Iterator[Finding]:
    count = GatePolicy.objects.filter(is_active=True).count()
    if count != 1:
        todo = "Run manage.py migrate, which brings the shipped one, or activate one under Policies."
        yield Finding("policies", "policies", f"{count} are active, and there must be one: nothing is judged", todo)


def in_motion(code: str, view: str) -> bool:
    """Whether somebody is just about to change what the shop shows under these names."""
    is_coming = Frame.objects.filter(code=code, view=view, state__in=(State.APPROVED, State.PUBLISHING))
    held = Listing.objects.filter(code=code, view=view).select_related("frame", "holder").first()
    leaving = [frame for frame in (held.frame, held.holder) if frame] if held else []
    swapped = Rendering.objects.filter(
        state=Rendering.State.WAITING, is_swapping=True, frame__code=code, frame__view=view
    )
    return (
        is_coming.exists()
        or swapped.exists()
        or any(
            frame.state == State.WITHDRAWING or (frame.state in listings.WRITING and leases.is_held(frame))
            for frame in leaving
        )
    )
