"""What a policy says of frames that another one judged: stored metrics are scored anew, no pixel is touched."""

import logging
from dataclasses import dataclass

from django.db.models import QuerySet

from pipeline.imaging.types import Score, Verdict
from pipeline.imaging.verdict.score import is_parted, judge, score
from pipeline.models import GatePolicy, Scorecard, ShadowVerdict

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Comparison:
    """What a policy would have done beside what was done, over the scorecards that it was shown."""

    published: int
    held: int
    newly_published: QuerySet[ShadowVerdict]
    newly_held: QuerySet[ShadowVerdict]

    @property
    def replayed(self) -> int:
        return self.published + self.held

    @property
    def review_rate(self) -> float:
        """Held / replayed, 0–1."""
        return self.held / self.replayed if self.replayed else 0.0


def replay(card: Scorecard, policy: GatePolicy) -> tuple[Score, Verdict]:
    """Score and judge a scorecard's metrics by a policy.

    Raises
    ------
    KeyError
        The policy asks for a metric that the card's scorer didn't measure.
    """
    frame = card.frame
    result = score(card.metrics, policy.document, crop_expected=is_parted(card.metrics))
    return result, judge(result, policy.document, frame.product_class, frame.view)


def shadow(card: Scorecard, policy: GatePolicy) -> bool:
    """Note what a policy would have done, once per scorecard; False where the card lacks what it asks for."""
    try:
        result, verdict = replay(card, policy)
    except KeyError as missing:
        log.warning("%s can't judge %s: its scorecard lacks %s", policy, card.frame, missing)
        return False
    fields = {
        "confidence": result.confidence,
        "threshold": verdict.threshold,
        "publish": verdict.publish,
        "reasons": list(verdict.reasons),
    }
    ShadowVerdict.objects.get_or_create(policy=policy, scorecard=card, defaults=fields)
    return True


def regate(policy: GatePolicy) -> tuple[int, int]:
    """Replay the last scorecard of every frame; returns how many could be replayed, and how many couldn't."""
    replayed = skipped = 0
    for card in last_scorecards():
        if shadow(card, policy):
            replayed += 1
        else:
            skipped += 1
    return replayed, skipped


def last_scorecards() -> list[Scorecard]:
    """Of every frame, the last one of the machine's own making."""
    cards = Scorecard.objects.filter(override=None).select_related("frame__batch").order_by("frame_id", "attempt")
    return list({card.frame_id: card for card in cards.iterator()}.values())


def comparison(policy: GatePolicy) -> Comparison:
    """A policy's shadow verdicts beside the verdicts of the policies that were active; rows are read when looked at."""
    verdicts = policy.shadow_verdicts.select_related("scorecard__frame").order_by("pk")
    published, held = verdicts.filter(publish=True), verdicts.filter(publish=False)
    return Comparison(
        published=published.count(),
        held=held.count(),
        newly_published=published.filter(scorecard__publish=False),
        newly_held=held.filter(scorecard__publish=True),
    )
