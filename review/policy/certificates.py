"""What may be promised: among frames that a policy publishes unseen, at most so many are bad."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from pipeline.audit_draw import is_for_certifying
from pipeline.imaging.verdict.logistic import Values
from pipeline.imaging.verdict.many import HELD, confidences
from pipeline.imaging.verdict.score import SCORER_VERSION, is_parted
from pipeline.models import GatePolicy, Scorecard
from review.evidence.labels import Sample, first_scorecards, samples_of, telling
from review.evidence.statistics import Certified, certify, least_clean
from review.models import Certificate, Decision

EVERY = Q()
LATEST = 12
"""Labels for each good product that is needed: a third are of marked frames, half of all products teach, and of some
several photos are labelled."""


@dataclass(frozen=True)
class Evidence:
    """The labels that count for a policy, what they certify, and how many more good ones would at least be needed."""

    n: int
    k: int
    until: datetime
    certified: Certified | None
    missing: int


def evidence(policy: GatePolicy) -> Evidence:
    """Weigh the marked frames labelled since the last certificate, one a product, of the products kept for this."""
    target = policy.target
    chosen = list(counting(policy))
    confidence = _confidences(chosen, policy)
    is_bad = np.array([sample.is_bad for sample in chosen], bool)
    found = certify(confidence, is_bad, target["escape"], target["delta"]) if chosen else None
    return Evidence(
        n=len(chosen),
        k=int(is_bad.sum()),
        until=timezone.now(),
        certified=found,
        missing=_lacking(chosen, policy),
    )


def missing(policy: GatePolicy) -> int:
    """The same as the evidence says, from the products that were labelled last alone if these are enough."""
    labelled = Decision.objects.exclude(label=Decision.Label.NONE).order_by("-pk").values("pk")
    latest = labelled[: LATEST * least_clean(**policy.target)]
    of_marked = Decision.objects.filter(pk__in=latest, scorecard__is_marked=True).order_by()
    said = of_marked.values_list("scorecard__frame__code", flat=True)
    codes = {code for code in said if is_for_certifying(code, settings.AUDIT_KEY)}
    of_latest = counting(policy, Q(scorecard__frame__code__in=codes))
    return _lacking(of_latest, policy) and _lacking(counting(policy), policy)


def _lacking(chosen: Iterable[Sample], policy: GatePolicy) -> int:
    """Read no further than to the last one that is needed."""
    lacking = least_clean(**policy.target)
    good = (sample for sample in chosen if not sample.is_bad)
    while lacking > 0 and (some := list(islice(good, lacking))):
        lacking -= int((_confidences(some, policy) > HELD).sum())
    return max(0, lacking)


def counting(policy: GatePolicy, asked: Q = EVERY) -> Iterator[Sample]:
    """The labels that a certificate of the policy could rest on, in the order of their products.

    Of each product the frame with the lowest draw: photos of one product fail together, and the draw knows nothing of
    that.
    """
    said = of_policy(policy, last_certified_at()).filter(asked)
    ordered = said.order_by("scorecard__frame__code", "scorecard__frame__draw", "at", "pk")
    for code, of_product in groupby(samples_of(ordered), lambda sample: sample.code):
        if is_for_certifying(code, settings.AUDIT_KEY):
            yield next(of_product)


def of_policy(policy: GatePolicy, since: datetime | None) -> QuerySet[Decision]:
    """What was said since of frames that were marked, and measured by what the policy was made for."""
    said = telling(first_scorecards()).filter(
        scorecard__is_marked=True,
        scorecard__model_sha256=policy.document["model_sha256"],
        scorecard__scorer_version=policy.document.get("scorer_version"),
    )
    return said.filter(at__gt=since) if since else said


def clean_products(policy: GatePolicy, since: datetime) -> int:
    """How many of the products kept for certificates were found good since."""
    first: dict[int, tuple[str, str]] = {}
    said = of_policy(policy, since).values_list("scorecard__frame", "scorecard__frame__code", "label")
    for frame, code, label in said:
        first.setdefault(frame, (code, label))
    clean = {code for code, label in first.values() if label == Decision.Label.GOOD}
    return sum(is_for_certifying(code, settings.AUDIT_KEY) for code in clean)


def certificate_of(policy: GatePolicy) -> Certificate | None:
    return Certificate.objects.filter(policy=policy).first()


def last_certified_at() -> datetime | None:
    """Labels serve once: those that chose one threshold can't certify the next."""
    return Certificate.objects.order_by("-labels_until").values_list("labels_until", flat=True).first()


def running(policy: GatePolicy) -> tuple[str, str]:
    """Model and scorer that run now, as the machine's latest scorecard tells; before the first, the policy's.

    A person's edit names the model that made the matte it began from, which may be an old one.
    """
    latest = Scorecard.objects.filter(override=None).order_by("-pk").values_list("model_sha256", flat=True).first()
    return latest or policy.document["model_sha256"], SCORER_VERSION


def is_valid(certificate: Certificate, model_sha256: str, scorer_version: str) -> bool:
    """Whether what it was made for is what runs: one model, one scorer, one calibration."""
    return not changed_since(certificate, model_sha256, scorer_version)


def changed_since(certificate: Certificate, model_sha256: str, scorer_version: str) -> list[str]:
    """What of that is another now."""
    others = {
        "model": certificate.model_sha256 != model_sha256,
        "scorer": certificate.scorer_version != scorer_version,
        "calibration": certificate.calibration != fingerprint(certificate.policy.document),
    }
    return [name for name, is_other in others.items() if is_other]


def fingerprint(document: Mapping[str, Any]) -> str:
    """sha256 of all that decides a confidence and the vetoes."""
    deciding = {key: document.get(key) for key in ("components", "calibration", "vetoes", "sure_from")}
    return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()


def _confidences(chosen: list[Sample], policy: GatePolicy) -> Values:
    """HELD where a veto holds the frame, NaN where its scorecard lacks what the policy asks for."""
    found = np.full(len(chosen), HELD)
    parted = np.array([is_parted(sample.card.metrics) for sample in chosen], bool)
    for crop_expected in (True, False):
        at = np.flatnonzero(parted == crop_expected)
        metrics = [chosen[place].card.metrics for place in at]
        found[at] = confidences(metrics, policy.document, crop_expected=crop_expected)
    return found
