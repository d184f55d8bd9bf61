"""Admins set webhooks up, and see and mend what was not delivered."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from pipeline.models import WebhookDelivery, WebhookEndpoint
from pipeline.webhooks import delivery, signing

ENDPOINTS, DELIVERIES = "/admin/pipeline/webhookendpoint/", "/admin/pipeline/webhookdelivery/"
SAID = {"name": "shop", "url": "https://shop.example.com/hooks", "events": ["frame.published"], "is_on": "on"}
pytestmark = pytest.mark.django_db


def secrets_on(answer) -> list[str]:
    return re.findall(r"whsec_[\w+/=]+", answer.content.decode())


def test_a_new_webhook_s_secret_is_shown_once_and_on_no_page_after(sign_in):
    admin = sign_in("admin")
    answer = admin.post(f"{ENDPOINTS}add/", SAID, follow=True)
    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.name, endpoint.events, endpoint.is_on) == ("shop", ["frame.published"], True)
    assert secrets_on(answer) == [endpoint.secret]
    for page in (ENDPOINTS, f"{ENDPOINTS}{endpoint.pk}/change/", DELIVERIES):
        assert not secrets_on(admin.get(page))


def test_who_replaces_the_secret_sees_the_new_one_once_and_the_old_one_goes_on_for_a_day(sign_in, endpoint):
    admin, old = sign_in("admin"), endpoint.secret
    said = SAID | {"pipeline_webhookendpoint_rotate_secret": "1"}
    answer = admin.post(f"{ENDPOINTS}{endpoint.pk}/change/", said, follow=True)
    endpoint.refresh_from_db()
    assert secrets_on(answer) == [endpoint.secret] and endpoint.secret != old
    assert endpoint.secrets == [endpoint.secret, old]
    assert timedelta(hours=23) < endpoint.old_secret_until - timezone.now() <= timedelta(hours=24)


def test_saving_a_webhook_leaves_its_secret_alone(sign_in, endpoint):
    answer = sign_in("admin").post(f"{ENDPOINTS}{endpoint.pk}/change/", SAID, follow=True)
    assert WebhookEndpoint.objects.get().secret == endpoint.secret and not secrets_on(answer)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://shop.example.com/", "it must begin with https://"),
        ("https://169.254.169.254/latest", "169.254.169.254 is no public address"),
        ("https://me:secret@shop.example.com/", "neither an account nor a fragment"),
        ("nonsense", "it must begin with https://"),
    ],
)
def test_an_address_where_no_webhook_may_go_is_refused_with_the_reason(sign_in, url, words):
    answer = sign_in("admin").post(f"{ENDPOINTS}add/", SAID | {"url": url})
    assert words in answer.content.decode() and not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize("said", [{"events": []}, {"events": ["frame.deleted"]}, {"name": ""}])
def test_what_is_told_must_be_something_that_happens(sign_in, said):
    answer = sign_in("admin").post(f"{ENDPOINTS}add/", SAID | said)
    assert answer.status_code == 200 and not WebhookEndpoint.objects.exists()


def dead_letter(endpoint: WebhookEndpoint, number: int, **fields: object) -> WebhookDelivery:
    usual: dict[str, Any] = {
        "event": "frame.published",
        "about": "AURA1000 front",
        "body": json.dumps({"type": "frame.published"}),
    }
    usual |= {"state": "dead", "tries": delivery.MAX_TRIES, "answer": "answered 500"}
    return WebhookDelivery.objects.create(endpoint=endpoint, message_id=f"msg_{number}", **usual | fields)


def test_dead_letters_are_counted_in_the_sidebar_listed_and_sent_again_from_there(sign_in, told, endpoint, receiver):
    admin, dead = sign_in("admin"), dead_letter(endpoint, 1)
    listed = admin.get(f"{DELIVERIES}?state__exact=dead").content.decode()
    assert "AURA1000 front" in listed and "answered 500" in listed and "dead letter" in listed.lower()
    said = {"action": "send_again", "_selected_action": [dead.pk]}
    answer = admin.post(DELIVERIES, said, follow=True)
    assert "1 of 1 are sent again" in answer.content.decode()
    delivery.send_due(endpoint.pk)
    dead.refresh_from_db()
    assert (dead.state, receiver.received[0].id) == ("delivered", "msg_1")


def test_what_is_no_dead_letter_is_not_sent_again(sign_in, endpoint):
    row = dead_letter(endpoint, 1, state="delivered")
    said = {"action": "send_again", "_selected_action": [row.pk]}
    answer = sign_in("admin").post(DELIVERIES, said, follow=True)
    assert "Nothing is sent again" in answer.content.decode()
    assert WebhookDelivery.objects.get().state == "delivered"


def test_a_delivery_s_page_shows_its_body_and_its_webhook_id(sign_in, endpoint):
    row = dead_letter(endpoint, 1, body='{"type": "<b>"}')
    page = sign_in("admin").get(f"{DELIVERIES}{row.pk}/change/").content.decode()
    assert "msg_1" in page and "&lt;b&gt;" in page and endpoint.secret not in page


def test_a_webhook_is_deleted_with_its_deliveries_which_are_told_by_number(sign_in, endpoint):
    dead_letter(endpoint, 1)
    admin, page = sign_in("admin"), f"{ENDPOINTS}{endpoint.pk}/delete/"
    asked = admin.get(page).content.decode()
    assert "deliveries" in asked and "AURA1000" not in asked
    admin.post(page, {"post": "yes"})
    assert not WebhookEndpoint.objects.exists() and not WebhookDelivery.objects.exists()


@pytest.mark.parametrize("role", ["uploader", "operator", "manager", "nobody"])
def test_nobody_but_admins_sees_or_changes_any_of_it(sign_in, endpoint, role):
    browser, row = sign_in(role), dead_letter(endpoint, 1)
    pages = [ENDPOINTS, f"{ENDPOINTS}add/", f"{ENDPOINTS}{endpoint.pk}/change/", DELIVERIES]
    assert {browser.get(page).status_code for page in pages} <= {302, 403}
    browser.post(DELIVERIES, {"action": "send_again", "_selected_action": [row.pk]})
    said = SAID | {"pipeline_webhookendpoint_rotate_secret": "1"}
    browser.post(f"{ENDPOINTS}{endpoint.pk}/change/", said)
    assert WebhookDelivery.objects.get().state == "dead"
    assert WebhookEndpoint.objects.get().secret == endpoint.secret


def test_every_secret_is_another_and_long_enough():
    found = {signing.new_secret() for _ in range(100)}
    assert len(found) == 100 and all(len(secret) == len("whsec_") + 44 for secret in found)
