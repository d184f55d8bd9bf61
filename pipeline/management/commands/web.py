"""The web process. Its server reads a request whole before a thread is spent on it, so slow senders block nobody."""

from typing import Any

import waitress
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

THREADS = 8
SILENT_SECONDS = 30
"""A connection on which nothing moves is closed after so long."""
CONNECTIONS = 1000


class Command(BaseCommand):
    help = "Serve the pages and what they ask for."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")

    def handle(self, *_: Any, host: str, **__: Any) -> None:
        from config.wsgi import application

        waitress.serve(
            application,
            host=host,
            port=settings.WEB_PORT,
            threads=THREADS,
            channel_timeout=SILENT_SECONDS,
            cleanup_interval=SILENT_SECONDS // 3,
            connection_limit=CONNECTIONS,
            asyncore_use_poll=True,
            max_request_body_size=settings.MAX_UPLOAD_BYTES,
            # Only a proxy that ends TLS tells by which scheme somebody came.
            clear_untrusted_proxy_headers=not settings.HTTPS,
            ident=None,
        )
