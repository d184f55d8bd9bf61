"""A proxy before S3 that answers in its place, or late, when told to."""

import http.client
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

LATE_SECONDS = 30
HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive"}


class Misbehaviour:
    """What the store says instead of doing it, if `of` holds for the method; or how late it answers."""

    def __init__(self, status: int, code: str, of: Callable[[str], bool] = lambda method: True) -> None:
        self.status, self.of = status, of
        self.body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()


BROKEN = Misbehaviour(500, "InternalError")
BUSY = Misbehaviour(503, "SlowDown")
FULL = Misbehaviour(507, "StorageFull", of=lambda method: method in ("PUT", "POST"))
SKEWED = Misbehaviour(403, "RequestTimeTooSkewed")
LATE = Misbehaviour(0, "")


class StoreProxy:
    """Passes all on as it is, Host too, for that is signed."""

    def __init__(self, port: int, upstream: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.trouble: Misbehaviour | None = None
        self.met = threading.Event()
        proxy, target = self, urlsplit(upstream)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                proxy.handle(self, http.client.HTTPConnection(target.hostname or "", target.port, timeout=20))

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def misbehave(self, trouble: Misbehaviour) -> None:
        self.met.clear()
        self.trouble = trouble

    def behave(self) -> None:
        self.trouble = None

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def handle(self, request: BaseHTTPRequestHandler, upstream: http.client.HTTPConnection) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        trouble = self.trouble
        if trouble and trouble.of(request.command):
            self.met.set()
            if trouble is not LATE:
                _answer(request, trouble.status, {"Content-Type": "application/xml"}, trouble.body)
                return
        try:
            status, headers, said = _asked(request, upstream, body)
        except OSError:  # as a load balancer says it
            status, headers, said = 502, {}, b""
        if trouble is LATE:  # it was done, and nobody hears of it in time
            threading.Event().wait(LATE_SECONDS)
        _answer(request, status, headers, said)


def _asked(
    request: BaseHTTPRequestHandler, upstream: http.client.HTTPConnection, body: bytes
) -> tuple[int, dict[str, str], bytes]:
    upstream.putrequest(request.command, request.path, skip_host=True, skip_accept_encoding=True)
    for name, value in request.headers.items():
        if name.lower() not in HOP_BY_HOP | {"expect"}:
            upstream.putheader(name, value)
    upstream.endheaders(body)
    answer = upstream.getresponse()
    said = answer.read()
    upstream.close()
    return answer.status, {name: value for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP}, said


def _answer(request: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes) -> None:
    try:
        request.send_response_only(status)
        for name, value in headers.items():
            request.send_header(name, value)
        if "content-length" not in {name.lower() for name in headers} and status != 204:
            request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(body)
    except OSError:  # the client has given up
        request.close_connection = True
