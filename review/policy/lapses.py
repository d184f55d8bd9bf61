"""A certificate lapses when a photo is first judged by another model or scorer than it was made for."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from pipeline.models import Scorecard
from pipeline.webhooks import outbox
from review.models import Certificate
from review.policy.certificates import changed_since


def watch(instance: Scorecard, created: bool, **_: Any) -> None:
    """After each scorecard, in its transaction. Told once of a certificate."""
    certificate = Certificate.objects.filter(policy=instance.policy_id, lapsed_at=None).select_related("policy").first()
    changed = changed_since(certificate, instance.model_sha256, instance.scorer_version) if certificate else []
    if certificate and changed:
        _lapse(certificate, changed)


@transaction.atomic
def _lapse(certificate: Certificate, changed: list[str]) -> None:
    if Certificate.objects.filter(pk=certificate.pk, lapsed_at=None).update(lapsed_at=timezone.now()) != 1:
        return  # another worker was first
    policy = certificate.policy
    data = {
        "certificate": certificate.pk,
        "policy": policy.name,
        "policy_version": policy.version,
        "made_at": certificate.made_at.isoformat(),
        "changed": changed,
    }
    outbox.note("certificate.lapsed", str(policy), data)
