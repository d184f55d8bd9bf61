"""A program of others that listens for webhooks, on a real socket, and answers what a test wants."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self


class Received(NamedTuple):
    path: str
    headers: dict[str, str]
    body: str

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def said(self) -> dict[str, Any]:
        return json.loads(self.body)


class Receiver:
    """Answers by `answers`, one a request, and 204 when those are used up. Of a redirect, `location` says where to."""

    def __init__(self, *answers: int, location: str = "", seconds: float = 0, dribble: bool = False) -> None:
        self.answers, self.location, self.seconds, self.dribble = list(answers), location, seconds, dribble
        self.received: list[Received] = []
        self._over = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.port = self._http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hooks?for=mattegate"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._http.shutdown()
        self._http.server_close()

    def _handler(receiver) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.received.append(Received(self.path, headers, body))
                receiver._over.wait(receiver.seconds)
                if receiver.dribble:
                    self._dribble()
                    return
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.end_headers()

            def _dribble(self) -> None:
                """A byte now and then: no single read waits for long."""
                while not receiver._over.is_set():
                    try:
                        self.wfile.write(b"H")
                    except OSError:
                        return
                    time.sleep(0.1)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
