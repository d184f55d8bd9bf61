"""The page of figures worked out a second time: plain loops over rows, and nothing of review.insights.

Names of frames, cards, steps and decisions are those of the columns. What is expected of a table is `{row: [cells]}`,
a cell being what the spreadsheet has: a number, or words.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from math import ceil
from statistics import mean, median
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from scipy.stats import beta, binomtest

from pipeline.models import Batch, Frame, Scorecard, Transition
from pipeline.templatetags.mattegate import per_cent
from pipeline.words import RUNG_WORDS, in_words
from review.models import Decision

Row = SimpleNamespace
Cells = dict[str, list[Any]]
SETTLED = ("skip", "undo", "edit")
TARGET_ESCAPE = 0.1


@cache
def between(k: int, n: int) -> str:
    if not n:
        return ""
    found = binomtest(k, n).proportion_ci(0.95, "exact")
    return f"{per_cent(found.low)} – {per_cent(found.high)}"


def share(k: int, n: int) -> Any:
    return k / n if n else ""


def at_least(part: float, values: Iterable[float]) -> float:
    """The smallest of them which that part of all isn't above."""
    ordered = sorted(values)
    return next(v for v in ordered if sum(other <= v for other in ordered) >= part * len(ordered) - 1e-9)


@dataclass(frozen=True)
class Asked:
    """What the page is asked for."""

    first: date
    last: date
    zone: ZoneInfo
    product_class: str = ""
    view: str = ""
    owner: int | None = None

    def has_named(self, frame: Row) -> bool:
        return (
            self.product_class in ("", frame.product_class)
            and self.view in ("", frame.view)
            and self.owner in (None, frame.batch.created_by_id)
        )

    def has_day(self, moment: datetime | None) -> bool:
        return moment is not None and self.first <= moment.astimezone(self.zone).date() <= self.last


class History:
    """Every row, each frame with its own."""

    def __init__(self) -> None:
        batches = {batch.pk: batch for batch in Batch.objects.select_related("created_by")}
        self.frames = [Row(**fields) for fields in Frame.objects.order_by("pk").values()]
        for frame in self.frames:
            frame.batch, frame.cards, frame.steps, frame.said = batches[frame.batch_id], [], [], []
        known = {frame.id: frame for frame in self.frames}
        for fields in Scorecard.objects.order_by("pk").values():
            known[fields["frame_id"]].cards.append(Row(**fields))
        for moved in Transition.objects.order_by("pk").values():
            known[moved["frame_id"]].steps.append(Row(**moved))
        self.said = [Row(**fields) for fields in Decision.objects.order_by("at", "pk").values()]
        self.undone = {said.undoes_id for said in self.said}
        self.by_number = {said.id: said for said in self.said}
        for said in self.said:
            known[said.frame_id].said.append(said)
        self.known = known
        for frame in self.frames:
            frame.card, frame.label = self._first(frame)

    def _first(self, frame: Row) -> tuple[Row | None, str]:
        """The first scorecard that counts, and the first thing that was said of it and tells something of others."""
        stand = [said for said in frame.said if said.id not in self.undone]
        if not frame.cards or any(said.kind == "rename" for said in stand):
            return None, ""
        card = frame.cards[0]
        for said in stand:
            is_told = said.scorecard_id == card.id and said.label in ("good", "bad")
            is_chosen = said.occasion in ("sibling", "asked", "second")
            is_sample = not card.publish or (card.is_marked and said.occasion == "drawn")
            if is_told and is_sample and not is_chosen:
                return card, said.label
        return card, ""


