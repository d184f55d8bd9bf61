"""Listing specs, for admins: which there are, a draft edited with a live preview, saved as a version."""

from collections.abc import Callable
from io import BytesIO
from typing import Any, get_args

import numpy as np
from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from PIL import Image

from accounts.access import allowed
from config.asked import read
from pipeline import naming
from pipeline.engines import object_store
from pipeline.imaging.crop import halfglass
from pipeline.imaging.pictures import filenames, renditions
from pipeline.imaging.pictures.spec import LOOK_RANGES, Align, ListingSpec
from pipeline.imaging.types import HalfSide
from pipeline.models import Frame, Spec
from pipeline.shop import looks, specs
from pipeline.states import State
from pipeline.views.pages import found, from_the_store, page

MOST_PIXELS = 6000
PREVIEW_SIDE = 480
LOOK = "look_"
FILES = [(f"{kind}.{ending}", f"{kind}, {ending}") for kind, all_ in naming.VARIANT_FORMATS.items() for ending in all_]


def _choices(literal: Any) -> list[tuple[str, str]]:
    return [(value, value.capitalize()) for value in get_args(literal)]


class NamesForm(forms.Form):
    """Which files there are, and what they are called where they are handed on."""

    formats = forms.MultipleChoiceField(choices=FILES, widget=forms.CheckboxSelectMultiple, label="Files")
    file_name = forms.CharField(
        max_length=filenames.LONGEST,
        label="What files are called",
        help_text="{code}, and .{ext} at the end, have to stand in it. {view} is front, angle or side; {number} 1, 2 "
        "or 3; {variant} transparent, white or half-glass. ZIPs, downloads, manifests, feeds and the API call files "
        "so. Their keys in the bucket stay the same.",
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if {"formats", "file_name"} <= said.keys():
            fault = filenames.fault_of(said["file_name"], _by_variant(said["formats"]))
            if fault:
                self.add_error("file_name", f"{fault[0].upper()}{fault[1:]}.")
        return said


def _of_look(name: str, label: str) -> forms.FloatField:
    low, high = LOOK_RANGES[name]
    return forms.FloatField(min_value=low, max_value=high, required=False, label=label)


class SpecForm(NamesForm):
    """A listing spec's values as people say them: shares in per cent, colours as a browser picks them."""

    name = forms.CharField(max_length=specs.MAX_NAME)
    canvas = forms.IntegerField(min_value=100, max_value=MOST_PIXELS, label="Canvas, pixels along each side")
    fill = forms.FloatField(min_value=10, max_value=100, label="The product's longer side fills, per cent")
    background = forms.RegexField(r"^#[0-9a-fA-F]{6}$", widget=forms.TextInput({"type": "color"}))
    lens = forms.ChoiceField(choices=[("keep", "Kept"), ("cut", "Cut out")], label="Clear lenses")
    jpeg_quality = forms.IntegerField(min_value=50, max_value=100, label="Quality of JPEG")
    webp_quality = forms.IntegerField(min_value=50, max_value=100, label="Quality of WebP")
    max_kilobytes = forms.IntegerField(min_value=10, max_value=10**6, required=False, label="At most, kB (empty: any)")
    side = forms.ChoiceField(choices=_choices(HalfSide), label="Half-glass: which half")
    half_canvas = forms.IntegerField(min_value=100, max_value=MOST_PIXELS, label="Half-glass: canvas, pixels")
    padding = forms.FloatField(min_value=0, max_value=40, label="Half-glass: kept free along the edges, per cent")
    align = forms.ChoiceField(choices=_choices(Align), label="Half-glass: stands at")
    look_lightness = _of_look("lightness", "Backdrop’s lightness, 0 to 100")
    look_a = _of_look("a", "Backdrop’s tint, green (−) to red (+)")
    look_b = _of_look("b", "Backdrop’s tint, blue (−) to yellow (+)")
    look_shadow = _of_look("shadow", "Shadow near the product, 0 (none) to 100")
    look_contrast = _of_look("contrast", "Product’s contrast, 0 to 100")
    look_tilt = _of_look("tilt", "Off level by at most, degrees")
    look_from = forms.CharField(
        required=False, max_length=100, label="Or take lightness, tint, shadow and contrast from this batch"
    )
    field_order = ("name", "canvas", "fill", "background", "lens", "formats", "file_name")

    @property
    def fields_of_look(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(LOOK)]

    @property
    def other_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if not name.startswith(LOOK)]

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        if (said.get("look_a") is None) != (said.get("look_b") is None):
            self.add_error("look_a", "A tint has two numbers: give both, or neither.")
        return said

    def clean_name(self) -> str:
        """Histories and logs say it; and a letter that nobody sees makes it look like another's."""
        name: str = self.cleaned_data["name"]
        if not name.isprintable():
            raise forms.ValidationError("Only printable characters: no line breaks, and nothing that can't be seen.")
        return name

    def clean_formats(self) -> list[str]:
        files: list[str] = self.cleaned_data["formats"]
        if all(file.startswith(f"{renditions.HALF_GLASS}.") for file in files):
            raise forms.ValidationError("Choose a file of the whole product too: few photos have a half-glass picture.")
        return files


