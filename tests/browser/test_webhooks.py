"""An admin adds a webhook and copies its secret; dead letters are listed."""

import pytest
from playwright.sync_api import expect

from pipeline.models import WebhookDelivery, WebhookEndpoint
from tests.browser.conftest import IN_A_BROWSER, sign_in
from tests.browser.test_operations import photograph

pytestmark = IN_A_BROWSER


@pytest.fixture
def endpoint(services):
    events = ["frame.published", "frame.withdrawn"]
    endpoint = WebhookEndpoint.objects.create(name="ERP", url="https://erp.example.com/hooks", events=events)
    for number, (state, answer) in enumerate(
        [("dead", "answered 500"), ("delivered", "answered 204"), ("waiting", "")]
    ):
        fields = {"message_id": f"msg_{number}", "event": "frame.published", "about": f"AURA100{number} front"}
        WebhookDelivery.objects.create(endpoint=endpoint, body="{}", state=state, answer=answer, **fields)
    return endpoint


def test_a_webhook_is_added_and_its_secret_stands_on_the_page_once(page, endpoint):
    page.set_default_timeout(60_000)
    sign_in(page, "admin")
    page.goto("/admin/pipeline/webhookendpoint/add/")
    photograph(page, "webhook-add")
    page.get_by_label("Name").fill("Shop")
    page.get_by_label("Address").fill("https://shop.example.com/hooks")
    page.get_by_label("frame.published").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Save", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("shown only now")).to_be_visible(timeout=30_000)
    photograph(page, "webhooks")
    secret = WebhookEndpoint.objects.get(name="Shop").secret
    expect(page.get_by_text(secret)).to_be_visible()
    page.reload()
    expect(page.get_by_text("Shop", exact=True)).to_be_visible()
    expect(page.get_by_text(secret)).to_have_count(0)
    page.goto(f"/admin/pipeline/webhookendpoint/{endpoint.pk}/change/")
    photograph(page, "webhook")
    page.get_by_role("button", name="Replace the secret").click()
    expect(page.get_by_text("shown only now")).to_be_visible(timeout=30_000)


def test_dead_letters_are_listed_by_themselves_and_lead_to_what_was_said(page, endpoint):
    page.set_default_timeout(60_000)
    sign_in(page, "admin")
    page.goto("/admin/pipeline/webhookdelivery/?state__exact=dead")
    photograph(page, "dead")
    expect(page.get_by_text("AURA1000 front").first).to_be_visible()
    expect(page.get_by_text("AURA1001 front")).to_have_count(0)
    page.goto("/admin/pipeline/webhookdelivery/")
    photograph(page, "deliveries")
    dead = WebhookDelivery.objects.get(state="dead")
    page.goto(f"/admin/pipeline/webhookdelivery/{dead.pk}/change/")
    photograph(page, "delivery")
    expect(page.get_by_text("msg_0", exact=True)).to_be_visible()
