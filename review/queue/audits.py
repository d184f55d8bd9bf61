"""Looks at frames that were published unseen: blind audits of those drawn by chance, looks at a failed one's
siblings, and at those that a manager asked for.

An audit lies in the queue like an exception. Only drawn frames tell anything about the rest; the others were chosen
for a cause, so no estimate and no certificate ever counts them.
"""

from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import F

from pipeline.models import Frame, Scorecard
from pipeline.shop import withdraw
from pipeline.states import State
from pipeline.transitions import advance
from review.models import Decision

NEAREST = 3
"""How many frames of the batch, just below a failed one in confidence, are looked at too."""


def pass_audit(frame: Frame, user: User, why: str) -> None:
    """It was published rightly, and stays as it is."""
    advance(frame, State.PUBLISHED, actor=user.get_username(), why=why, audit_due="")


def fail_audit(
    frame: Frame, card: Scorecard | None, user: User, why: str, *, then: str, is_bad: bool, not_before: datetime
) -> None:
    """Its files are withdrawn, and then what was said is done; if matte or crop was bad, its siblings are looked at."""
    is_drawn = frame.audit_due == Decision.Occasion.DRAWN
    withdraw.withdraw(frame, actor=user.get_username(), why=why, not_before=not_before, then=then)
    if card and is_bad and is_drawn:
        look_at_siblings(frame, card)


def look_at_siblings(frame: Frame, card: Scorecard) -> None:
    """Queue the other views of the product, and the batch's frames that were only a little less sure."""
    kept = Frame.objects.filter(batch=frame.batch_id, state=State.PUBLISHED, pictures=Frame.Pictures.KEPT)
    unseen = kept.filter(audit_due="", was_exception=False, decisions=None).exclude(pk=frame.pk)
    same_product = unseen.filter(code=frame.code).values_list("pk", flat=True)
    last_run = unseen.filter(scorecards__attempt=F("attempt"), scorecards__confidence__lte=card.confidence)
    nearest = last_run.order_by("-scorecards__confidence").values_list("pk", flat=True)[:NEAREST]
    chosen = {*same_product, *nearest}
    due = Frame.objects.filter(pk__in=chosen, state=State.PUBLISHED, audit_due="")
    due.update(audit_due=Decision.Occasion.SIBLING)
