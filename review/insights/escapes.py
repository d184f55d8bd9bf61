"""What slips through: escapes, audits, and what the active policy may promise."""

from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from django.utils import timezone

from pipeline.models import Frame, GatePolicy
from pipeline.states import State
from review.evidence.statistics import Rate
from review.insights import findings
from review.insights.facts import Cards, Label
from review.insights.scope import Scope
from review.insights.tables import INTERVAL, Cell, Table, interval, number, per_cent, reach, share
from review.models import Certificate
from review.policy.certificates import certificate_of, clean_products, is_valid, missing, running

WEEK = timedelta(days=7)
PICTURES = 12


@dataclass(frozen=True)
class Promise:
    """Of the active policy: its certificate, or how many clean labels are missing, and when they will be there."""

    policy: GatePolicy
    certificate: Certificate | None
    is_valid: bool
    missing: int = 0
    a_week: int = 0

    @property
    def due(self) -> date | None:
        """At this week's pace; unknown when no label came, or it would take years."""
        weeks = self.missing / self.a_week if self.a_week else 1e9
        return timezone.localdate() + timedelta(days=ceil(7 * weeks)) if weeks < 500 else None


def promise(policy: GatePolicy) -> Promise:
    certificate = certificate_of(policy)
    if certificate is not None and is_valid(certificate, *running(policy)):
        return Promise(policy, certificate, is_valid=True)
    a_week = clean_products(policy, timezone.now() - WEEK)
    return Promise(policy, certificate, is_valid=False, missing=missing(policy), a_week=a_week)


def due_audits(scope: Scope) -> int:
    return scope.frames().filter(state=State.PUBLISHED, audit_due="drawn").count()


def table(scope: Scope, labels: list[Label], cards: list[Cards], due: int, escape: float) -> Table:
    drawn = findings.audits(labels)
    failed, n = sum(label.is_bad for label in drawn), sum(card.count for card in cards)
    flagged = sum(card.count for card in cards if not card.is_passed)
    marked = sum(card.count for card in cards if card.is_marked)
    escaped, audited = scope.frames_address(of="escaped"), scope.frames_address(of="audited")
    rows = [
        _row("Escapes: bad, of those published unseen", failed, len(drawn), "audits", escaped),
        [Cell("Audits done", None, audited), number(len(drawn), audited), Cell(""), Cell("")],
        [Cell("Audits due", None, scope.frames_address(of="audit-due")), number(due), Cell(""), Cell("")],
        _defects(labels),
        _row("Held by the gate at the first look", flagged, n, "scored", scope.frames_address(of="held")),
        _least(findings.floor(labels, escape), escape),
        _row("Marked for audits", marked, n, "scored", scope.frames_address(of="marked")),
    ]
    note = (
        "Escapes are told by frames that were marked by chance before the gate judged them. Defects: each decision is "
        "weighted by 1 / the chance that it was made."
    )
    return Table("escapes", "What slips through", ["", "Rate", INTERVAL, "Counted"], rows, note)


def _row(name: str, k: int, n: int, what: str, link: str) -> list[Cell]:
    return [Cell(name, None, link), share(k, n, link), interval(k, n), Cell(f"{k:,} of {n:,} {what}")]


def _defects(labels: list[Label]) -> list[Cell]:
    rate: Rate = findings.defects(labels)
    known = Cell("Defects, of all photos")
    if not labels:
        return [known, Cell("no decisions yet", ""), Cell(""), Cell("")]
    return [
        known,
        Cell(per_cent(rate.value), rate.value),
        reach(rate),
        Cell(f"{len(labels):,} labels, weighted"),
    ]


def _least(floor: float | None, escape: float) -> list[Cell]:
    told = Cell("needs decisions", "") if floor is None else Cell(per_cent(floor), floor)
    allowed = per_cent(escape)
    return [
        Cell("Least that could be sent to review"),
        told,
        Cell(""),
        Cell(f"(defects − {allowed}) / (1 − {allowed})"),
    ]


def pictures(labels: list[Label]) -> list[int]:
    """The latest escapes."""
    return sorted((label.frame for label in findings.audits(labels) if label.is_bad), reverse=True)[:PICTURES]


def frames(pks: list[int]) -> dict[int, Frame]:
    return {frame.pk: frame for frame in Frame.objects.filter(pk__in=pks)}
