"""The web process."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts import server


class Command(BaseCommand):
    help = "Serve the pages and what they ask for."
    requires_migrations_checks = False

    def handle(self, *_: Any, **__: Any) -> None:
        from config.wsgi import application

        host, port = settings.WEB_HOST, settings.WEB_PORT
        try:
            pages = server.create(application, host, port)
        except OSError as error:
            raise CommandError(f"Nothing can be served on {host}:{port}: {error}.") from error
        pages.run()
