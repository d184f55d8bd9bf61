"""How large a request may be, told from its head before anything of its body is parsed."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse


def limited(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: photos are taken by the upload page only, from those who are signed in."""

    def answered(request: HttpRequest) -> HttpResponse:
        told, most = str(request.META.get("CONTENT_LENGTH")), _most(request)
        size = int(told) if told.isdecimal() else 0
        if size <= most:
            return answer(request)
        words = f"This is too much for one request: {size / 1e6:,.0f} MB, and {most / 1e6:,.0f} MB is the most."
        return HttpResponse(words, status=413, content_type="text/plain; charset=utf-8")

    return answered


def _most(request: HttpRequest) -> int:
    is_upload = request.path == reverse("admin:pipeline_batch_add") and settings.SESSION_COOKIE_NAME in request.COOKIES
    return settings.MAX_UPLOAD_BYTES if is_upload else settings.MAX_FORM_BYTES
