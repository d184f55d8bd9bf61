"""Requests that are too large, and senders that are too slow, before the real server and its real process."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from django.test import Client
from waitress.adjustments import Adjustments

from accounts.server import ADJUSTED, LimitedParser
from tests.services import free_ports
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
MB = 1_000_000
SIGN_IN, UPLOAD = "/admin/login/", "/admin/pipeline/batch/add/"


def heard(address: str, *headers: str) -> LimitedParser:
    """What the server makes of a request's head."""
    parser = LimitedParser(Adjustments(**ADJUSTED))
    head = "\r\n".join((f"POST {address} HTTP/1.1", "Host: localhost", *headers, "", "")).encode()
    assert parser.received(head) == len(head)
    return parser


def cookie(client: Client) -> str:
    return f"Cookie: csrftoken=a; sessionid={client.cookies['sessionid'].value if client.cookies else 'invented'}"


@pytest.mark.parametrize(
    ("address", "role", "megabytes", "is_refused"),
    [
        (SIGN_IN, None, 300, True),
        (SIGN_IN, None, 1, True),
        (SIGN_IN, None, 0.09, False),
        (UPLOAD, None, 300, True),
        (SIGN_IN, "nobody", 1, False),
        ("/workbench/beat", "operator", 11, True),
        (UPLOAD, "uploader", 300, False),
        (UPLOAD, "uploader", 400, True),
        (f"{UPLOAD}?name=Spring", "uploader", 300, False),
        (f"/{UPLOAD}", "uploader", 300, True),
    ],
)
def test_a_request_too_large_is_refused_by_what_its_head_says(address, role, megabytes, is_refused, sign_in, db):
    client = sign_in(role) if role else Client()
    for more in ((), ("Expect: 100-continue",)):
        parser = heard(address, f"Content-Length: {megabytes * MB:.0f}", cookie(client), *more)
        assert (parser.completed, parser.expect_continue) == (is_refused, bool(more) and not is_refused)
        assert not is_refused or (parser.error.code, "MB is the most" in parser.error.body) == (413, True)


def test_a_session_that_has_ended_is_none(sign_in):
    client = sign_in("uploader")
    told = cookie(client)
    client.logout()
    assert heard(UPLOAD, f"Content-Length: {MB}", told).error


@pytest.mark.parametrize(("role", "most"), [(None, 0.1), ("operator", 10)])
def test_of_a_body_that_does_not_tell_its_size_no_more_is_kept_than_its_sender_may_send(role, most, sign_in, db):
    parser = heard("/workbench/beat", "Transfer-Encoding: chunked", cookie(sign_in(role) if role else Client()))
    megabyte = b"%x\r\n%b\r\n" % (MB, bytes(MB))
    sent = 0
    while not parser.completed and sent < 20:
        parser.received(megabyte)
        sent += 1
    assert parser.error.code == 413 and most <= sent < most + 1
    parser.close()


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    port, tmp_path = free_ports(1), tmp_path_factory.mktemp("web")
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


@pytest.mark.slow
@pytest.mark.parametrize("told", ["Content-Length: 300000000", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("more", ["Expect: 100-continue", "Cookie: sessionid=invented"])
def test_a_stranger_is_refused_while_sending(web, told, more):
    """With the first kilobytes of a large body; and the site goes on."""
    with socket.create_connection(("127.0.0.1", web), timeout=10) as sender:
        sender.sendall(f"POST {UPLOAD} HTTP/1.1\r\nHost: localhost\r\n{told}\r\n{more}\r\n\r\n".encode())
        if "chunked" in told:
            sender.sendall((b"%x\r\n" % MB).ljust(100_000, b"0"))
        answer = sender.makefile("rb").read()
    status = answer.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n").partition(b"\r\n")[0]
    assert status == b"HTTP/1.1 413 Request Entity Too Large" and b"0.1 MB is the most" in answer
    assert (b"100 Continue" in answer) == ("chunked" in told and "Expect" in more)
    assert _answers(web)
