"""What may be promised: among frames that a policy publishes unseen, at most so many are bad."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from pipeline.audit_draw import is_for_certifying
from pipeline.imaging.verdict.many import HELD
from pipeline.models import GatePolicy
from pipeline.replay import replay
from review.evidence.labels import Sample, first_scorecards, samples_of, telling
from review.evidence.statistics import Certified, certify, least_clean
from review.models import Certificate, Decision


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
    confidence = np.array([_confidence(sample, policy) for sample in chosen])
    is_bad = np.array([sample.is_bad for sample in chosen], bool)
    found = certify(confidence, is_bad, target["escape"], target["delta"]) if chosen else None
    return Evidence(
        n=len(chosen),
        k=int(is_bad.sum()),
        until=timezone.now(),
        certified=found,
        missing=max(0, least_clean(**target) - int((~is_bad & (confidence > HELD)).sum())),
    )


def missing(policy: GatePolicy) -> int:
    """The same as the evidence says, but no more labels are read than it takes."""
    least = least_clean(**policy.target)
    with transaction.atomic():  # outside of one PostgreSQL reads all rows before it gives the first
        good = (one for one in counting(policy) if not one.is_bad and _confidence(one, policy) > HELD)
        return least - sum(1 for _ in islice(good, least))


def counting(policy: GatePolicy) -> Iterator[Sample]:
    """The labels that a certificate of the policy could rest on, in the order of their products.

    Of each product the frame with the lowest draw: photos of one product fail together, and the draw knows nothing of
    that.
    """
    said = of_policy(policy, last_certified_at()).order_by("scorecard__frame__code", "scorecard__frame__draw", "at", "pk")
    for code, of_product in groupby(samples_of(said), lambda sample: sample.code):
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


def _confidence(sample: Sample, policy: GatePolicy) -> float:
    result, _ = replay(sample.card, policy)
    return HELD if result.vetoes else result.confidence
