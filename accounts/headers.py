"""What a browser may do with our answers: the Content-Security-Policy of each class of page."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

HEADER = "Content-Security-Policy"


def _policy(**sources: str) -> str:
    told = {f"{kind}-src": source for kind, source in sources.items()}
    told |= {"base-uri": "'none'", "form-action": "'self'", "frame-ancestors": "'none'"}
    return "; ".join(f"{name} {source}" for name, source in ({"default-src": "'none'"} | told).items())


NOTHING = _policy()
"""Of what is no page: pictures, JSON, files."""
PICTURE = _policy(style="'unsafe-inline'", img="'self'")
"""Of a picture that is opened by itself: browsers make a page around it, and style that."""
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
OF_KIND = {"text/html": ADMIN_PAGE, "image/": PICTURE}


def content_security_policy(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: an answer that names no policy of its own gets that of its kind; a page is one of the admin's."""

    def answered(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            return response  # what the browser kept has its policy, which a 304 would replace
        kind = response.headers.get("Content-Type", "")
        response.headers.setdefault(HEADER, next((OF_KIND[name] for name in OF_KIND if kind.startswith(name)), NOTHING))
        return response

    return answered
