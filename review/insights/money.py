"""What a photo costs, against doing it by hand."""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db.models import Count, Q, Sum

from pipeline.models import GeminiCall
from pipeline.templatetags.mattegate import duration, money
from review.insights.facts import Counts
from review.insights.people import Operator
from review.insights.scope import Scope
from review.insights.tables import NONE, Cell, Table

NOT_SET = "not set"
HOUR = 3600


@dataclass(frozen=True)
class Costs:
    """US dollars over all photos processed in the time; None where a price isn't set."""

    photos: int
    published: int
    compute_seconds: float | None
    operator_seconds: float
    gemini: Decimal
    unanswered: int

    @property
    def compute(self) -> Decimal | None:
        seconds = (self.compute_seconds or 0) * self.photos
        return _at(settings.COMPUTE_PRICE_PER_HOUR, seconds)

    @property
    def operators(self) -> Decimal | None:
        return _at(settings.OPERATOR_PRICE_PER_HOUR, self.operator_seconds)

    @property
    def total(self) -> Decimal:
        """Of what has a price."""
        return self.gemini + (self.compute or 0) + (self.operators or 0)

    @property
    def missing(self) -> list[str]:
        names = ("COMPUTE_PRICE_PER_HOUR", "OPERATOR_PRICE_PER_HOUR", "MANUAL_PRICE_PER_PHOTO")
        return [name for name in names if not getattr(settings, name)]

    @property
    def a_photo(self) -> Decimal | None:
        return self.total / self.photos if self.photos else None

    @property
    def saved(self) -> Decimal | None:
        """Against every published photo made by hand."""
        by_hand: Decimal = settings.MANUAL_PRICE_PER_PHOTO
        return self.published * by_hand - self.total if by_hand else None


def _at(price: Decimal, seconds: float) -> Decimal | None:
    return price * Decimal(seconds) / HOUR if price else None


def costs(scope: Scope, count: Counts, compute_seconds: float | None, people: list[Operator]) -> Costs:
    calls = GeminiCall.objects.filter(scope.during("asked_at"), scope.of("frame__"))
    paid = calls.aggregate(total=Sum("cost"), open=Count("pk", filter=Q(ended_at=None)))
    spent = sum(sum(operator.seconds) for operator in people)
    return Costs(count.processed, count.published, compute_seconds, spent, paid["total"] or Decimal(0), paid["open"])


def table(found: Costs) -> Table:
    rows = [
        _row("Computing", _seconds(found.compute_seconds, "a photo"), found.compute, found),
        _row(
            "Gemini", f"{found.unanswered} calls without an answer yet" if found.unanswered else "", found.gemini, found
        ),
        _row("Operators", _seconds(found.operator_seconds, "in all"), found.operators, found),
        _row("Together", "without what is not set" if found.missing[:2] else "", found.total, found),
    ]
    by_hand: Decimal = settings.MANUAL_PRICE_PER_PHOTO
    rows.append([Cell("By hand"), Cell(""), *_priced(by_hand * found.published or None, by_hand or None)])
    rows.append([Cell("Saved"), Cell(f"{found.published:,} photos published"), *_priced(found.saved, None)])
    note = f"US dollars, over {found.photos:,} photos processed in this time; computing by the latest of them."
    if found.missing:
        note += f" Not set: {', '.join(found.missing)}; an admin sets them, see the page on configuration."
    return Table("money", "What a photo costs", ["", "Measured", "In all", "A photo"], rows, note)


def _row(name: str, measured: str, amount: Decimal | None, found: Costs) -> list[Cell]:
    a_photo = amount / found.photos if amount is not None and found.photos else None
    return [Cell(name), Cell(measured), *_priced(amount, a_photo)]


def _priced(amount: Decimal | None, a_photo: Decimal | None) -> list[Cell]:
    whole = Cell(NOT_SET, "") if amount is None else Cell(money(round(amount, 2)), float(amount))
    return [whole, NONE if a_photo is None else Cell(money(round(a_photo, 4)), float(a_photo))]


def _seconds(spent: float | None, of: str) -> str:
    return f"{duration(spent)} {of}" if spent else ""
