"""The same in Prometheus' text format, made anew for every scrape: nothing is counted in this process."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pipeline import clock, queues, space
from pipeline.models import Frame, Scorecard
from pipeline.states import UNFINISHED, State
from review.evidence.labels import first_scorecards, telling
from review.models import Decision
from review.operations import dependencies
from review.operations.limits import Answer, Question, Remembered, ask

DAYS = 7
RUNS = 500
KEPT_SECONDS = 5
WAITING = sorted({*UNFINISHED, State.EXCEPTION})


def frames() -> dict[str, tuple[int, datetime]]:
    """How many are in each state, and since when the one that has been there longest."""
    rows = Frame.objects.order_by().values_list("state").annotate(Count("pk"), Min("state_since"))
    return {state: (count, since) for state, count, since in rows}


def processed() -> dict[str, int]:
    """Of the last days: processed, of them sent to review, of those failed."""
    recent = Frame.objects.filter(processed_at__gte=timezone.now() - timedelta(days=DAYS))
    failed, sent = Count("pk", filter=Q(has_failed=True)), Count("pk", filter=Q(was_exception=True))
    return recent.aggregate(processed=Count("pk"), sent_to_review=sent, failed=failed)


def audits() -> dict[str, int]:
    """Blind audits of frames that were published unseen, by what was found: as the figures count them."""
    said = telling(first_scorecards()).filter(scorecard__publish=True)
    first: dict[int, str] = {}
    for frame, label in said.values_list("frame", "label"):
        first.setdefault(frame, label)
    found = list(first.values())
    return {label: found.count(label) for label in (Decision.Label.GOOD.value, Decision.Label.BAD.value)}


def stages() -> dict[str, list[float]]:
    """What each stage took in the last runs, in seconds."""
    found: dict[str, list[float]] = defaultdict(list)
    for seconds in Scorecard.objects.order_by("-pk").values_list("seconds", flat=True)[:RUNS]:
        for stage, taken in seconds.items():
            found[stage].append(taken)
    return found


QUESTIONS = {
    **dependencies.QUESTIONS,
    "frames": Question(frames),
    "processed": Question(processed),
    "audits": Question(audits),
    "stages": Question(stages),
    "work": Question(queues.look),
    "tick": Question(clock.last_tick),
    "disks": Question(space.disks),
}


class Now(Collector):
    """What is known now; of what could not be asked there is nothing, and `mattegate_up` says why."""

    def collect(self) -> Iterator[Metric]:
        answers = ask(QUESTIONS)
        yield from _up({name: answers[name] for name in dependencies.QUESTIONS})
        for name, told in TOLD.items():
            if answers[name].value is not None:
                yield from told(answers[name].value)


def _gauge(name: str, words: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    gauge = GaugeMetricFamily(f"mattegate_{name}", words, labels=[label])
    for labelled, value in values:
        gauge.add_metric([labelled], value)
    return gauge


def _plain(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"mattegate_{name}", words, value=value)


def _age(since: datetime) -> float:
    return max(0.0, (timezone.now() - since).total_seconds())


def _up(answers: dict[str, Answer]) -> Iterator[Metric]:
    there = ((name, float(answer.is_there)) for name, answer in answers.items())
    yield _gauge("up", "1 where it answers.", "dependency", there)
    took = ((name, answer.seconds) for name, answer in answers.items())
    yield _gauge("answer_seconds", "How long it took to answer, or to give up.", "dependency", took)


def _frames(found: dict[str, tuple[int, datetime]]) -> Iterator[Metric]:
    counts = ((state.value, found.get(state, (0,))[0]) for state in State)
    yield _gauge("frames", "Frames by state.", "state", counts)
    ages = ((state.value, _age(found[state][1])) for state in WAITING if state in found)
    yield _gauge("frames_oldest_seconds", "How long the oldest frame has been in a state.", "state", ages)


def _processed(found: dict[str, int]) -> Iterator[Metric]:
    for name, words in {
        "processed": f"Frames processed in the last {DAYS} days.",
        "sent_to_review": f"Of the frames processed in the last {DAYS} days: sent to review.",
        "failed": f"Of the frames processed in the last {DAYS} days: sent to review because something failed.",
    }.items():
        yield _plain(f"recent_{name}_frames", words, found[name])
    if found["processed"]:
        share = found["sent_to_review"] / found["processed"]
        yield _plain("review_share", f"Share sent to review in the last {DAYS} days, 0 to 1.", share)


def _audits(found: dict[str, int]) -> Iterator[Metric]:
    yield _gauge("audits", "Blind audits of frames published unseen.", "found", found.items())
    if total := sum(found.values()):
        yield _plain("escape_share", "Share of them that should have been held, 0 to 1.", found["bad"] / total)


def _stages(found: dict[str, list[float]]) -> Iterator[Metric]:
    gauge = GaugeMetricFamily(
        "mattegate_stage_seconds", f"What a stage took in the last {RUNS} runs.", labels=["stage", "quantile"]
    )
    for stage, taken in sorted(found.items()):
        twentieths = statistics.quantiles(taken, n=20, method="inclusive") if len(taken) > 1 else taken * 19
        for quantile, value in (("0.5", twentieths[9]), ("0.95", twentieths[18]), ("1", max(taken))):
            gauge.add_metric([stage, quantile], value)
    yield gauge


def _work(seen: queues.Seen) -> Iterator[Metric]:
    yield _gauge("queue_jobs", "Jobs that wait.", "queue", ((q.name, q.depth) for q in seen.queues))
    ages = ((q.name, _age(q.oldest_since) if q.oldest_since else 0) for q in seen.queues)
    yield _gauge("queue_oldest_seconds", "How long the oldest job has waited.", "queue", ages)
    yield _gauge("failed_jobs", "Jobs that failed in the last day.", "queue", ((q.name, q.failed) for q in seen.queues))
    yield _plain("workers", "Workers heard of.", len(seen.workers))
    rss = ((f"{w.host}:{w.pid}", w.rss_mb * 1e6) for w in seen.workers if w.rss_mb is not None)
    yield _gauge("worker_resident_bytes", "Memory that a worker holds.", "worker", rss)
    busy = ((f"{w.host}:{w.pid}", _age(w.job.since)) for w in seen.workers if w.job and w.job.since)
    yield _gauge("worker_busy_seconds", "How long a worker has been at its job.", "worker", busy)


def _tick(tick: clock.Tick) -> Iterator[Metric]:
    yield _plain("cron_age_seconds", "Since the clock last ran.", _age(tick.at))


def _disks(found: list[space.Disk]) -> Iterator[Metric]:
    free = ((", ".join(disk.holds), disk.free) for disk in found)
    yield _gauge("disk_free_bytes", "Room left on this host.", "holds", free)


TOLD: dict[str, Any] = {
    "frames": _frames,
    "processed": _processed,
    "audits": _audits,
    "stages": _stages,
    "work": _work,
    "tick": _tick,
    "disks": _disks,
}


def _text() -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Now())
    return generate_latest(registry)


_REMEMBERED = Remembered(_text, KEPT_SECONDS)


def text() -> bytes:
    """Made anew at most every few seconds, however often it is scraped."""
    found: bytes = _REMEMBERED.get()
    return found


forget = _REMEMBERED.forget
