"""Which policy decides. A new one runs in shadow first; a person activates it, and that is written down."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max

from pipeline.imaging.verdict.calibrate import with_thresholds
from pipeline.models import GatePolicy
from review.models import Activation, Certificate
from review.policy.certificates import Evidence, evidence, fingerprint

CERTIFIED = "certified"


class PolicyError(ValueError):
    """The policy can't become that; the text says why and what to do instead."""


def put_in_shadow(policy: GatePolicy) -> None:
    if policy.is_active:
        raise PolicyError(f"{policy} is the active one; only others run in shadow.")
    GatePolicy.objects.filter(pk=policy.pk).update(in_shadow=True, is_draft=False)


def take_out_of_shadow(policy: GatePolicy) -> None:
    """It says nothing of new frames any more; what it said so far stays."""
    if not GatePolicy.objects.filter(pk=policy.pk, in_shadow=True).update(in_shadow=False):
        raise PolicyError(f"{policy} doesn't run in shadow.")


def activate(policy: GatePolicy, user: User, why: str) -> Activation:
    """Let it decide from the next frame on."""
    why = why.strip()
    if not why:
        raise PolicyError("Say why, for whoever reads the log later.")
    with transaction.atomic():
        previous = GatePolicy.objects.get(is_active=True)
        if previous.pk == policy.pk:
            raise PolicyError(f"{policy} is the active one already.")
        GatePolicy.objects.filter(pk=previous.pk).update(is_active=False)
        GatePolicy.objects.filter(pk=policy.pk).update(is_active=True, in_shadow=False, is_draft=False)
        return Activation.objects.create(policy=policy, previous=previous, by=user.get_username(), why=why)


def certify_and_activate(policy: GatePolicy, user: User, why: str) -> Certificate:
    """Activate a version of the policy whose thresholds are what the labels certify now.

    The labels are weighed here, not when somebody proposed it: a certificate and its activation are one.
    """
    with transaction.atomic():
        found = evidence(policy)
        if found.certified is None:
            raise PolicyError(f"The labels don't certify {policy}; {words_for(found)}")
        certified = found.certified
        # A name of its own: the versions of a shipped policy are the shipper's to number.
        version = new_version(CERTIFIED, with_thresholds(policy.document, certified.threshold))
        activate(version, user, why)
        return Certificate.objects.create(
            policy=version,
            **policy.target,
            threshold=certified.threshold,
            n=certified.n,
            k=certified.k,
            bound=certified.bound,
            labels_until=found.until,
            model_sha256=policy.document["model_sha256"],
            scorer_version=policy.document["scorer_version"],
            calibration=fingerprint(policy.document),
        )


def words_for(found: Evidence) -> str:
    """What is lacking for a certificate."""
    if found.missing:
        counted = f"{found.n} labels so far, {found.k} of them bad" if found.n else "none so far"
        return f"at least {found.missing} more good labels are needed ({counted})."
    return f"of {found.n} labels {found.k} are bad, too many at any threshold."


def new_version(name: str, document: dict[str, Any], **fields: Any) -> GatePolicy:
    """The next version of the policies of that name."""
    version = (GatePolicy.objects.filter(name=name).aggregate(last=Max("version"))["last"] or 0) + 1
    document = {**document, "name": name, "version": version}
    return GatePolicy.objects.create(name=name, version=version, document=document, **fields)
