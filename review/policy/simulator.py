"""The page with the slider: what other thresholds would do, and the draft or shadow policy that comes of it."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from accounts.access import allowed
from config.asked import MisunderstoodError, read
from pipeline.models import GatePolicy
from review.policy.activation import PolicyError, put_in_shadow
from review.policy.curves import EVERY, as_json, key_of
from review.policy.drafts import copy, with_threshold
from review.policy.simulation import simulate, thresholds_of
from review.policy.stored import MOST, Group, groups_of


class Moved(forms.Form):
    """Where the slider stands, and what is to come of it; without a threshold nothing is changed."""

    scope = forms.CharField(required=False, max_length=100)
    threshold = forms.FloatField(required=False, min_value=0, max_value=1)
    then = forms.ChoiceField(choices=[("draft", "draft"), ("shadow", "shadow")])


@allowed("pipeline.view_gatepolicy")
def simulator(request: HttpRequest, pk: int) -> HttpResponse:
    """The slider; its script fetches the curve."""
    row = _found(pk)
    compared, own = row.copied_from or row, thresholds_of(row, groups_of(row))
    before = thresholds_of(compared, own)
    context = {
        "title": f"Other thresholds: {row}",
        "policy": row,
        "compared": compared,
        "most": f"{MOST:,}",
        "scopes": [(EVERY, "All classes and views"), *((key_of(group), _name(group)) for group in own)],
        "rows": [(_name(group), before[group], threshold) for group, threshold in own.items()],
    }
    return render(request, "review/simulator.html", admin.site.each_context(request) | context)


@allowed("pipeline.view_gatepolicy")
def curve(request: HttpRequest, pk: int) -> JsonResponse:
    """All that the slider can say, at once."""
    return JsonResponse(as_json(simulate(_found(pk))))


@allowed("pipeline.activate_policy", "POST")
def use_threshold(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the slider's threshold in a draft, or put a policy that has it in shadow."""
    row, asked = _found(pk), read(Moved, request.POST)
    try:
        made = _made(row, asked)
    except PolicyError as error:
        messages.warning(request, str(error))
        return redirect("simulator", pk)
    if asked["then"] == "shadow":
        messages.success(request, f"{made} runs in shadow from the next frame on.")
        return redirect("policy", made.pk)
    messages.success(request, f"{made} is a draft: nothing changes until it is put in shadow or activated.")
    return redirect(f"{reverse('simulator', args=[made.pk])}?{urlencode({'for': asked['scope'] or EVERY})}")


@transaction.atomic
def _made(row: GatePolicy, asked: dict[str, Any]) -> GatePolicy:
    if asked["threshold"] is None:
        made = copy(row)
    else:
        made = with_threshold(row, _group(row, asked["scope"]), asked["threshold"])
    if asked["then"] == "shadow":
        put_in_shadow(made)
    return made


def _group(row: GatePolicy, scope: str) -> Group | None:
    known = {EVERY: None, **{key_of(group): group for group in groups_of(row)}}
    if scope not in known:
        raise MisunderstoodError("This policy has no threshold of that class and view. Reload the page and try again.")
    return known[scope]


def _found(pk: int) -> GatePolicy:
    return get_object_or_404(GatePolicy.objects.select_related("copied_from"), pk=pk)


def _name(group: Group) -> str:
    return " ".join(group).capitalize()
