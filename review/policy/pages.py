"""The manager's pages: what decides now and what it promises, what would decide otherwise, and who changed it."""

from collections.abc import Callable

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from accounts.access import allowed, signed_in
from config.asked import read
from pipeline.models import GatePolicy, active_policy
from pipeline.replay import comparison, regate
from review.models import Activation, Proposal
from review.policy import drafts
from review.policy.activation import (
    PolicyError,
    activate,
    certify_and_activate,
    put_in_shadow,
    take_out_of_shadow,
    words_for,
)
from review.policy.certificates import certificate_of, changed_since, evidence, running

SHOWN = 50


class Why(forms.Form):
    why = forms.CharField(required=False, max_length=2000)


@allowed("pipeline.view_gatepolicy")
def policies(request: HttpRequest) -> HttpResponse:
    """The active policy with its promise, those in shadow beside it, and who changed what."""
    active = active_policy()
    context = (
        admin.site.each_context(request)
        | _promise(active)
        | {
            "title": "Policies",
            "policy": active,
            "proposals": _newest_proposals(active),
            "shadows": [(row, comparison(row)) for row in GatePolicy.objects.filter(in_shadow=True).order_by("-pk")],
            "drafts": GatePolicy.objects.filter(is_draft=True).select_related("copied_from").order_by("-pk"),
            "others": GatePolicy.objects.filter(in_shadow=False, is_active=False, is_draft=False).order_by("-pk"),
            "activations": Activation.objects.select_related("policy", "previous").order_by("-pk")[:SHOWN],
        }
    )
    return render(request, "review/policies.html", context)


@allowed("pipeline.view_gatepolicy")
def policy(request: HttpRequest, pk: int) -> HttpResponse:
    """One policy: what it is, and the frames that it would have treated otherwise."""
    row = get_object_or_404(GatePolicy, pk=pk)
    found = comparison(row)
    changed = [("Would be published", found.newly_published), ("Would be sent to review", found.newly_held)]
    context = (
        admin.site.each_context(request)
        | _promise(row)
        | {
            "title": str(row),
            "policy": row,
            "comparison": found,
            "changed": [(heading, verdicts[:SHOWN], verdicts.count()) for heading, verdicts in changed],
        }
    )
    return render(request, "review/policy.html", context)


def _newest_proposals(active: GatePolicy) -> list[Proposal]:
    """The last one of each kind, until it is acted upon."""
    newest = (Proposal.objects.filter(kind=kind).select_related("policy").last() for kind in Proposal.Kind)
    return [row for row in newest if row and _is_open(row, active)]


def _is_open(proposal: Proposal, active: GatePolicy) -> bool:
    if proposal.kind == Proposal.Kind.THRESHOLD:
        return proposal.policy_id == active.pk and certificate_of(active) is None
    return proposal.policy.in_shadow


def _promise(row: GatePolicy) -> dict[str, object]:
    """The policy's certificate, whether it still holds, and what a new one would need."""
    certificate, found = certificate_of(row), evidence(row)
    changed = changed_since(certificate, *running(row)) if certificate else []
    return {
        "certificate": certificate,
        "is_valid": certificate is not None and not changed,
        "changed": changed,
        "evidence": found,
        "lacking": words_for(found),
        "sureness": 1 - row.target["delta"],
    }


def _replay(row: GatePolicy, user: User, why: str) -> str:
    if row.is_draft:
        raise PolicyError(f"{row} is a draft, whose thresholds may still change; put it in shadow first.")
    replayed, skipped = regate(row)
    return f"{row}: replayed {replayed}, left out {skipped} that an older scorer measured."


def _shadow(row: GatePolicy, user: User, why: str) -> str:
    put_in_shadow(row)
    return f"{row} runs in shadow from the next frame on."


def _unshadow(row: GatePolicy, user: User, why: str) -> str:
    take_out_of_shadow(row)
    return f"{row} is out of shadow: it says nothing of new frames. What it said so far stays on its page."


def _delete(row: GatePolicy, user: User, why: str) -> str:
    drafts.delete(row)
    return f"The draft {row} is deleted."


def _activate(row: GatePolicy, user: User, why: str) -> str:
    activate(row, user, why)
    return f"{row} decides from the next frame on."


def _certify(row: GatePolicy, user: User, why: str) -> str:
    certificate = certify_and_activate(row, user, why)
    return f"{certificate.policy} is certified, and decides from the next frame on."


ACTIONS: dict[str, Callable[[GatePolicy, User, str], str]] = {
    "shadow": _shadow,
    "unshadow": _unshadow,
    "delete": _delete,
    "regate": _replay,
    "activate": _activate,
    "certify": _certify,
}


@allowed("pipeline.activate_policy", "POST")
def act_on_policy(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """Carry out one of ACTIONS on a policy, or say why not."""
    if action not in ACTIONS:
        raise Http404
    row = get_object_or_404(GatePolicy, pk=pk)
    why = read(Why, request.POST)["why"]
    try:
        messages.success(request, ACTIONS[action](row, signed_in(request), why))
    except PolicyError as error:
        messages.warning(request, str(error))
    return redirect("policies")
