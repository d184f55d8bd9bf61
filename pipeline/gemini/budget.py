"""What Gemini has cost, and whether this month's budget allows another image."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from pipeline.models import Batch, GeminiCall
from pipeline.models.gemini import UNDER_WAY
from pipeline.states import ANSWERED, State
from pipeline.words import GEMINI_WORDS

BATCH_DISCOUNT = Decimal("0.5")
"""Gemini's price list: an image of a Batch job costs half of what it costs by itself."""


def price(*, in_job: bool) -> Decimal:
    """Of one image, in US dollars."""
    full: Decimal = settings.GEMINI_PRICE_PER_IMAGE
    return full * BATCH_DISCOUNT if in_job else full


def month_start() -> datetime:
    return timezone.localtime().replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def spent(calls: QuerySet[GeminiCall]) -> Decimal:
    """What the calls cost; those that are under way, or whose answer never came, count with the price of an image."""
    total = calls.aggregate(total=Sum(Coalesce("cost", "price")))["total"]
    return Decimal(total or 0)


def spent_this_month() -> Decimal:
    return spent(GeminiCall.objects.filter(asked_at__gte=month_start()))


@dataclass(frozen=True)
class Summary:
    """How a batch stands with Gemini; money in US dollars, calls without an answer at their full price."""

    used: int
    waiting: int
    at_gemini: int
    instead: list[tuple[str, int]]
    unanswered: int
    cost: Decimal
    month: Decimal
    budget: Decimal


def summary(batch: Batch) -> Summary:
    """Of a batch whose uploader chose Gemini; `instead` says why the local enhancer served, and how often."""
    said = Counter(batch.frames.exclude(gemini="").exclude(attempt=0).values_list("gemini", flat=True))
    unasked = Q(state=State.ENHANCING) | Q(state=State.RECEIVED, gemini="")
    calls = GeminiCall.objects.filter(frame__batch=batch)
    at_gemini = calls.filter(outcome=UNDER_WAY, frame__state=State.ENHANCING).count()
    return Summary(
        used=said.pop(ANSWERED, 0),
        waiting=batch.frames.filter(unasked).count() - at_gemini,
        at_gemini=at_gemini,
        instead=[(GEMINI_WORDS[code], count) for code, count in said.most_common()],
        unanswered=calls.filter(cost=None).exclude(outcome=UNDER_WAY).count(),
        cost=spent(calls),
        month=spent_this_month(),
        budget=settings.GEMINI_MONTHLY_BUDGET,
    )


def affordable(*, in_job: bool) -> int:
    """How many more images this month's budget allows."""
    left: Decimal = settings.GEMINI_MONTHLY_BUDGET - spent_this_month()
    each = price(in_job=in_job)
    return max(0, int(left / each)) if each else 1_000_000
