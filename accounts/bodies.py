"""How large a request may be: told from its head, before anything of its body is kept."""

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import DatabaseError, connection
from django.http import parse_cookie
from django.urls import Resolver404, resolve, reverse

from accounts.api.authentication import carries_token


def most(path: str, cookies: str, authorization: str = "") -> int:
    """Photos are taken by the upload page and its like for programs. Who isn't signed in has a password to send."""
    if path.startswith("/api/"):
        return _most_of_programs(path, authorization)
    if not _is_signed_in(parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME, "")):
        return settings.MAX_STRANGERS_BYTES
    return settings.MAX_UPLOAD_BYTES if path == reverse("admin:pipeline_batch_add") else settings.MAX_FORM_BYTES


def _most_of_programs(path: str, authorization: str) -> int:
    if not carries_token(authorization):
        return settings.MAX_STRANGERS_BYTES
    try:
        return settings.MAX_UPLOAD_BYTES if resolve(path).url_name == "api-photos" else settings.MAX_FORM_BYTES
    except Resolver404:
        return settings.MAX_STRANGERS_BYTES


def _is_signed_in(session: str) -> bool:
    """Looked up, since anybody can write a cookie."""
    try:
        return bool(session) and SESSION_KEY in SessionStore(session)
    except DatabaseError:
        connection.close()  # Django would, after a request; this is before one
        return False
