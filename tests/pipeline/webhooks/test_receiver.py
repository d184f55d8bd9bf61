"""The receiver in docs/webhooks.md, run as somebody would who copied it."""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from pipeline.models import WebhookDelivery, WebhookEndpoint
from pipeline.webhooks import delivery, signing
from tests.services import free_ports
from tests.waiting import wait_for

PAGE = Path(settings.BASE_DIR) / "docs" / "webhooks.md"
pytestmark = pytest.mark.django_db


@pytest.fixture
def output(told: Callable[..., WebhookDelivery], endpoint: WebhookEndpoint, tmp_path: Path) -> Iterator[Path]:
    """What the receiver prints; the endpoint leads to it."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "receiver.py").write_text(code)
    port, printed = free_ports(1), tmp_path / "printed"
    environment = os.environ | {"WEBHOOK_SECRET": endpoint.secret, "PORT": str(port)}
    with printed.open("w") as file:
        process = subprocess.Popen([sys.executable, str(tmp_path / "receiver.py")], stdout=file, env=environment)
    WebhookEndpoint.objects.update(url=f"http://127.0.0.1:{port}/")
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/"), 20)
        yield printed
    finally:
        process.kill()
        process.wait()


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=1)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def said(endpoint: WebhookEndpoint, row: WebhookDelivery, body: str, age: int = 0, secret: str = "") -> int:
    """The receiver's answer to a request that somebody else sends."""
    url = WebhookEndpoint.objects.get(pk=endpoint.pk).url
    headers = signing.headers([secret or endpoint.secret], row.message_id, int(time.time()) - age, row.body)
    request = urllib.request.Request(url, body.encode(), {**headers, "Content-Type": "application/json"})
    try:
        return urllib.request.urlopen(request, timeout=5).status
    except urllib.error.HTTPError as error:
        return error.code


def test_it_takes_what_is_signed_once_and_refuses_replays_and_what_was_changed(endpoint, told, output):
    row = told()
    delivery.send_due(endpoint.pk)
    row.refresh_from_db()
    assert (row.state, row.answer) == ("delivered", "answered 204")
    assert output.read_text() == "frame.published {'frame': 1}\n"
    assert said(endpoint, row, row.body) == 204
    assert said(endpoint, row, row.body, age=301) == 401
    assert said(endpoint, row, row.body.replace("1", "2")) == 401
    assert said(endpoint, row, row.body, secret=signing.new_secret()) == 401
    assert output.read_text().count("\n") == 1


def test_it_knows_either_secret_while_one_is_replaced(endpoint, told, output):
    WebhookEndpoint.objects.update(old_secret=endpoint.secret, old_secret_until="2999-01-01T00:00Z")
    WebhookEndpoint.objects.update(secret=signing.new_secret())
    row = told()
    delivery.send_due(endpoint.pk)
    row.refresh_from_db()
    assert row.state == "delivered"
