"""What the shop shows of a frame: its files fetched, passed on by a link, and what a manager does about them."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import content_disposition_header
from django.views.decorators.http import condition, require_safe

from accounts.access import allowed, signed_in
from config.asked import read
from pipeline import jobs, sharing
from pipeline.engines import object_store
from pipeline.models import Batch, Frame, Listing, Rendering, Rendition, Spec
from pipeline.shop import files, rerender
from pipeline.shop.recall import RecallError, recall
from pipeline.states import State
from pipeline.views.pages import found, from_the_store

SAID = {
    "withdraw": "{} is being taken out of the shop.",
    "review": "{} waits in the queue for somebody to look at it.",
}
TOLD = 20
"""Frames that could not be rendered again, on a batch's page."""


class RenderedAgain(forms.Form):
    spec = forms.IntegerField(min_value=1)


class Recalled(forms.Form):
    version = forms.IntegerField(min_value=0)
    why = forms.CharField(required=False, max_length=500)


def shown_in_the_shop(request: HttpRequest, frame: Frame) -> dict[str, Any]:
    """For the frame's page: its files with their addresses, or why there are none any more."""
    listing = Listing.objects.filter(code=frame.code, view=frame.view).first()
    return {
        "files": described(request, files.of(frame)),
        "link_days": files.LINK_LASTS.days,
        "specs": offered_specs(),
        "rendering": frame.renderings.select_related("spec").last(),
        "replaced_by": listing.frame_id if listing and frame.state == State.SUPERSEDED else None,
        "withdrawal": frame.transitions.filter(target=State.WITHDRAWING).last(),
    }


def described(request: HttpRequest, shown: Iterable[Rendition]) -> list[dict[str, Any]]:
    """Each with its address, and its link."""
    shown = list(shown)
    called = files.names(shown)
    return [_described(request, file) | {"called": called[file.pk]} for file in shown]


def offered_specs() -> QuerySet[Spec]:
    return Spec.objects.filter(is_offered=True)


def rendered_again(batch: Batch) -> dict[str, Any]:
    """For the batch's page: how many photos are being rendered again, and of which the last time failed."""
    of_batch = Rendering.objects.filter(frame__batch=batch, frame__state=State.PUBLISHED)
    later = Rendering.objects.filter(frame=OuterRef("frame"), pk__gt=OuterRef("pk"))
    failed = of_batch.filter(~Exists(later), state=Rendering.State.FAILED).select_related("frame", "spec")
    return {
        "specs": offered_specs(),
        "rendering": of_batch.filter(state=Rendering.State.WAITING).count(),
        "not_rendered": failed[:TOLD],
        "not_rendered_count": failed.count(),
    }


def _described(request: HttpRequest, file: Rendition) -> dict[str, Any]:
    if file.width is None:
        _measure(file)
    address = reverse("published-file", args=[file.frame_id, file.name])
    return {"file": file, "address": address, "link": link_to(request, file)}


def link_to(request: HttpRequest, file: Rendition) -> str:
    """For whoever has no account."""
    return request.build_absolute_uri(reverse("passed-on", args=[files.sign(file)]))


def _measure(file: Rendition) -> None:
    """A page can do without it."""
    try:
        files.measure(file)
    except object_store.ObjectStoreError:
        return


@allowed("pipeline.download")
def published_file(request: HttpRequest, frame_id: int, file: str) -> HttpResponseBase:
    """One file, as the shop shows it now."""
    shown = files.find(frame_id, file) if sharing.may_see(signed_in(request), frame_id) else None
    return _answer(request, _there(shown))


@require_safe
def passed_on(request: HttpRequest, token: str) -> HttpResponseBase:
    """One file, for whoever was given its link: no account is asked for."""
    return _answer(request, _there(files.signed_for(token)))


def _there(file: Rendition | None) -> Rendition:
    if file is None:
        raise Http404("This file is not in the shop.")
    return file


def _etag(request: HttpRequest, file: Rendition) -> str:
    return f'"{file.sha256}.{files.name_of(file)}"'


@condition(etag_func=_etag)
@from_the_store
def _answer(request: HttpRequest, file: Rendition) -> HttpResponse:
    """The name stays when the file is replaced, so a browser asks each time whether its copy is still the one."""
    response = HttpResponse(files.load(file), content_type=object_store.CONTENT_TYPES[file.extension])
    response["Content-Disposition"] = content_disposition_header(False, files.name_of(file)) or "inline"
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["Cookie"])
    return response


@allowed("pipeline.download")
def download_all(request: HttpRequest, frame_id: int) -> HttpResponseBase:
    """All of the frame's files in a ZIP, sent while it is made."""
    frame = Frame.objects.filter(pk=frame_id).first()
    shown = files.of(frame) if frame and sharing.may_see(signed_in(request), frame_id) else []
    if frame is None or not shown:
        raise Http404("Nothing of this frame is in the shop.")
    return zipped(shown, files.archive_name(frame))


@from_the_store
def zipped(shown: Iterable[Rendition], name: str) -> HttpResponseBase:
    """Those files, to be kept under that name."""
    response = StreamingHttpResponse(_begun(files.archive(shown)), content_type="application/zip")
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


def _begun(parts: Iterator[bytes]) -> Iterator[bytes]:
    """With the first part made, so that a bucket which does not answer is told in words."""
    return chain([next(parts)], parts)


@allowed("pipeline.recall", "POST")
def render_frame_again(request: HttpRequest, frame_id: int) -> HttpResponse:
    """A published frame's files by another listing spec."""
    frame = found(Frame.objects.all(), str(frame_id))
    _render_again(request, [frame])
    return redirect("admin:pipeline_frame_change", frame.pk)


@allowed("pipeline.recall", "POST")
def render_batch_again(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Of all of a batch's published photos."""
    batch = found(sharing.batches_for(signed_in(request)), str(batch_id))
    _render_again(request, batch.frames.filter(state=State.PUBLISHED))
    return redirect("admin:pipeline_batch_change", batch.pk)


def _render_again(request: HttpRequest, frames: Iterable[Frame]) -> None:
    """The reaper queues what is more than a sweep of it."""
    spec = found(offered_specs(), str(read(RenderedAgain, request.POST)["spec"]))
    asked = rerender.ask(frames, spec, by=signed_in(request).get_username())
    for rendering in asked[: rerender.SWEEP]:
        jobs.enqueue_rendering(rendering)
    if asked:
        count = f"{len(asked)} photo{'s are' if len(asked) > 1 else ' is'}"
        messages.success(request, f"{count} being rendered again as {spec}. Until then the shop shows what it did.")
    else:
        messages.warning(
            request,
            "Nothing is rendered again: only what is published, waits for nobody, and isn't replaced now.",
        )


@allowed("pipeline.recall", "POST")
def act_on_published(request: HttpRequest, frame_id: int, kind: str) -> HttpResponse:
    """Withdraw a frame, or have it reviewed again."""
    frame = found(Frame.objects.all(), str(frame_id))
    said = read(Recalled, request.POST)
    try:
        recall(kind, frame, said["version"], actor=signed_in(request).get_username(), why=said["why"])
    except RecallError as error:
        messages.warning(request, str(error))
    else:
        if frame.state == State.WITHDRAWING:
            jobs.enqueue(frame)
        messages.success(request, SAID[kind].format(frame))
    return redirect("admin:pipeline_frame_change", frame.pk)
