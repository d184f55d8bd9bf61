"""What a browser may do with our answers: the Content-Security-Policy of each class of page."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

HEADER = "Content-Security-Policy"


def _policy(**sources: str) -> str:
    told = {f"{kind}-src": source for kind, source in sources.items()}
    told |= {"base-uri": "'none'", "form-action": "'self'", "frame-ancestors": "'none'"}
    return "; ".join(f"{name} {source}" for name, source in ({"default-src": "'none'"} | told).items())


NOTHING = _policy()
"""Of what is no page: pictures, JSON, files."""
OWN_PAGE = _policy(script="'self'", style="'self'", font="'self'", connect="'self'", img="'self' blob:")
"""Of the workbench."""
API_PAGE = _policy(script="'self'", style="'self' 'unsafe-inline'", connect="'self'", img="'self' data:")
"""Of the API's pages: Swagger UI sets styles."""
ADMIN_PAGE = _policy(
    script="'self' 'unsafe-eval'",
    style="'self' 'unsafe-inline'",
    font="'self'",
    connect="'self'",
    img="'self' blob: data:",
)
"""Of pages in the admin's frame: Unfold's Alpine evaluates what stands in attributes, and sets styles."""


def content_security_policy(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: a page that names no policy of its own is one of the admin's."""

    def answered(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        response.headers.setdefault(HEADER, ADMIN_PAGE if is_page else NOTHING)
        return response

    return answered
