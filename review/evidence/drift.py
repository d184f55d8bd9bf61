"""Whether the photos that come in still look, to the score, like those that it was calibrated on."""

from collections import defaultdict
from datetime import timedelta

import numpy as np
from django.utils import timezone

from pipeline.models import GatePolicy
from review.evidence.labels import first_scorecards
from review.evidence.statistics import drift
from review.models import DriftAlarm

DAYS = 30
LEAST = 20
"""Frames below which a distribution says nothing."""
SIGNIFICANT, NOTABLE = 0.001, 0.2
"""Of a thousand photos the smallest shift is significant; only one that a manager could see is worth an alarm."""


def watch(policy: GatePolicy) -> list[DriftAlarm]:
    """Raise an alarm, once, for each batch and each day whose confidences left the calibration's distribution."""
    reference = np.array(policy.document.get("reference") or [])
    if not reference.size:
        return []
    raised = []
    for (scope, name), confidences in _groups(policy).items():
        statistic, p_value = drift(np.array(confidences), reference) if len(confidences) >= LEAST else (0.0, 1.0)
        if p_value < SIGNIFICANT and statistic > NOTABLE:
            figures = {"n": len(confidences), "statistic": statistic, "p_value": p_value}
            alarm, is_new = DriftAlarm.objects.get_or_create(policy=policy, scope=scope, name=name, defaults=figures)
            raised += [alarm] if is_new else []
    return raised


def _groups(policy: GatePolicy) -> dict[tuple[str, str], list[float]]:
    groups: dict[tuple[str, str], list[float]] = defaultdict(list)
    since = timezone.now() - timedelta(days=DAYS)
    cards = first_scorecards().filter(policy=policy, created_at__gte=since)
    for batch, at, confidence in cards.values_list("frame__batch__name", "created_at", "confidence"):
        groups["batch", batch].append(confidence)
        groups["day", timezone.localdate(at).isoformat()].append(confidence)
    return groups
