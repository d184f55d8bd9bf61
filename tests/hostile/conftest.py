"""A product with something in every room, for those who ask it what no page of ours would."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from accounts import service
from accounts.api import tokens
from accounts.models import AccessEvent
from accounts.roles import ROLES
from pipeline import intake, work_files
from pipeline.cutout.relight import IDENTITY
from pipeline.imaging.pictures.alpha_png import encode_alpha
from pipeline.models import Frame, WebhookDelivery, WebhookEndpoint
from pipeline.states import State
from pipeline.webhooks import signing
from tests import factories
from tests.factories import scorecard
from tests.pipeline.conftest import ColourKeyMatter, photo


@pytest.fixture
def held(services: None, db: None) -> Frame:
    """A frame in the queue, with pictures and an alternative; beside it one rejected, and one half uploaded."""
    batch = intake.open_batch("Spring", "watch")
    frame = intake.receive(batch, "A_1.png", photo()).frame
    Frame.objects.create(batch=batch, filename="B_1.png", code="B", view="front", sha256="b", state=State.REJECTED)
    Frame.objects.create(batch=batch, filename="C_1.png", code="C", view="front", sha256="c")
    Frame.objects.filter(pk=frame.pk).update(state=State.EXCEPTION, attempt=1, reasons=["haze"])
    frame.refresh_from_db()
    save_pictures(frame)
    others = [{"rung": "closer", "confidence": 0.3}]
    scorecard(frame, width=640, height=480, others=others, places={"haze": [0, 0, 9, 9]}, enhancer=IDENTITY)
    return frame


@pytest.fixture
def sold(held: Frame) -> Frame:
    return factories.sold(held.batch, "D")


def save_pictures(frame: Frame) -> None:
    rgb = work_files.original_photo(frame)
    alpha = ColourKeyMatter().matte(rgb).alpha
    work_files.save_photo(frame, rgb)
    work_files.save_matte(frame, rgb, alpha)
    work_files.save(frame, "alternative-closer.png", encode_alpha(alpha))


@pytest.fixture
def dead(db: None) -> WebhookDelivery:
    """A dead letter, of the endpoint that it was to reach."""
    endpoint = WebhookEndpoint.objects.create(name="ERP", url="https://erp.example.com/", secret=signing.new_secret())
    return WebhookDelivery.objects.create(
        endpoint=endpoint, message_id="msg_1", event="frame.published", about="A front", body="{}", state="dead"
    )


@pytest.fixture
def ticked(held: Frame, dead: WebhookDelivery) -> dict[str, int]:
    """A row of each list."""
    return {
        "auth_user": User.objects.create_user("olga").pk,
        "accounts_accessevent": AccessEvent.objects.latest("pk").pk,
        "accounts_serviceaccount": service.make("erp", Group.objects.get(name="uploader"), purpose="", by="")[0].pk,
        "pipeline_batch": held.batch_id,
        "pipeline_frame": held.pk,
        "review_queueitem": held.pk,
        "pipeline_webhookendpoint": dead.endpoint_id,
        "pipeline_webhookdelivery": dead.pk,
    }


@pytest.fixture
def browsers(sign_in: Callable[[str], Client], settings: Any) -> dict[str, Client]:
    """One for each role, an account without one, one whose role was taken away, a superuser, and who is none.

    All but the last have a token for the API too.
    """
    found = {role: sign_in(role) for role in (*ROLES, "nobody", "former", "owner")} | {"stranger": Client()}
    settings.API_REQUESTS_PER_MINUTE = settings.API_STRANGERS_PER_MINUTE = 10**6
    User.objects.filter(username="former").update(is_staff=True)
    User.objects.filter(username="owner").update(is_superuser=True, is_staff=True)
    for name, browser in found.items():
        browser.raise_request_exception = False
        if name != "stranger":
            access = tokens.give(User.objects.get(username=name))["access"]
            browser.defaults["HTTP_AUTHORIZATION"] = f"Bearer {access}"
    return found
