"""What happened, noted for every endpoint that wants to be told, within the transaction that made it happen."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db.models import Count
from django.utils import timezone

from pipeline.models import Frame, Listing, WebhookDelivery, WebhookEndpoint
from pipeline.states import SEGMENT_OF, UNFINISHED, Segment, State
from pipeline.words import in_words

KEPT_DAYS = 30
OPEN = UNFINISHED | {State.EXCEPTION}
"""A worker or a person has still something to do about the photo."""
OUTCOMES = (Segment.PUBLISHED, Segment.REJECTED, Segment.UNREADABLE, Segment.GONE)


def may_complete(source: State, target: State) -> bool:
    """Whether such a move may be the last of its batch: whoever makes it has the batch locked (`lock_batches`)."""
    return source in OPEN and target not in OPEN


def note_move(frame: Frame, source: State, target: State) -> None:
    """Of a frame that was moved in this transaction, what others want to know."""
    happened = {
        _published: source == State.PUBLISHING and target == State.PUBLISHED,
        _withdrawn: source == State.WITHDRAWING and target != State.PUBLISHED,
        _flagged: target == State.EXCEPTION,
        _completed: may_complete(source, target),
    }
    tellers = [teller for teller, is_so in happened.items() if is_so]
    if tellers and WebhookEndpoint.objects.filter(is_on=True).exists():
        # As the transaction leaves it: the caller's copy is brought up to date later.
        moved = Frame.objects.select_related("batch").get(pk=frame.pk)
        for teller in tellers:
            teller(moved)


def note_replaced(frame: Frame) -> None:
    """Of a published frame whose files were replaced in this transaction: they are to be fetched again."""
    if WebhookEndpoint.objects.filter(is_on=True).exists():
        _published(Frame.objects.select_related("batch").get(pk=frame.pk))


def note(event: str, about: str, data: dict[str, Any]) -> None:
    """For each endpoint that is on and wants it; called within the transaction that makes it true."""
    body = json.dumps({"type": event, "timestamp": timezone.now().isoformat(), "data": data})
    wanting = [endpoint for endpoint in WebhookEndpoint.objects.filter(is_on=True) if event in endpoint.events]
    said = {"event": event, "about": about, "body": body}
    rows = [WebhookDelivery(endpoint=endpoint, message_id=f"msg_{uuid4().hex}", **said) for endpoint in wanting]
    WebhookDelivery.objects.bulk_create(rows)


def remove_old() -> int:
    """How many; what still waits stays."""
    before = timezone.now() - timedelta(days=KEPT_DAYS)
    over = WebhookDelivery.objects.filter(created_at__lt=before).exclude(state=WebhookDelivery.State.WAITING)
    return over.delete()[0]


def _published(frame: Frame) -> None:
    _note_frame("frame.published", frame)


def _flagged(frame: Frame) -> None:
    _note_frame("frame.flagged", frame, reasons=[in_words(code) for code in frame.doubts])


def _withdrawn(frame: Frame) -> None:
    """By the names that its files had. If another photo's files lie there by now, nothing was taken away."""
    listing = Listing.objects.filter(frame=frame.pk).first()
    if listing:
        _note_frame("frame.withdrawn", frame, code=listing.code, view=listing.view)


def _note_frame(event: str, frame: Frame, **more: Any) -> None:
    data = {
        "frame": frame.pk,
        "version": frame.version,
        "batch": frame.batch_id,
        "batch_name": frame.batch.name,
        "code": frame.code,
        "view": frame.view,
        "state": frame.state,
    } | more
    note(event, f"{data['code']} {data['view']}", data)


def _completed(frame: Frame) -> None:
    """Of two last photos at once, each would take the other for open: the lock lets one after the other look."""
    frames, name = Frame.objects.filter(batch=frame.batch_id).order_by(), frame.batch.name
    if frames.filter(state__in=OPEN).exists():
        return
    counts: Counter[Segment] = Counter()
    for state, count in frames.filter(state__in=SEGMENT_OF).values_list("state").annotate(count=Count("pk")):
        counts[SEGMENT_OF[State(state)]] += count
    if counts:
        photos = {segment.value: counts[segment] for segment in OUTCOMES}
        note("batch.completed", name, {"batch": frame.batch_id, "batch_name": name, "photos": photos})
