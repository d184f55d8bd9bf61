"""Why photos are sent to review, whether people found it true, and what to mend first."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median
from textwrap import wrap

from pipeline.words import in_words
from review.insights import charts
from review.insights.facts import Facts, Label, Sent
from review.insights.scope import Scope
from review.insights.tables import INTERVAL, Cell, Table, interval, number, share

TYPICAL, SHOWN = 3, 8
LINE = 20
"""Letters of a bar's name in one line: more leave no room for the bar on a phone."""


@dataclass
class Reason:
    """The photos that were sent to review with it; `true` and `false` of them were found bad and good by people."""

    code: str
    frames: list[int] = field(default_factory=list)
    alone: int = 0
    true: int = 0
    false: int = 0

    @property
    def words(self) -> str:
        return in_words(self.code)

    @property
    def said(self) -> int:
        return self.true + self.false

    @property
    def needless(self) -> float:
        """Reviews that it causes × the share that was false; −1 where nobody has said anything yet."""
        return len(self.frames) * self.false / self.said if self.said else -1.0


def sent(found: Iterable[Facts]) -> list[Sent]:
    """In the order of the frames."""
    return sorted((review for facts in found for review in facts.sent), key=lambda review: review.frame)


def reasons(reviews: list[Sent], labels: Mapping[int, Label]) -> list[Reason]:
    """The one that most reviews have first."""
    found: dict[str, Reason] = {}
    for review in reviews:
        label = labels.get(review.frame)
        for code in review.reasons:
            reason = found.setdefault(code, Reason(code))
            reason.frames.append(review.frame)
            reason.alone += len(review.reasons) == 1
            if label and not label.is_passed:
                reason.true += label.is_bad
                reason.false += not label.is_bad
    return sorted(found.values(), key=lambda reason: (-len(reason.frames), reason.code))


def worst_by_batch(found: Iterable[Facts]) -> dict[int, str]:
    """The reason that most reviews of a batch have, in words."""
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for facts in found:
        for review in facts.sent:
            counts[facts.group.batch].update(review.reasons)
    return {batch: in_words(min(said, key=lambda code: (-said[code], code))) for batch, said in counts.items() if said}


def table(scope: Scope, found: list[Reason], reviews: int) -> Table:
    columns = ["Reason", "Reviews", "Share of reviews", "Its only reason", "Found true", "of", "Share true"]
    rows = [_row(scope, reason, reviews) for reason in found]
    drawn = found[:SHOWN]
    chart = charts.lying(
        [wrap(reason.words, LINE, max_lines=3, placeholder=" …") for reason in drawn],
        {
            "Share of reviews": [round(100 * len(reason.frames) / reviews, 1) for reason in drawn],
            "Found true": [round(100 * reason.true / reason.said, 1) if reason.said else None for reason in drawn],
        },
        "per cent",
    )
    note = (
        f"Of {reviews:,} photos sent to review. One photo may have several reasons, so the shares add up to more than "
        "100 %. Found true: a person found the cut-out bad, of those that a person has decided."
    )
    return Table("reasons", "Why photos are sent to review", [*columns, INTERVAL], rows, note, chart)


def _row(scope: Scope, reason: Reason, reviews: int) -> list[Cell]:
    def link(of: str) -> str:
        return scope.frames_address(of=of, reason=reason.code)

    return [
        Cell(reason.words, None, link("sent")),
        number(len(reason.frames), link("sent")),
        share(len(reason.frames), reviews),
        number(reason.alone),
        number(reason.true, link("found-bad")),
        number(reason.said),
        share(reason.true, reason.said, link("found-bad")),
        interval(reason.true, reason.said),
    ]


def ranked(found: list[Reason]) -> list[Reason]:
    return [reason for reason in sorted(found, key=lambda reason: -reason.needless) if reason.needless > 0][:SHOWN]


def mend_table(scope: Scope, found: list[Reason]) -> Table:
    rows = [
        [
            Cell(reason.words, None, scope.frames_address(of="found-good", reason=reason.code)),
            number(len(reason.frames), scope.frames_address(of="sent", reason=reason.code)),
            share(reason.false, reason.said, scope.frames_address(of="found-good", reason=reason.code)),
            number(reason.said),
            Cell(f"{reason.needless:,.1f}", round(reason.needless, 3)),
        ]
        for reason in ranked(found)
    ]
    note = "Needless reviews: reviews it causes × the share that people found false."
    columns = ["Reason", "Reviews", "Share false", "of decided", "Needless reviews"]
    return Table("mend", "What to mend first", columns, rows, note)


def typical(
    found: list[Reason], reviews: list[Sent], labels: Mapping[int, Label]
) -> Iterator[tuple[Reason, list[int]]]:
    """Three photos of each: found false, with few other reasons, of middling confidence."""
    by_frame = {review.frame: review for review in reviews}
    for reason in ranked(found):
        known = [by_frame[pk].confidence for pk in reason.frames]
        middle = median([confidence for confidence in known if confidence is not None] or [0])

        def untypical(pk: int, middle: float = middle) -> tuple[bool, int, float, int]:
            review, label = by_frame[pk], labels.get(pk)
            is_false = bool(label and not label.is_bad)
            return not is_false, len(review.reasons), abs((review.confidence or 0) - middle), pk

        yield reason, sorted(reason.frames, key=untypical)[:TYPICAL]