def _shown(document: dict[str, Any]) -> dict[str, Any]:
    half = document["half_glass"]
    return {
        **{name: document[name] for name in ("name", "canvas", "lens", "jpeg_quality", "webp_quality")},
        "fill": round(document["fill"] * 100, 2),
        "background": "#" + bytes(document["background"]).hex(),
        "file_name": document.get("file_name", filenames.DEFAULT),
        "formats": [f"{kind}.{ending}" for kind, endings in document["formats"].items() for ending in endings],
        "max_kilobytes": document["max_bytes"] and document["max_bytes"] // 1000,
        **{"side": half["side"], "half_canvas": half["canvas"], "align": half["align"]},
        "padding": round(half["padding"] * 100, 2),
        **{LOOK + name: value for name, value in (document.get("look") or {}).items()},
    }


def _by_variant(files: list[str]) -> dict[str, list[str]]:
    formats: dict[str, list[str]] = {}
    for kind, ending in (file.split(".") for file in files):
        formats.setdefault(kind, []).append(ending)
    return formats


def _values(said: dict[str, Any]) -> dict[str, Any]:
    most = said["max_kilobytes"]
    look = {name: said[LOOK + name] for name in LOOK_RANGES if said[LOOK + name] is not None}
    half = {"side": said["side"], "canvas": said["half_canvas"], "align": said["align"]}
    return {
        **{name: said[name] for name in ("canvas", "lens", "file_name", "jpeg_quality", "webp_quality")},
        "fill": said["fill"] / 100,
        "background": list(bytes.fromhex(said["background"][1:])),
        "max_bytes": most and most * 1000,
        "formats": _by_variant(said["formats"]),
        "half_glass": half | {"padding": said["padding"] / 100},
        "look": look or None,
    }


@transaction.atomic
def _kept(row: Spec, said: dict[str, Any], *, is_version: bool) -> str:
    """What stands in the form, in the draft or as a version; returns what is told of it."""
    values = _values(said)
    if said["look_from"]:
        values["look"] = (values["look"] or {}) | looks.medians(said["look_from"])
    specs.change(row, said["name"], values)
    row.refresh_from_db()
    if not is_version:
        return "The draft is kept."
    specs.publish_version(row)
    return f"{row} is a version now, which stays as it is; new batches may choose it."


@allowed("pipeline.edit_spec")
def spec_list(request: HttpRequest) -> HttpResponse:
    rows = Spec.objects.order_by("name", "-version")
    parts = [
        ("Offered for new batches", rows.filter(is_offered=True)),
        ("Drafts", rows.filter(is_draft=True)),
        ("Earlier versions", rows.filter(is_offered=False, is_draft=False)),
    ]
    return page(request, "pipeline/specs.html", title="Listing specs", parts=parts)


