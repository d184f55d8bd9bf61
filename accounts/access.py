"""Who may open a page, and by which method."""

from collections.abc import Callable

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

View = Callable[..., HttpResponse]


def allowed(permission: str, *methods: str) -> Callable[[View], View]:
    """Only for those who are signed in and have the permission; by GET, unless other methods are named.

    Who isn't signed in is sent to do so, who lacks the permission gets 403, another method 405.
    """

    def decorate(view: View) -> View:
        checked = permission_required(permission, raise_exception=True)(view)
        return require_http_methods(methods or ("GET",))(login_required(checked))

    return decorate
