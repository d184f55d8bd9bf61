"""Requests that are too large, and senders that are too slow, before the real web process."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from django.test import Client

from tests.services import free_ports
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
MB = 1_000_000


@pytest.mark.parametrize(
    ("address", "role", "megabytes", "status"),
    [
        ("/admin/login/", "nobody", 300, 413),
        ("/admin/login/", "nobody", 1, 200),
        ("/workbench/beat", "operator", 11, 413),
        ("/admin/pipeline/batch/add/", "uploader", 300, 200),
        ("/admin/pipeline/batch/add/", "uploader", 400, 413),
        ("/admin/pipeline/batch/add/", None, 300, 413),
    ],
)
def test_a_request_too_large_is_refused_by_what_its_head_says(address, role, megabytes, status, sign_in, db):
    client = sign_in(role) if role else Client()
    answer = client.get(address, CONTENT_LENGTH=str(megabytes * MB))
    assert answer.status_code == status
    if status == 413:
        assert f"{megabytes} MB" in answer.content.decode()


@pytest.fixture
def web(tmp_path):
    port = free_ports(1)
    told = {"WEB_PORT": str(port), "VAR_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings"}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=os.environ | told, check=True)
    process = subprocess.Popen([sys.executable, "manage.py", "web"], cwd=ROOT, env=os.environ | told)
    wait_for(lambda: _answers(port), 60)
    yield port
    process.terminate()
    process.wait(10)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/admin/login/", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.mark.slow
def test_a_hundred_senders_that_never_end_do_not_stop_the_site(web):
    """Half of them have sent half a head, half of them half a body."""
    halves = b"POST /admin/login/ HTTP/1.1\r\nHost: localhost\r\n", b"Content-Length: 1000\r\n\r\nhalf"
    senders = [socket.create_connection(("127.0.0.1", web)) for _ in range(100)]
    for number, sender in enumerate(senders):
        sender.sendall(halves[0] if number % 2 else b"".join(halves))
    began = time.monotonic()
    assert _answers(web)
    assert time.monotonic() - began < 5
    for sender in senders:
        sender.close()