@allowed("pipeline.edit_spec", "GET", "POST")
def spec_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One spec; a draft may be changed."""
    row: Spec = found(Spec.objects.all(), str(pk))
    form = SpecForm(request.POST or None, initial=_shown(row.document))
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, _kept(row, form.cleaned_data, is_version="save" in request.POST))
            return redirect("spec", pk)
        except specs.SpecError as error:
            messages.warning(request, str(error))
    if not row.is_draft:
        for field in form.fields.values():
            field.disabled = True
    return page(request, "pipeline/spec.html", title=str(row), spec=row, form=form)


def _copy(row: Spec) -> tuple[Spec | None, str]:
    draft = specs.copy(row)
    return draft, f"{draft} is a draft of {row}: nothing is published by it until it is saved as a version."


def _delete(row: Spec) -> tuple[Spec | None, str]:
    specs.delete(row)
    return None, f"The draft {row} is deleted."


def _stop(row: Spec) -> tuple[Spec | None, str]:
    specs.stop_offering(row)
    return row, f"{row} isn't offered for new batches any more. Those that have it keep it."


ACTIONS: dict[str, Callable[[Spec], tuple[Spec | None, str]]] = {
    "copy": _copy,
    "delete": _delete,
    "stop": _stop,
}


@allowed("pipeline.edit_spec", "POST")
def act_on_spec(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """Carry out one of ACTIONS, or say why not."""
    if action not in ACTIONS:
        raise Http404
    row = found(Spec.objects.all(), str(pk))
    try:
        then, words = ACTIONS[action](row)
        messages.success(request, words)
    except specs.SpecError as error:
        then = row
        messages.warning(request, str(error))
    return redirect("spec", then.pk) if then else redirect("specs")


@allowed("pipeline.edit_spec")
def spec_names(request: HttpRequest) -> HttpResponse:
    """What each file would be called, or what is wrong with such names; for the script of a spec's page."""
    form = NamesForm(request.GET)
    if form.is_valid():
        said = form.cleaned_data
        return JsonResponse({"names": filenames.named(said["file_name"], _by_variant(said["formats"]))})
    about = {"formats": "Files: ", "file_name": ""}
    return JsonResponse({"names": [], "faults": [f"{about[name]}{told[0]}" for name, told in form.errors.items()]})


@allowed("pipeline.edit_spec")
@from_the_store
def spec_preview(request: HttpRequest, pk: int, variant: str) -> HttpResponse:
    """A photo of ours as such values would show it, small."""
    row: Spec = found(Spec.objects.all(), str(pk))
    said = request.GET.copy()
    said["file_name"] = filenames.DEFAULT  # a picture shows none
    look = _small({**row.document, **_values(read(SpecForm, said))})
    pixels = _composed(look, variant)
    response = HttpResponse(renditions.save(pixels, format="WEBP", quality=85), content_type="image/webp")
    response["Cache-Control"] = "private, no-store"
    return response


def _small(document: dict[str, Any]) -> ListingSpec:
    half = {**document["half_glass"], "canvas": PREVIEW_SIDE}
    try:
        return ListingSpec.from_mapping({**document, "canvas": PREVIEW_SIDE, "half_glass": half})
    except ValueError as error:
        raise Http404("These values make no listing spec.") from error


def _composed(look: ListingSpec, variant: str) -> Any:
    shown = Frame.objects.filter(state=State.PUBLISHED, pictures=Frame.Pictures.KEPT)
    if variant == renditions.HALF_GLASS:
        shown = shown.filter(product_class="eyewear", view="angle")
    frame = shown.order_by("-published_at").first()
    if frame is None:
        raise Http404("No photo has been published yet that could be shown.")
    with Image.open(BytesIO(object_store.load_work(naming.work_key(frame.pk, frame.attempt, "cutout.webp")))) as file:
        cutout = np.asarray(file.convert("RGBA"))
    alpha = cutout[..., 3].astype(np.float32) / np.float32(255)
    crop = halfglass.find_crop(alpha) if variant == renditions.HALF_GLASS else None
    try:
        pictures = renditions.compose_all(cutout[..., :3], alpha, crop, look)
    except renditions.EmptyPictureError:
        pictures = {}
    if variant not in pictures:
        raise Http404("There is no such picture of this photo.")
    return pictures[variant].pixels
