from collections.abc import Callable, Iterator

import pytest

from pipeline.models import Batch, Frame, WebhookDelivery, WebhookEndpoint
from pipeline.models.webhooks import EVENTS
from pipeline.webhooks import outbox, signing
from tests.pipeline.webhooks.receiver import Receiver


@pytest.fixture
def inside(settings: object) -> None:
    """Webhooks may go to this machine."""
    settings.WEBHOOK_PRIVATE_ADDRESSES = True  # type: ignore[attr-defined]


@pytest.fixture
def receiver(inside: None) -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def endpoint(db: None) -> WebhookEndpoint:
    """One that is told everything; nobody listens there."""
    url = "https://erp.example.com/hooks"
    return WebhookEndpoint.objects.create(name="ERP", url=url, events=list(EVENTS), secret=signing.new_secret())


@pytest.fixture
def told(endpoint: WebhookEndpoint, receiver: Receiver) -> Callable[..., WebhookDelivery]:
    """Something happened, of which the receiver is to be told."""
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(url=receiver.url)

    def happen(about: str = "A front") -> WebhookDelivery:
        outbox.note("frame.published", about, {"frame": 1})
        return WebhookDelivery.objects.latest("pk")

    return happen


@pytest.fixture
def frame(batch: Batch) -> Frame:
    return Frame.objects.create(batch=batch, filename="A_1.jpg", code="A", view="front", sha256="0")
