"""What other programs ask: does the process live, could it work, and how is it doing."""

from collections.abc import Callable
from hmac import compare_digest
from http import HTTPStatus
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from accounts import demo
from review.operations import dependencies, metrics

PROXIED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_VIA")
"""Whoever came through a proxy is not this machine, however near the proxy stands."""


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Nothing is asked: a server that is away is no reason to start this process anew."""
    return HttpResponse("alive\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    down = dependencies.down()
    status = HTTPStatus.SERVICE_UNAVAILABLE if down else HTTPStatus.OK
    return JsonResponse({"ready": not down, "down": down}, status=status)


@never_cache
@require_safe
def metrics_text(request: HttpRequest) -> HttpResponse:
    if not _may_read_metrics(request):
        words = (
            "Metrics are told to whoever sends METRICS_TOKEN (Authorization: Bearer …); without that setting, "
            "to this machine alone, while the site is served to nobody else.\n"
        )
        return HttpResponse(words, content_type="text/plain", status=HTTPStatus.FORBIDDEN)
    return HttpResponse(metrics.text(), content_type=CONTENT_TYPE_LATEST)


def _may_read_metrics(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        said = request.headers.get("Authorization", "")
        return compare_digest(said.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    return _is_this_machine(request)


def _is_this_machine(request: HttpRequest) -> bool:
    """By the connection's other end, which nobody can invent. A proxy on this machine is at that end for everybody,
    so a site that is served to others is told nothing by it."""
    is_ours_alone = not (settings.HTTPS or demo.open_to() or settings.CSRF_TRUSTED_ORIGINS)
    if not is_ours_alone or any(header in request.META for header in PROXIED):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "healthz": healthz,
    "readyz": readyz,
    "metrics": metrics_text,
}
"""By address, and by name."""


def ahead(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: who asks these comes by whatever address the process has, and is given no session."""

    def answered(request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info.removeprefix("/"))
        return probe(request) if probe else answer(request)

    return answered
