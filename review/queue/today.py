"""How the day stands, for whoever works through the queue."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from pipeline.models import Frame
from review.evidence.labels import NO_DECISIONS
from review.models import Decision


def today(user: User) -> dict[str, Any]:
    """No frame can be told from it."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    decided = Decision.objects.filter(at__gte=midnight, undone_by=None).exclude(kind__in=NO_DECISIONS)
    week = Frame.objects.filter(processed_at__gte=midnight - timedelta(days=6))
    processed, sent = week.count(), week.filter(was_exception=True).count()
    return {
        "byMe": decided.filter(by=user.get_username()).count(),
        "byAll": decided.count(),
        # None that a person let pass: else it would rise after exceptions and not after audits.
        "published": Frame.objects.filter(published_at__gte=midnight, was_exception=False).count(),
        "processed": processed,
        "sentToReview": sent / processed if processed else None,
    }
