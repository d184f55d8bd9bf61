"""Who may open a page, and by which method."""

from collections.abc import Callable
from typing import TypeVar

from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_http_methods

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def signed_in(request: HttpRequest) -> User:
    """Who asks, on a page for the signed in only: there it is never the AnonymousUser that Django's types allow."""
    if isinstance(request.user, User):
        return request.user
    raise PermissionDenied


def allowed(permission: str, *methods: str) -> Callable[[View], View]:
    """Only for those who are signed in and have the permission; by GET, and so by HEAD, unless others are named.

    Who isn't signed in is sent to do so, who lacks the permission gets 403, another method 405.
    """

    accepted = methods or ("GET",)
    heads = ["HEAD"] if "GET" in accepted else []

    def decorate(view: View) -> View:
        checked = permission_required(permission, raise_exception=True)(view)
        return require_http_methods([*accepted, *heads])(login_required(checked))

    return decorate
