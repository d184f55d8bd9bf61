"""What load balancers and Prometheus are told, whom metrics are told to, and how soon."""

import time
from http import HTTPStatus

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from review.operations import dependencies
from tests.review.operations.conftest import AWAY, MUTE

pytestmark = pytest.mark.django_db(transaction=True)
SOON = 4.0


def values(text: str) -> dict[tuple[str, ...], float]:
    """Every sample by its name and labels' values."""
    families = text_string_to_metric_families(text)
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def test_all_is_well_when_every_server_answers(services, client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (HTTPStatus.OK, {"ready": True, "down": []})


@pytest.mark.parametrize("how", [AWAY, MUTE])
@pytest.mark.parametrize("which", ["database", "redis", "s3"])
def test_a_server_that_is_away_or_mute_is_named_soon_and_without_a_secret(which, how, lose, services, client):
    lose(which, how)
    started = time.monotonic()
    answer = client.get("/readyz")
    assert time.monotonic() - started < SOON
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.json() == {"ready": False, "down": [which]}
    assert client.get("/healthz").status_code == HTTPStatus.OK
    told = values(client.get("/metrics").content.decode())
    names = [name for (metric, *label), _ in told.items() if metric == "mattegate_up" for name in label]
    down = {name.partition("-")[0] for name in names if not told["mattegate_up", name]}
    assert down == {which}


def test_many_who_ask_at_once_cost_one_question(services, client, monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr(dependencies._REMEMBERED, "_make", lambda: asked.append("once") or [])
    for _ in range(20):
        client.get("/readyz")
    assert asked == ["once"]


def test_whether_it_lives_is_told_without_asking_anybody_or_keeping_anything(client, db):
    with CaptureQueriesContext(connection) as queries:
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content, len(queries)) == (HTTPStatus.OK, b"alive\n", 0)
    assert not answer.cookies and not Session.objects.exists()
    assert answer.headers["Cache-Control"].startswith("max-age=0")


@pytest.mark.parametrize("probe", ["/healthz", "/readyz", "/metrics"])
def test_who_asks_by_address_and_without_tls_is_answered_and_others_are_not(probe, services, client, settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["photos.example"]
    settings.METRICS_TOKEN = "told-to-prometheus"
    answer = client.get(probe, headers={"host": "10.1.2.3:8300", "authorization": "Bearer told-to-prometheus"})
    assert answer.status_code == HTTPStatus.OK
    assert client.get("/admin/login/", headers={"host": "10.1.2.3:8300"}).status_code == HTTPStatus.BAD_REQUEST
    assert client.get("/admin/login/", headers={"host": "photos.example"}).status_code == HTTPStatus.MOVED_PERMANENTLY


@pytest.mark.parametrize(
    ("peer", "headers", "served", "may"),
    [
        ("127.0.0.1", {}, {}, True),
        ("::1", {}, {}, True),
        ("", {}, {}, False),
        ("203.0.113.9", {}, {}, False),
        ("203.0.113.9", {"x-forwarded-for": "127.0.0.1"}, {}, False),
        ("203.0.113.9", {"x-forwarded-for": "127.0.0.1"}, {"HTTPS": True}, False),
        ("127.0.0.1", {"x-forwarded-for": "203.0.113.9"}, {}, False),
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, {}, False),
        ("127.0.0.1", {"x-real-ip": "203.0.113.9"}, {}, False),
        # Served to others: whoever comes through the proxy beside us comes from loopback too.
        ("127.0.0.1", {}, {"HTTPS": True}, False),
        ("127.0.0.1", {}, {"ALLOWED_HOSTS": ["photos.example", "127.0.0.1"]}, False),
        ("127.0.0.1", {}, {"CSRF_TRUSTED_ORIGINS": ["https://photos.example"]}, False),
        ("127.0.0.1", {}, {"WEB_HOST": "0.0.0.0"}, False),
        ("203.0.113.9", {"authorization": "Bearer told-to-prometheus"}, {"METRICS_TOKEN": "told-to-prometheus"}, True),
        ("127.0.0.1", {}, {"METRICS_TOKEN": "told-to-prometheus"}, False),
        ("127.0.0.1", {"authorization": "Bearer other"}, {"METRICS_TOKEN": "told-to-prometheus"}, False),
        ("127.0.0.1", {"authorization": "Bearer "}, {"METRICS_TOKEN": "told-to-prometheus"}, False),
    ],
)
def test_metrics_are_told_by_a_token_or_to_this_machine_alone(peer, headers, served, may, services, settings):
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
    for name, value in served.items():
        setattr(settings, name, value)
    answer = Client().get("/metrics", headers=headers, REMOTE_ADDR=peer)
    assert answer.status_code == (HTTPStatus.OK if may else HTTPStatus.FORBIDDEN)
    assert (b"mattegate_" in answer.content) == may
