"""All figures of a scope, read once: the page, the spreadsheet and the weekly report show what they need of them."""

import gc
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from pipeline.models import Frame, active_policy
from pipeline.templatetags.mattegate import duration, money, per_cent
from review.evidence.statistics import exact_rate
from review.insights import agreement, escapes, findings, ladder, people, reasons, rollups, shares, timing, waiting
from review.insights import money as prices
from review.insights.scope import Scope
from review.insights.tables import Table, between
from review.models import DriftAlarm

LEAST_BATCH = 10
"""Photos below which the share of a batch says little."""
ALARMS = 10


@dataclass(frozen=True)
class Headline:
    """One answer on top of the page, what it was counted from, and where it leads."""

    name: str
    value: str
    detail: str
    link: str = ""


@dataclass(frozen=True)
class Mend:
    """A reason that is often needless, and photos that are typical of it."""

    words: str
    frames: list[Frame]


@dataclass(frozen=True)
class Whole:
    scope: Scope
    count: shares.Counts
    headlines: list[Headline]
    tables: dict[str, Table]
    escaped: list[Frame]
    mend: list[Mend]
    promise: escapes.Promise
    alarms: list[DriftAlarm]


class Reader:
    """Reads a scope. The number of queries doesn't depend on what is found."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.policy = active_policy()
        facts = rollups.read(scope)
        self.groups = shares.groups(facts)
        self.count = shares.total(self.groups)
        self.labels = findings.labels(facts)
        self.doubted = [alike for one in facts for alike in one.doubted]
        self.cards = findings.cards(facts)
        self.reviews = reasons.sent(facts)
        self.reasons = reasons.reasons(self.reviews, self.labels)
        self.worst = reasons.worst_by_batch(facts)
        self.to_s3 = timing.to_s3(facts)
        self.parts = timing.parts(scope)
        waits = waiting.waits(scope)
        self.backlog = waiting.at_ends(scope, waits)
        self.flow = waiting.flow(scope, waits)
        self.audits = waiting.audits(scope)
        self.people = people.operators(scope)
        self.costs = prices.costs(scope, self.count, self.parts.at_work, self.people)

    @property
    def escape(self) -> float:
        return self.policy.target["escape"]

    def whole(self) -> Whole:
        labels = list(self.labels.values())
        typical = list(reasons.typical(self.reasons, self.reviews, self.labels))
        escaped = escapes.pictures(labels)
        frames = escapes.frames([*escaped, *(pk for _, pks in typical for pk in pks)])
        return Whole(
            scope=self.scope,
            count=self.count,
            headlines=list(self.headlines()),
            tables={table.name: table for table in self.tables()},
            escaped=[frames[pk] for pk in escaped],
            mend=[Mend(reason.words, [frames[pk] for pk in pks]) for reason, pks in typical],
            promise=escapes.promise(self.policy),
            alarms=list(self.alarms()),
        )

    def tables(self) -> Iterator[Table]:
        scope, labels = self.scope, list(self.labels.values())
        yield from shares.tables(scope, self.groups, findings.floor(labels, self.escape), self.worst)
        yield shares.by_model(scope, self.cards)
        yield reasons.table(scope, self.reasons, len(self.reviews))
        yield reasons.mend_table(scope, self.reasons)
        yield escapes.table(scope, labels, self.cards, escapes.due_audits(scope), self.escape)
        yield ladder.table(scope, self.doubted, labels)
        yield timing.to_s3_table(scope, self.to_s3)
        yield timing.parts_table(self.parts)
        yield waiting.table(scope, self.backlog)
        yield people.table(scope, self.people)
        yield agreement.table(scope, agreement.pairs(scope))
        yield prices.table(self.costs)

    def headlines(self) -> Iterator[Headline]:
        yield self._sent()
        yield self._escapes()
        yield self._top_reason()
        yield self._speed()
        yield self._backlog()
        yield self._cost()
        yield self._worst_batch()

    def _sent(self) -> Headline:
        count, held = self.count, sum(review.is_held for review in self.reviews)
        told = f"{count.sent:,} of {count.processed:,} photos, {_reach(count.sent, count.processed)}"
        told += f"; target {per_cent(settings.TARGET_REVIEW_SHARE)}"
        if others := count.sent - held:
            told += f"; {held:,} held by the gate at the first look, {others:,} for another cause"
        link = self.scope.frames_address(of="sent")
        return Headline("Sent to review", _share(count.sent, count.processed), told, link)

    def _escapes(self) -> Headline:
        drawn = findings.audits(self.labels.values())
        bad = sum(label.is_bad for label in drawn)
        told = f"{bad} of {len(drawn)} audits, {_reach(bad, len(drawn))}" if drawn else "no audits yet"
        return Headline("Slip through", _share(bad, len(drawn)), told, self.scope.frames_address(of="audited"))

    def _top_reason(self) -> Headline:
        if not self.reasons:
            return Headline("Top reason", "–", "nothing was sent to review")
        top = self.reasons[0]
        told = f"{len(top.frames):,} of {len(self.reviews):,} reviews; found true in {top.true} of {top.said} decided"
        return Headline("Top reason", top.words, told, self.scope.frames_address(of="sent", reason=top.code))

    def _speed(self) -> Headline:
        found = self.to_s3
        value = "–" if found.p95 is None else duration(found.p95)
        told = f"of {found.count:,} published unseen; promised are 5 minutes, {found.late} took longer"
        return Headline("95 % are in S3 within", value, told, self.scope.frames_address(of="unseen"))

    def _backlog(self) -> Headline:
        if not self.backlog:
            return Headline("Waiting for review", "–", "these days are still to come")
        first, last = self.backlog[0], self.backlog[-1]
        more = last.waiting - first.waiting
        trend = f"{abs(more)} {'more' if more > 0 else 'fewer'} than" if more else "as many as"
        again = f"{_counted(self.audits, 'published photo', 'and ')} to look at again"
        parts = [again] if self.audits and self.scope.is_now else []
        parts += [f"the oldest for {duration(last.oldest)}"] if last.oldest else []
        parts += [_flow(self.flow), f"{trend} at the end of {self.scope.first:%-d %b}"]
        queue = reverse("admin:review_queueitem_changelist")
        return Headline("Waiting for review", f"{last.waiting:,}", "; ".join(parts), queue)

    def _cost(self) -> Headline:
        found = self.costs
        value = f"${money(round(found.a_photo, 4))}" if found.a_photo is not None else "–"
        if len(found.missing) > 1 and not found.total:
            value = "not set"
        told = f"of {found.photos:,} photos"
        told += f"; not set: {', '.join(found.missing)}" if found.missing else ""
        if found.saved is not None:
            told += f"; ${money(round(found.saved, 2))} saved"
        return Headline("A photo costs", value, told, "#money")

    def _worst_batch(self) -> Headline:
        sums = shares.by(self.groups, lambda group: (group.batch, group.batch_name))
        if not sums:
            return Headline("Worst batch", "–", "no photo was processed")
        large = {batch: count for batch, count in sums.items() if count.processed >= LEAST_BATCH}
        (pk, name), count = shares.worst_first(large or sums)[0]
        told = f"{_share(count.sent, count.processed)}, {count.sent} of {count.processed} sent to review"
        of_large = f"; of batches with {LEAST_BATCH} photos or more" if len(large) < len(sums) else ""
        told += of_large if large else "; few photos, so this says little"
        told += f"; mostly: {self.worst[pk]}" if pk in self.worst else ""
        return Headline("Worst batch", name, told, self.scope.frames_address(of="sent", batch__id__exact=pk))

    def alarms(self) -> Iterator[DriftAlarm]:
        recent = Q(at__gte=self.scope.since, at__lt=self.scope.until + timedelta(days=1))
        yield from DriftAlarm.objects.filter(recent, policy=self.policy).select_related("policy")[:ALARMS]


def _share(k: int, n: int) -> str:
    return per_cent(k / n) if n else "–"


def _counted(n: int, what: str, before: str = "") -> str:
    return f"{before}{n:,} {what}{'' if n == 1 else 's'}"


def _flow(found: waiting.Flow) -> str:
    told = f"{found.came:,} came, {found.decided:,} {_were(found.decided)} decided"
    return f"{told}, {found.gone:,} {_were(found.gone)} replaced or removed" if found.gone else told


def _were(n: int) -> str:
    return "was" if n == 1 else "were"


def _reach(k: int, n: int) -> str:
    return f"95 %: {between(exact_rate(k, n))}"


def read(scope: Scope) -> Whole:
    """Without the garbage collector, which would look through all that is read, again and again: of a million frames
    that took a quarter of the time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        return Reader(scope).whole()
    finally:
        if was_on:
            gc.enable()
