"""What came of it, as one table: each figure beside its limit."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import quantiles
from typing import Any

from tests.faults.product import Product
from tests.soak.heard import Answer, Heard, Kind
from tests.soak.processes import Watch

ANSWER_MS, PAGE_MS, TO_SHOP_MINUTES, GROWTH = 500, 300, 5, 1.1
LEAST_FOR_GROWTH = 200
"""With fewer photos workers are still warming up, and their memory tells nothing."""
GAPS = {"web": "the web process", "workers": "workers"}


@dataclass(frozen=True)
class Line:
    name: str
    found: str
    limit: str = ""
    is_kept: bool = True

    def __str__(self) -> str:
        verdict = ("ok" if self.is_kept else "TOO MUCH") if self.limit else ""
        return f"{self.name:<58}{self.found:>26}  {self.limit:<22}{verdict}".rstrip()


def at_share(values: Sequence[float], share: int) -> float:
    """The value that so many per cent of them don't exceed; 0 where there are none."""
    if len(values) < 2:
        return values[0] if values else 0.0
    return quantiles(values, n=100, method="inclusive")[share - 1]


def of_answers(heard: Heard) -> list[Line]:
    answers = heard.of("upload", "API", "script")
    lines = [
        Line("time in the server:", "p95 / slowest / CPU p95"),
        _times("answers", answers, ANSWER_MS),
        *(_times(f"  of them: {words}", heard.of(kind)) for kind, words in _KINDS.items()),
        _times("pages", heard.of("page"), PAGE_MS),
    ]
    waited = [answer.waited_ms for answer in heard.of("API")]
    lines.append(Line("the API as its programs wait for it, p50 / p95", _pair(waited, "ms")))
    refused = Counter(answer.status for answer in heard.answers if answer.status >= 400)
    told = ", ".join(f"{count} × {status}" for status, count in sorted(refused.items())) or "none"
    return [*lines, Line("refusals", told), _none("faults", heard.faults)]


_KINDS: dict[Kind, str] = {"upload": "uploads", "API": "the API", "script": "scripts and pictures of pages"}


def _times(name: str, answers: list[Answer], limit: int = 0) -> Line:
    times, used = [answer.server_ms for answer in answers], [answer.cpu_ms for answer in answers]
    p95, slowest = at_share(times, 95), max(times, default=0)
    found = f"{p95:.0f} / {slowest:.0f} / {at_share(used, 95):.0f} ms"
    return Line(f"{name} ({len(times):,})", found, f"p95 < {limit} ms" if limit else "", p95 < limit or not limit)


def of_photos(product: Product, name: str, seconds: float, limit: bool = False) -> list[Line]:
    """Of what went to the shop by itself; people take as long as they like."""
    rows = product.rows(
        "SELECT received_at, published_at FROM pipeline_frame JOIN pipeline_batch ON batch_id = pipeline_batch.id "
        f"WHERE NOT was_exception AND published_at IS NOT NULL AND name = '{name}'"
    )
    minutes = [(_time(done) - _time(came)).total_seconds() / 60 for came, done in rows]
    is_kept = not limit or at_share(minutes, 95) < TO_SHOP_MINUTES
    bound = f"p95 < {TO_SHOP_MINUTES} min" if limit else ""
    return [
        Line(f"{name}: from photo to shop, p50 / p95 of {len(rows):,}", _pair(minutes, "min", 1), bound, is_kept),
        Line(f"{name}: it took", f"{seconds / 60:.1f} min"),
    ]


def of_processes(watch: Watch, photos: int) -> list[Line]:
    used = watch.used("workers")
    lines = [Line("photos an hour and core, by CPU time of workers", f"{3600 * photos / max(used, 0.01):,.0f}")]
    return lines + [_growth(watch, role, words, photos) for role, words in GAPS.items()]


def _growth(watch: Watch, role: str, words: str, photos: int) -> Line:
    """Between a fifth of the photos and all of them: 100 and 500."""
    early = watch.held_around(role, photos // 10, photos // 5)
    late = watch.held_around(role, photos - photos // 10, photos)
    is_judged = photos >= LEAST_FOR_GROWTH
    limit = f"< {GROWTH} times" if is_judged else ""
    name = f"memory of {words}, after {photos // 5} and {photos} photos"
    return Line(name, f"{early:.0f} → {late:.0f} MB", limit, not is_judged or 0 < late <= GROWTH * early)


def of_the_end(product: Product, taken: list[str], is_settled: bool, verified: list[str]) -> list[Line]:
    there = Counter(name for (name,) in product.rows("SELECT filename FROM pipeline_frame WHERE state <> 'removed'"))
    states = Counter(state for (state,) in product.rows("SELECT state FROM pipeline_frame"))
    told = ", ".join(f"{count} {state}" for state, count in states.most_common(3))
    return [
        Line(f"{len(taken):,} photos taken in", told),
        _none("photos lost", list((Counter(taken) - there).elements())),
        _none("still on its way", [] if is_settled else ["photos"]),
        _none("what verify finds", verified),
    ]


def _none(name: str, found: list[str]) -> Line:
    return Line(name, f"{len(found)}", "0", not found)


def _pair(values: list[float], unit: str, digits: int = 0) -> str:
    return f"{at_share(values, 50):.{digits}f} / {at_share(values, 95):.{digits}f} {unit}"


def _time(told: Any) -> datetime:
    """SQLite keeps text."""
    return told if isinstance(told, datetime) else datetime.fromisoformat(told)
