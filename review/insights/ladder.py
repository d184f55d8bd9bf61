"""The repair ladder: of a hundred doubtful photos, how many it rescued, how many reached people, how many were fine."""

from collections import Counter
from collections.abc import Iterable

from pipeline.words import RUNG_WORDS
from review.insights.facts import AT_ONCE, Doubted, Label
from review.insights.scope import Scope
from review.insights.tables import INTERVAL, Cell, Table, interval, number, share


def tried(found: list[Doubted]) -> Counter[str]:
    """How often each rung was climbed."""
    climbed: Counter[str] = Counter()
    for alike in found:
        climbed.update(dict.fromkeys((alike.rung, *alike.others), alike.photos))
    return climbed


def table(scope: Scope, found: list[Doubted], labels: Iterable[Label]) -> Table:
    climbed, rescued = tried(found), _rescued(found)
    doubtful = sum(alike.photos for alike in found)
    held = sum(alike.photos for alike in found if not alike.is_passed)
    decided = [label for label in labels if not label.is_passed]
    fine = sum(not label.is_bad for label in decided)
    rows = [
        [
            Cell(f"Rescued by: {words}", None, link := scope.frames_address(of="rescued", rung=rung)),
            number(rescued[rung], link),
            number(climbed[rung]),
            *_of(rescued[rung], doubtful),
        ]
        for rung, words in RUNG_WORDS.items()
        if rung not in AT_ONCE and climbed[rung]
    ]
    reached = scope.frames_address(of="held")
    rows.append([Cell("Reached people", None, reached), number(held, reached), Cell(""), *_of(held, doubtful)])
    good = scope.frames_address(of="found-good")
    rows.append([Cell("of them fine", None, good), number(fine, good), Cell(""), *_of(fine, len(decided))])
    note = (
        f"Of {doubtful:,} photos whose first matte was doubtful. Fine: a person found the cut-out good, of the "
        f"{len(decided):,} that were decided. The second model only makes a matte for the reviewer to choose."
    )
    return Table("ladder", "The repair ladder", ["", "Photos", "Tried", "Of 100", INTERVAL], rows, note)


def _rescued(found: list[Doubted]) -> Counter[str]:
    """How often each rung's matte was published."""
    rescued: Counter[str] = Counter()
    for alike in found:
        if alike.is_passed:
            rescued[alike.rung] += alike.photos
    return rescued


def _of(k: int, n: int) -> list[Cell]:
    return [share(k, n), interval(k, n)]
