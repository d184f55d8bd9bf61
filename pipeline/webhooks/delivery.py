"""Deliveries on their way: sent at least once, retried with growing pauses, given up as dead letters."""

import http.client
import logging
import random
import time
from datetime import timedelta

from django.db.models import F, QuerySet
from django.utils import timezone

from pipeline.models import WebhookDelivery, WebhookEndpoint
from pipeline.webhooks import signing
from pipeline.webhooks.guard import ForbiddenAddressError
from pipeline.webhooks.post import SilentError, post

log = logging.getLogger(__name__)
State = WebhookDelivery.State
# The last try comes one to two days after the first.
MAX_TRIES = 10
FIRST_PAUSE_SECONDS = 60
LONGEST_PAUSE_SECONDS = 12 * 3600
# Who doesn't answer costs a worker the whole time-out each time.
REST_SECONDS = 60
# So long one job may hold a worker; the next round goes on.
JOB_SECONDS = 30


def endpoints_due() -> QuerySet[WebhookEndpoint]:
    """Those that something is to be sent to now."""
    now = timezone.now()
    waiting = WebhookDelivery.objects.filter(state=State.WAITING, due_at__lte=now)
    return WebhookEndpoint.objects.filter(is_on=True, pk__in=waiting.values("endpoint")).exclude(rests_until__gt=now)


def send_due(endpoint_id: int) -> None:
    """To one endpoint, until nothing is due, nobody answers, or the time is over."""
    until = time.monotonic() + JOB_SECONDS
    while time.monotonic() < until:
        endpoint = endpoints_due().filter(pk=endpoint_id).first()
        row = _claim(endpoint) if endpoint else None
        if endpoint is None or row is None:
            return
        _send(endpoint, row)


def _send(endpoint: WebhookEndpoint, row: WebhookDelivery) -> None:
    try:
        _record(row, post(endpoint.url, row.body, _headers(endpoint, row)))
    except ForbiddenAddressError as error:
        _failed(row, f"not sent: {error}")
    except http.client.HTTPException:
        _failed(row, "what answered speaks no HTTP")
    except SilentError as error:
        _failed(row, str(error))
        rests = timezone.now() + timedelta(seconds=REST_SECONDS)
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(rests_until=rests)


def send_again(rows: QuerySet[WebhookDelivery]) -> int:
    """Dead letters with all their tries anew, under the id they had; how many."""
    return rows.filter(state=State.DEAD).update(state=State.WAITING, tries=0, due_at=timezone.now())


def _claim(endpoint: WebhookEndpoint) -> WebhookDelivery | None:
    """The try is counted, and the next one set, before it is sent: if this worker dies now, that one comes."""
    now = timezone.now()
    row = endpoint.deliveries.filter(state=State.WAITING, due_at__lte=now).order_by("due_at").first()
    if row is None:
        return None
    mine = WebhookDelivery.objects.filter(pk=row.pk, state=State.WAITING, due_at=row.due_at)
    if mine.update(tries=F("tries") + 1, due_at=now + pause(row.tries + 1)) != 1:
        return None
    row.refresh_from_db()
    return row


def pause(tries: int) -> timedelta:
    """Three times as long after each try; by chance up to half less, so that not all come back at once."""
    longest = min(FIRST_PAUSE_SECONDS * 3 ** (tries - 1), LONGEST_PAUSE_SECONDS)
    return timedelta(seconds=random.uniform(longest / 2, longest))  # noqa: S311


def _headers(endpoint: WebhookEndpoint, row: WebhookDelivery) -> dict[str, str]:
    signed = signing.headers(endpoint.secrets, row.message_id, int(time.time()), row.body)
    return {"Content-Type": "application/json", "User-Agent": "Mattegate-Webhooks", **signed}


def _record(row: WebhookDelivery, status: int) -> None:
    if 200 <= status < 300:
        fields = {"state": State.DELIVERED, "answer": f"answered {status}", "delivered_at": timezone.now()}
        WebhookDelivery.objects.filter(pk=row.pk).update(**fields)
    elif 300 <= status < 400:
        _failed(row, f"answered {status}: redirects are not followed")
    else:
        _failed(row, f"answered {status}")


def _failed(row: WebhookDelivery, answer: str) -> None:
    state = State.DEAD if row.tries >= MAX_TRIES else State.WAITING
    WebhookDelivery.objects.filter(pk=row.pk, state=State.WAITING).update(state=state, answer=answer[:300])
    log.warning("webhook %s to endpoint %d, try %d: %s", row.message_id, row.endpoint_id, row.tries, answer)
