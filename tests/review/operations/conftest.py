"""Servers that are away, and servers that take a connection and never say a word."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections

from review.operations import dependencies, metrics
from tests.services import free_ports

AWAY, MUTE = "away", "mute"


@pytest.fixture(autouse=True)
def asked_anew(settings) -> Iterator[None]:
    """Answers are kept for seconds, and a test is shorter; the site is served to this machine alone."""
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
    dependencies.forget()
    metrics.forget()
    yield
    dependencies.forget()
    metrics.forget()


@pytest.fixture
def mute_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        yield server.getsockname()[1]


@pytest.fixture
def lose(settings, monkeypatch, mute_port) -> Callable[[str, str], None]:
    """Put a server where there is none, or one that is mute."""

    def lost(which: str, how: str) -> None:
        port = mute_port if how == MUTE else free_ports(1)
        if which == "redis":
            settings.REDIS_URL = f"redis://:secret-word@127.0.0.1:{port}/0"
        elif which == "s3":
            # Each bucket's options, as a storage reads them.
            settings.S3_ENDPOINT_URL = f"http://127.0.0.1:{port}"
            for alias in ("work", "published"):
                monkeypatch.setitem(settings.STORAGES[alias]["OPTIONS"], "endpoint_url", f"http://127.0.0.1:{port}")
        else:  # for connections that are yet to be made; this thread keeps its own
            elsewhere: dict[str, Any] = {
                "ENGINE": "django.db.backends.postgresql",
                "HOST": "127.0.0.1",
                "PORT": port,
                "USER": "mattegate",
                "PASSWORD": "secret-word",
                "NAME": "mattegate",
                "OPTIONS": {},
            }
            told = connections.configure_settings({"default": elsewhere})["default"]
            monkeypatch.setitem(connections.settings, "default", told)

    return lost
