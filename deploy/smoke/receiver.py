"""Somebody else's program that webhooks are sent to."""

import base64
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from deploy.smoke.stack import LOOPBACK


class Receiver:
    """Keeps what came with a genuine signature."""

    def __init__(self, port: int) -> None:
        self.secret = ""
        self.messages: list[dict[str, Any]] = []
        self.server = ThreadingHTTPServer((LOOPBACK, port), self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def has(self, kind: str, code: str) -> bool:
        return any(message["type"] == kind and message["data"].get("code") == code for message in self.messages)

    def _take(self, headers: Any, body: bytes) -> int:
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        if expected not in headers["webhook-signature"].split():
            return 401
        self.messages.append(json.loads(body))
        return 204

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                self.send_response(receiver._take(self.headers, body))
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
