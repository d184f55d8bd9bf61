"""What the labels say of all frames: how many are bad, how many of them escape, and what holds the review rate up."""

from dataclasses import dataclass

import numpy as np

from review.evidence.labels import first_scorecards, samples
from review.evidence.statistics import Rate, exact_rate, least_review_rate, weighted_rate

NEAR = 1.3
"""A review rate within this factor of the least possible one is the matte's doing, not the gate's."""


@dataclass(frozen=True)
class Estimates:
    """Rates with their counts; the escapes are a plain count of marked frames, the defects a weighted estimate."""

    scored: int
    flagged: Rate
    marked: Rate
    audits: int
    failed_audits: int
    escaped: Rate
    labels: int
    defects: Rate
    least_review: float

    @property
    def limit(self) -> str:
        """Which of matte and gate would have to get better."""
        return "matte" if self.flagged.value <= NEAR * self.least_review else "gate"


def estimates(escape: float) -> Estimates:
    """Over the first scorecard of every frame, and every label that says something about the others."""
    firsts = first_scorecards()
    scored, flagged = firsts.count(), firsts.filter(publish=False).count()
    marked = firsts.filter(is_marked=True).count()
    known = samples()
    audits = [sample for sample in known if sample.card.publish]
    failed = sum(sample.is_bad for sample in audits)
    defects = weighted_rate(np.array([s.is_bad for s in known], bool), np.array([s.probability for s in known]))
    return Estimates(
        scored=scored,
        flagged=exact_rate(flagged, scored),
        marked=exact_rate(marked, scored),
        audits=len(audits),
        failed_audits=failed,
        escaped=exact_rate(failed, len(audits)),
        labels=len(known),
        defects=defects,
        least_review=least_review_rate(defects.value, escape),
    )
