"""The contract server: in a test `with GeminiServer() as server`, or a program of its own.

python -m tests.gemini.server --port 8200 --batch-seconds 20
"""

import argparse
import contextlib
import threading
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.gemini.app import App
from tests.gemini.faults import Disconnect, Faults, Hang, Script
from tests.gemini.jobs import Jobs
from tests.gemini.ledger import Ledger
from tests.gemini.wire import Call

LOOPBACK = "127.0.0.1"
API_KEY, MODEL, PRICE = "fake-key", "gemini-2.5-flash-image", Decimal("0.039")
HANG_SECONDS = 60.0


class GeminiServer:
    """A Gemini of one's own.

    Attributes
    ----------
    url
        What the engine's `base_url` is to be.
    ledger
        What was billed; see `Ledger`.
    page_size
        How many jobs a page of the list of jobs holds.
    """

    def __init__(
        self,
        api_key: str = API_KEY,
        *,
        model: str = MODEL,
        price: Decimal = PRICE,
        port: int = 0,
        batch_seconds: float = 0,
        batch_polls: int = 2,
    ) -> None:
        self.ledger = Ledger(price)
        self._faults = Faults()
        jobs = Jobs(self._faults, self.ledger, seconds=batch_seconds, polls=batch_polls)
        self._app = App(api_key=api_key, model=model, jobs=jobs, scripted=self._faults, ledger=self.ledger)
        self._http = _HttpServer((LOOPBACK, port), _Handler)
        self._http.app = self._app
        self.url = self._app.url = f"http://{LOOPBACK}:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.stopping.set()
        self._http.shutdown()
        self._http.server_close()

    def serve(self) -> None:
        self._http.serve_forever(poll_interval=0.05)

    def script(self, script: Script) -> None:
        """Let a function of each request say what goes wrong with it; see faults.py, also for `queue`."""
        self._faults.script = script

    @property
    def counts(self) -> Counter[str]:
        """Requests seen with the right key: sync, submit, poll, list, cancel, upload, describe, download."""
        return Counter(self._app.counts)

    @property
    def jobs(self) -> dict[str, str]:
        """Display names by name of the jobs that were made, the newest first."""
        return self._app.made()

    @property
    def page_size(self) -> int:
        return self._app.page_size

    @page_size.setter
    def page_size(self, size: int) -> None:
        self._app.page_size = size


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    app: App

    def __init__(self, *arguments: Any) -> None:
        self.stopping = threading.Event()
        super().__init__(*arguments)


class _Handler(BaseHTTPRequestHandler):
    """Carries a request to the app, and its answer back."""

    server: _HttpServer
    protocol_version = "HTTP/1.1"
    # Headers and body go out in two pieces; waiting for the first to be acknowledged costs 40 ms a request.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        try:
            self._reply()
        except Hang:
            self.server.stopping.wait(self._patience() + 1)
            self.close_connection = True
        except Disconnect:
            self.close_connection = True
        except ConnectionError:  # the client has gone
            self.close_connection = True

    do_POST = do_GET

    def _reply(self) -> None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        reply = self.server.app.answer(Call(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body))
        self._send(reply.code, reply.headers, reply.encoded())

    def _send(self, code: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(code)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _patience(self) -> float:
        """How long the client waits, which it says itself."""
        return float(self.headers.get("X-Server-Timeout", HANG_SECONDS))

    def log_message(self, *_: object) -> None:
        """Quiet: the tests' own output is what counts."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.gemini.server", description="A Gemini of one's own.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--batch-seconds", type=float, default=20)
    parser.add_argument("--api-key", default=API_KEY)
    parser.add_argument("--model", default=MODEL)
    options = parser.parse_args()
    server = GeminiServer(options.api_key, model=options.model, port=options.port, batch_seconds=options.batch_seconds)
    print(f"Gemini of one's own at {server.url}, key {options.api_key}, model {options.model}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve()


if __name__ == "__main__":
    main()
