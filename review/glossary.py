"""What the words beside numbers mean: one table, one page, and the links that lead from a number to its word."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import roles
from accounts.access import allowed

WORDS: dict[str, str] = {
    "alternative": "Another cut-out of the same photo, made so that people can choose instead of painting.",
    "audit": "A look at a photo that was already published, drawn by chance. Nobody is told which ones these are.",
    "bridge": "The part of a pair of glasses between the lenses. The half-glass picture ends there.",
    "certificate": (
        "Proof from audits that at most so many of the photos published unseen are bad. It lapses when another model, "
        "scorer or calibration decides."
    ),
    "confidence": (
        "How sure Mattegate is that a cut-out is good, from 0 to 1. Everything on the scorecard goes into it."
    ),
    "draft": "A copy of a policy whose thresholds may still be changed. It decides nothing.",
    "drift": "Lately photos score otherwise than those that the policy learned from. Its promises may no longer hold.",
    "escape": "A bad photo that was published without anybody having looked at it.",
    "gate": "Where confidence and threshold decide whether a photo is published at once or shown to a person.",
    "half-glass": "A picture of one half of a pair of glasses: from one end to the bridge.",
    "house look": (
        "What a listing spec may name for photos to be compared with: backdrop, shadow, contrast, how level it stands. "
        "Nothing is held by it."
    ),
    "label": "Good or bad: what a person’s decision says of a cut-out. Policies learn from labels.",
    "listing spec": "How finished files look, and which there are. Published photos can be rendered again by another.",
    "matte": "The cut-out itself: for every pixel, how much of it is product.",
    "policy": "The rules that the gate goes by: what is measured, how much it counts, and the thresholds.",
    "repair ladder": "What is tried, step by step, to mend a doubtful cut-out before a person is asked.",
    "review rate": "How many of all processed photos were sent to people: the share sent to review.",
    "rung": "One step of the repair ladder.",
    "scorecard": "What was measured on a cut-out, and what came of it. It is never changed afterwards.",
    "shadow": "A policy in shadow only says what it would have done with each new photo. It decides nothing.",
    "sibling": "Another view of the same product. When an audit finds a bad photo, its siblings are looked at too.",
    "threshold": "The confidence from which on a photo is published without anybody having looked.",
    "veto": "A finding that always sends a photo to people, however high its confidence.",
    "weight": "How much a finding counts in the confidence. One without weight is told, and changes nothing.",
}
"""At most two sentences each."""


@allowed("pipeline.see_figures")
def glossary(request: HttpRequest) -> HttpResponse:
    context = {"title": "What the words mean", "words": WORDS.items(), "roles": roles.WORDS.items()}
    return render(request, "review/glossary.html", admin.site.each_context(request) | context)
