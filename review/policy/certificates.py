"""What may be promised: among frames that a policy publishes unseen, at most so many are bad."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.conf import settings
from django.utils import timezone

from pipeline.audit_draw import is_for_certifying
from pipeline.imaging.verdict.many import HELD
from pipeline.models import GatePolicy
from pipeline.replay import replay
from review.evidence.labels import Sample, samples
from review.evidence.statistics import Certified, certify, least_clean
from review.models import Certificate


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
    chosen = counting(policy)
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


def counting(policy: GatePolicy) -> list[Sample]:
    """The labels that a certificate of the policy could rest on."""
    return _one_a_product([sample for sample in samples(last_certified_at()) if counts(sample, policy)])


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


def counts(sample: Sample, policy: GatePolicy) -> bool:
    """Whether this label may certify that policy."""
    card = sample.card
    return (
        card.is_marked
        and is_for_certifying(sample.code, settings.AUDIT_KEY)
        and card.model_sha256 == policy.document["model_sha256"]
        and card.scorer_version == policy.document.get("scorer_version")
    )


def _one_a_product(chosen: list[Sample]) -> list[Sample]:
    """The frame with the lowest draw: photos of one product fail together, and the draw knows nothing of that."""
    best: dict[str, Sample] = {}
    for sample in sorted(chosen, key=lambda sample: sample.card.frame.draw):
        best.setdefault(sample.code, sample)
    return list(best.values())


def _confidence(sample: Sample, policy: GatePolicy) -> float:
    result, _ = replay(sample.card, policy)
    return HELD if result.vetoes else result.confidence
