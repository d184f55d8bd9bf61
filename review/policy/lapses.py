"""A certificate lapses when a photo is first judged by another model or scorer than it was made for."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from pipeline.models import Scorecard
from pipeline.webhooks import outbox
from review.models import Certificate
from review.policy.certificates import changed_since


def watch(instance: Scorecard, **_: Any) -> None:
    """After each scorecard, in its transaction. Told once of a certificate."""
    certificate = Certificate.objects.filter(policy=instance.policy_id, lapsed_at=None).select_related("policy").first()
    if certificate and (changed := _changed(certificate, instance)):
        _lapse(certificate, changed)


def _changed(certificate: Certificate, card: Scorecard) -> list[str]:
    """A person's edit names the model that made the matte it began from, which may not be the one that runs by now."""
    changed = changed_since(certificate, card.model_sha256, card.scorer_version)
    began_from = Scorecard.objects.filter(frame=card.frame_id, pk__lt=card.pk, model_sha256=card.model_sha256)
    return [what for what in changed if what != "model" or not began_from.exists()]


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
