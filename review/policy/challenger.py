"""Every night: does what people said teach a better score, or certify another threshold? It only proposes."""

import logging

import numpy as np
from django.conf import settings

from pipeline.audit_draw import is_for_certifying
from pipeline.imaging.verdict.calibrate import Labelled, learn, loosest_threshold, taught
from pipeline.imaging.verdict.logistic import Values
from pipeline.models import GatePolicy
from pipeline.replay import replay
from review.evidence.labels import Sample, samples
from review.evidence.statistics import auroc_gain
from review.models import Proposal
from review.policy.activation import new_version
from review.policy.certificates import certificate_of, evidence

log = logging.getLogger(__name__)
LEARNED = "learned"
LEAST_BAD = LEAST_GOOD = 20
"""Labels of each kind below which a fit is a guess."""


def challenge(policy: GatePolicy) -> Proposal | None:
    """Refit on the products that no certificate uses; in shadow and proposed if it ranks unseen products better."""
    known = [sample for sample in samples() if _teaches(sample, policy)]
    bad = sum(sample.is_bad for sample in known)
    if bad < LEAST_BAD or len(known) - bad < LEAST_GOOD:
        return None
    labelled = [Labelled(s.code, s.card.metrics, s.is_bad, 1 / s.probability) for s in known]
    try:
        lesson = learn(policy.document, labelled)
    except ValueError as error:
        log.info("nothing to learn yet: %s", error)
        return None
    is_bad, products = np.array([sample.is_bad for sample in known]), [sample.code for sample in known]
    gain = auroc_gain(lesson.out_of_fold, _champion(policy, known), is_bad, products)
    if gain.low <= 0:
        return None
    threshold = loosest_threshold(lesson.out_of_fold, is_bad, policy.target["escape"])
    fitted_on = f"{len(known)} decisions, {bad} of them bad; not certified"
    document = taught(policy.document, lesson, threshold) | {"fitted_on": fitted_on}
    if Proposal.objects.filter(kind=Proposal.Kind.CHALLENGER, policy__document__fitted_on=document["fitted_on"]):
        return None
    GatePolicy.objects.filter(name=LEARNED, in_shadow=True).update(in_shadow=False)  # the newest knows all they knew
    challenger = new_version(LEARNED, document, in_shadow=True)
    figures = {"labels": len(known), "bad": bad, "auroc": lesson.auroc, "gain": gain.value, "gain_low": gain.low}
    return Proposal.objects.create(kind=Proposal.Kind.CHALLENGER, policy=challenger, figures=figures)


def propose_threshold(policy: GatePolicy) -> Proposal | None:
    """Offer the threshold that the labels certify now, unless that is what is in force or proposed already."""
    found = evidence(policy).certified
    if found is None or found.threshold == _threshold_in_force(policy):
        return None
    figures = {"threshold": found.threshold, "n": found.n, "k": found.k, "bound": found.bound}
    latest = Proposal.objects.filter(kind=Proposal.Kind.THRESHOLD, policy=policy).last()
    if latest and latest.figures == figures:
        return None
    return Proposal.objects.create(kind=Proposal.Kind.THRESHOLD, policy=policy, figures=figures)


def _threshold_in_force(policy: GatePolicy) -> float | None:
    certificate = certificate_of(policy)
    return certificate.threshold if certificate else None


def _teaches(sample: Sample, policy: GatePolicy) -> bool:
    card = sample.card
    return (
        not is_for_certifying(sample.code, settings.AUDIT_KEY)
        and card.model_sha256 == policy.document["model_sha256"]
        and card.scorer_version == policy.document.get("scorer_version")
    )


def _champion(policy: GatePolicy, known: list[Sample]) -> Values:
    return np.array([replay(sample.card, policy)[0].confidence for sample in known])