class Recount:
    def __init__(self, history: History, asked: Asked) -> None:
        self.all, self.asked = history, asked
        self.mine = [f for f in history.frames if asked.has_named(f) and asked.has_day(f.processed_at)]
        self.sent = [f for f in self.mine if f.was_exception]
        self.unseen = [f for f in self.mine if f.published_at and not f.was_exception]
        self.scored = [f for f in self.mine if f.card]
        self.held = [f for f in self.scored if not f.card.publish]
        self.audited = [f for f in self.scored if f.card.publish and f.label]

    def day_of(self, frame: Row) -> date:
        return frame.processed_at.astimezone(self.asked.zone).date()

    # --- shares ---

    def shares(self, name_of: Callable[[Row], str]) -> Cells:
        groups: dict[str, list[Row]] = defaultdict(list)
        for frame in self.mine:
            groups[name_of(frame)].append(frame)
        found = {}
        for name, frames in groups.items():
            n, sent = len(frames), [f for f in frames if f.was_exception]
            unseen = sum(bool(f.published_at) and not f.was_exception for f in frames)
            failed = sum(f.has_failed for f in frames)
            found[name] = [n, unseen, len(sent), failed, len(sent) / n, between(len(sent), n)]
        return found

    def day(self) -> Cells:
        return self.shares(lambda f: f"{self.day_of(f):%a %-d %b}")

    def week(self) -> Cells:
        def monday(frame: Row) -> date:
            return date.fromisocalendar(*self.day_of(frame).isocalendar()[:2], 1)

        return self.shares(lambda f: f"Week {monday(f):%V}, {monday(f):%-d %b}")

    def product_class(self) -> Cells:
        return self.shares(lambda f: f.product_class)

    def view(self) -> Cells:
        return self.shares(lambda f: f.view)

    def uploader(self) -> Cells:
        return self.shares(lambda f: f.batch.created_by.username if f.batch.created_by else "a command")

    def batch(self) -> Cells:
        """Without the last column: of reasons that are as frequent any may be named."""
        return self.shares(lambda f: f.batch.name)

    def model(self) -> Cells:
        found = {}
        for sha in {f.card.model_sha256 for f in self.scored}:
            mine = [f.card for f in self.scored if f.card.model_sha256 == sha]
            held, marked = sum(not card.publish for card in mine), sum(card.is_marked for card in mine)
            counted = [len(mine), held, share(held, len(mine)), between(held, len(mine)), share(marked, len(mine))]
            found[f"{mine[0].model_name or 'unnamed'} {sha[:8]}".strip()] = counted
        return found

    # --- reasons ---

    def codes(self, frame: Row) -> list[str]:
        return frame.card.reasons if frame.card and not frame.card.publish else frame.reasons

    def by_reason(self) -> dict[str, tuple[list[Row], int, int]]:
        """The reviews that have it; of them found bad, and good."""
        found = {}
        for code in {code for f in self.sent for code in self.codes(f)}:
            mine = [f for f in self.sent if code in self.codes(f)]
            said = Counter(f.label for f in mine if f.card and not f.card.publish)
            found[code] = mine, said["bad"], said["good"]
        return found

    def reasons(self) -> Cells:
        return {
            in_words(code): [
                len(mine), len(mine) / len(self.sent), sum(len(self.codes(f)) == 1 for f in mine),
                bad, bad + good, share(bad, bad + good), between(bad, bad + good),
            ]
            for code, (mine, bad, good) in self.by_reason().items()
        }  # fmt: skip

    def mend(self) -> Cells:
        return {
            in_words(code): [len(mine), good / (bad + good), bad + good, round(len(mine) * good / (bad + good), 3)]
            for code, (mine, bad, good) in self.by_reason().items()
            if good
        }

    # --- what slips through ---

    def defects(self) -> tuple[float, str]:
        known = [(f.label == "bad", f.card.audit_rate if f.card.publish else 1.0) for f in self.scored if f.label]
        weights = sum(1 / p for _, p in known)
        value = sum(bad / p for bad, p in known) / weights
        spread = sum((1 - p) / p**2 * (bad - value) ** 2 + (bad - value) ** 2 / p for bad, p in known)
        alike = min(weights**2 / sum(1 / p**2 for _, p in known), value * (1 - value) * weights**2 / spread)
        k = value * alike
        low, high = beta.ppf(0.025, k, alike - k + 1), beta.ppf(0.975, k + 1, alike - k)
        return value, f"{per_cent(low)} – {per_cent(high)}"

    def escapes(self) -> Cells:
        bad, n = sum(f.label == "bad" for f in self.audited), len(self.audited)
        due = sum(f.state == "published" and f.audit_due == "drawn" for f in self.mine)
        marked, scored = sum(f.card.is_marked for f in self.scored), len(self.scored)
        held = len(self.held)
        value, reach = self.defects()
        least = max(0, (value - TARGET_ESCAPE) / (1 - TARGET_ESCAPE))
        allowed = per_cent(TARGET_ESCAPE)
        return {
            "Escapes: bad, of those published unseen": [share(bad, n), between(bad, n), f"{bad} of {n} audits"],
            "Audits done": [n, "", ""],
            "Audits due": [due, "", ""],
            "Defects, of all photos": [value, reach, f"{sum(bool(f.label) for f in self.scored)} labels, weighted"],
            "Held by the gate at the first look": [
                share(held, scored), between(held, scored), f"{held:,} of {scored:,} scored",
            ],
            "Least that could be sent to review": [least, "", f"(defects − {allowed}) / (1 − {allowed})"],
            "Marked for audits": [share(marked, scored), between(marked, scored), f"{marked:,} of {scored:,} scored"],
        }  # fmt: skip

    def ladder(self) -> Cells:
        at_once = ("first-look", "own-alpha")
        doubted = [f.card for f in self.scored if not f.card.publish or f.card.rung not in at_once]
        found = {}
        for rung, words in RUNG_WORDS.items():
            tried = sum(rung in {card.rung, *(other["rung"] for other in card.others)} for card in doubted)
            rescued = sum(card.publish and card.rung == rung for card in doubted)
            if tried and rung not in at_once:
                counted = [rescued, tried, share(rescued, len(doubted)), between(rescued, len(doubted))]
                found[f"Rescued by: {words}"] = counted
        decided = [f for f in self.held if f.label]
        good, held, n = sum(f.label == "good" for f in decided), len(self.held), len(doubted)
        found["Reached people"] = [held, "", share(held, n), between(held, n)]
        found["of them fine"] = [good, "", share(good, len(decided)), between(good, len(decided))]
        return found

    # --- time ---

    def to_s3(self) -> Cells:
        taken = [(f.published_at - f.received_at).total_seconds() for f in self.unseen]
        late, n = sum(t > 300 for t in taken), len(taken)
        half, most = at_least(0.5, taken), at_least(0.95, taken)
        return {"Photo to S3": [n, round(half, 3), round(most, 3), round(max(taken), 3), late, late / n]}

    def spent(self) -> dict[str, list[float]]:
        """Seconds in each state until it was first published, by frame; of the latest 1,000 alone."""
        latest = sorted(self.mine, key=lambda f: (f.processed_at, f.id))[-1000:]
        found: dict[str, list[float]] = defaultdict(list)
        for frame in latest:
            moves = [(frame.received_at, "received"), *((step.at, step.target) for step in frame.steps)]
            first = next((i for i, (_, state) in enumerate(moves) if state == "published"), len(moves) - 1)
            sums: Counter[str] = Counter()
            for (since, state), (until, _) in pairwise(moves[: first + 1]):
                sums[state] += (until - since).total_seconds()
            for state, seconds in sums.items():
                found[state].append(seconds)
        return found

    def parts(self) -> Cells:
        names = {
            "Waiting in line": "received", "With Gemini": "enhancing", "Processing": "processing",
            "Waiting for people": "exception", "Waiting to be published": "approved", "Publishing": "publishing",
        }  # fmt: skip
        spent = self.spent()
        return {
            name: [
                len(spent[state]),
                *(
                    round(at, 3)
                    for at in (mean(spent[state]), at_least(0.5, spent[state]), at_least(0.95, spent[state]))
                ),
                round(max(spent[state]), 3),
            ]
            for name, state in names.items()
            if spent[state]
        }

    def backlog(self, now: datetime) -> Cells:
        """Each frame's state at the end of the day, found by going through its steps."""
        asked, found = self.asked, {}
        named = [f for f in self.all.frames if asked.has_named(f)]
        day = asked.first
        while day <= asked.last and datetime(day.year, day.month, day.day, tzinfo=asked.zone) <= now:
            after = day + timedelta(days=1)
            moment = min(now, datetime(after.year, after.month, after.day, tzinfo=asked.zone))
            since = []
            for frame in named:
                before = [step for step in frame.steps if step.at < moment]
                if before and before[-1].target == "exception":
                    since.append(before[-1].at)
            oldest = round((moment - min(since)).total_seconds(), 3) if since else ""
            found[f"{day:%a %-d %b}"] = [len(since), oldest]
            day = after
        return found

    def flow(self) -> tuple[int, int, int]:
        """Steps into review in the time; those out of it by a decision, and those by something else."""
        steps = [step for f in self.all.frames if self.asked.has_named(f) for step in f.steps]
        steps = [step for step in steps if self.asked.has_day(step.at)]
        left = [step.target for step in steps if step.source == "exception"]
        decided = sum(target in ("approved", "rejected", "received") for target in left)
        return sum(step.target == "exception" for step in steps), decided, len(left) - decided

    # --- people and money ---

    def gaps(self, name: str) -> list[float]:
        """From each act of this person to the next, shared by what was decided at once; an edit is part of the next."""
        groups: dict[Any, list[Row]] = {}
        for said in sorted((s for s in self.all.said if s.by == name), key=lambda s: (s.at, s.id)):
            if self.asked.has_day(said.at) and said.kind != "edit":
                groups.setdefault(said.group or said.id, []).append(said)
        found = []
        for before, acts in pairwise(groups.values()):
            gap = (acts[0].at - before[-1].at).total_seconds()
            counted = [a for a in acts if a.kind not in SETTLED and self.asked.has_named(self.all.known[a.frame_id])]
            found += [gap / len(acts) for _ in counted] if gap <= 300 else []
        return found

    def operators(self) -> Cells:
        found = {}
        for name in {said.by for said in self.all.said}:
            mine = [s for s in self.all.said if s.by == name and s.kind not in SETTLED and self.asked.has_day(s.at)]
            mine = [s for s in mine if self.asked.has_named(self.all.known[s.frame_id])]
            stand = [s for s in mine if s.id not in self.all.undone]
            if not mine:
                continue
            gaps, overrides = self.gaps(name), sum(s.kind == "approve" and s.label == "bad" for s in stand)
            times = [round(3600 * len(gaps) / sum(gaps), 2), round(median(gaps), 3)] if gaps else ["", ""]
            p90 = round(sorted(gaps)[ceil(0.9 * len(gaps) - 1e-9) - 1], 3) if gaps else ""
            undone = len(mine) - len(stand)
            found[name] = [len(stand), *times, p90, overrides, share(overrides, len(stand)), undone]
        return found

    def agreement(self) -> Cells:
        mine = {f.id for f in self.mine}
        seconds = [s for s in self.all.said if s.second_of_id and not {s.id, s.second_of_id} & self.all.undone]
        said = [(self.all.by_number[s.second_of_id].label, s.label) for s in seconds if s.frame_id in mine]
        n, same = len(said), sum(first == second for first, second in said)

        def cells(k: int) -> list[Any]:
            return [k, n, share(k, n), between(k, n)]

        return {
            "Agreed": cells(same),
            "The cut-out is good, said both": cells(said.count(("good", "good"))),
            "The cut-out is bad, said both": cells(said.count(("bad", "bad"))),
            "The photo is to be taken anew, said both": cells(said.count(("", ""))),
            "Said different things": cells(n - same),
        }

    def money(self, compute: float, people: float, by_hand: float) -> Cells:
        """US dollars in all, and a photo; nobody asked Gemini."""
        n, published, spent = len(self.mine), sum(bool(f.published_at) for f in self.mine), self.spent()
        work = sum(spent["processing"] + spent["publishing"]) / min(n, 1000)
        names = {said.by for said in self.all.said}
        computing = compute * work * n / 3600
        operators = people * sum(sum(self.gaps(name)) for name in names) / 3600
        total = computing + operators
        return {
            "Computing": [computing, computing / n],
            "Gemini": [0, 0],
            "Operators": [operators, operators / n],
            "Together": [total, total / n],
            "By hand": [by_hand * published, by_hand],
            "Saved": [by_hand * published - total, ""],
        }
