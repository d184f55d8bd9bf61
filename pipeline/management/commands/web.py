"""The web process. Its server reads a request whole before a thread is spent on it, so slow senders block nobody."""

from typing import Any

import waitress
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

SILENT_SECONDS = 30
"""A connection on which nothing moves is closed after so long."""
ADJUSTED: dict[str, Any] = {
    "threads": 8,
    "channel_timeout": SILENT_SECONDS,
    "cleanup_interval": SILENT_SECONDS // 3,
    "connection_limit": 1000,
    "asyncore_use_poll": True,
    "max_request_body_size": settings.MAX_UPLOAD_BYTES,
    # Only a proxy that ends TLS tells by which scheme somebody came.
    "clear_untrusted_proxy_headers": not settings.HTTPS,
    "ident": None,
}


class Command(BaseCommand):
    help = "Serve the pages and what they ask for."
    requires_migrations_checks = False

    def handle(self, *_: Any, **__: Any) -> None:
        from config.wsgi import application

        host, port = settings.WEB_HOST, settings.WEB_PORT
        try:
            server = waitress.create_server(application, host=host, port=port, **ADJUSTED)
        except OSError as error:
            raise CommandError(f"Nothing can be served on {host}:{port}: {error}.") from error
        server.run()
