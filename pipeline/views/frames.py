"""One frame: everything that happened to it, and its pictures from the private bucket."""

from operator import attrgetter

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import condition

from accounts.access import allowed, signed_in
from pipeline import naming, pictures, sharing
from pipeline.engines import object_store
from pipeline.gemini import budget
from pipeline.models import Frame
from pipeline.models.gemini import UNDER_WAY
from pipeline.shop import looks
from pipeline.upkeep import purging
from pipeline.views.pages import found, from_the_store, page
from pipeline.views.published import shown_in_the_shop

RELIT = [
    ("original.webp", "The photo as it came"),
    ("gemini.webp", "Gemini's picture"),
    ("preview.webp", "The photo as it was cut out"),
]


@allowed("pipeline.view_frame")
def frame(request: HttpRequest, frame_id: str) -> HttpResponse:
    """Everything that happened to one frame."""
    shown = found(Frame.objects.select_related("batch__spec"), frame_id)
    context = {
        "opts": Frame._meta,
        "object": shown,
        "frame": shown,
        "steps": sorted([*shown.transitions.all(), *shown.take_overs.all()], key=attrgetter("at")),
        "cards": shown.scorecards.select_related("policy").prefetch_related("made_later").order_by("-attempt"),
        "relit": RELIT,
        "compared": shown.scorecards.exclude(fidelity=None).last(),
        "calls": shown.calls.select_related("job"),
        "open_call": shown.calls.filter(outcome=UNDER_WAY).select_related("job").first(),
        "purge": shown.transitions.filter(actor=purging.ACTOR).first() if shown.pictures else None,
        "look": looks.frame_words(shown),
        "cost": budget.spent(shown.calls.all()),
    }
    context |= shown_in_the_shop(request, shown)
    return page(request, "pipeline/frame.html", title=str(shown), **context)


@allowed("pipeline.see_picture")
def picture(request: HttpRequest, frame_id: int, attempt: int, name: str) -> HttpResponseBase:
    """One picture of an attempt that was made."""
    frame = pictures.frame_of(frame_id, attempt, name)
    if frame is None or not sharing.may_see(signed_in(request), frame_id):
        raise Http404("There is no such picture.")
    return _picture(request, frame, attempt, name)


def _etag(request: HttpRequest, frame: Frame, attempt: int, name: str) -> str:
    """An attempt's pictures never change, so their name is their identity."""
    return f'"{naming.work_key(frame.pk, attempt, name)}"'


@condition(etag_func=_etag)
@from_the_store
def _picture(request: HttpRequest, frame: Frame, attempt: int, name: str) -> HttpResponse:
    data = pictures.load(frame, attempt, name)
    response = HttpResponse(data, content_type=object_store.CONTENT_TYPES[name.rpartition(".")[2]])
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    patch_vary_headers(response, ["Cookie"])
    return response
