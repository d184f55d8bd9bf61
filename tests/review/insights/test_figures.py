"""The page of figures, each number counted anew by plain code from frames with every kind of history."""

from collections import Counter
from datetime import date, datetime, timedelta
from http import HTTPStatus
from itertools import pairwise

import pytest

from pipeline.states import State
from review.evidence.labels import samples
from review.evidence.statistics import exact_rate
from review.insights.scope import Scope
from review.insights.tables import between
from review.insights.whole import Reader, read
from tests.review.insights.conftest import ALL, BERLIN

SCOPES = [
    ALL,
    Scope(date(2026, 10, 24), date(2026, 10, 26)),
    Scope(date(2026, 10, 1), date(2026, 11, 20), product_class="eyewear", view="angle"),
    Scope(date(2026, 10, 1), date(2026, 11, 20), uploader=0),
]
WHICH = pytest.mark.parametrize("scope", SCOPES, ids=["all", "clocks", "class and view", "command"])


def chosen(seeded, scope):
    """The frames that a scope is about, told by plain comparison."""
    for row in seeded:
        frame = row["frame"]
        is_named = not scope.product_class or frame.product_class == scope.product_class
        is_named = is_named and (not scope.view or frame.view == scope.view)
        is_named = is_named and (scope.uploader is None or frame.batch.created_by_id is None)
        if (
            is_named
            and frame.processed_at
            and scope.first <= frame.processed_at.astimezone(BERLIN).date() <= scope.last
        ):
            yield row


def first_label(row):
    """What the first decision that stands said of the first scorecard, if it speaks for other frames."""
    if not row["cards"]:
        return None
    card = row["cards"][0]
    undone = {said.undoes_id for said in row["said"]}
    for said in row["said"]:
        counts = said.occasion == "exception" or (card.is_marked and said.occasion == "drawn")
        if said.pk not in undone and said.scorecard_id == card.pk and said.label and counts:
            return said.label
    return None


def reasons_of(row):
    card = row["cards"][0] if row["cards"] else None
    return card.reasons if card and not card.publish else row["frame"].reasons


def value(table, row, column):
    names = [cells[0].text for cells in table.rows]
    return table.rows[names.index(row)][table.columns.index(column)].raw


@WHICH
def test_shares_by_day_class_batch_and_model_are_those_of_a_plain_count(seeded, scope):
    mine = list(chosen(seeded, scope))
    found = read(scope).tables
    assert len(mine) > 20
    for name, key, label_of in (
        ("day", lambda f: f.processed_at.astimezone(BERLIN).date(), lambda day: f"{day:%a %-d %b}"),
        ("product-class", lambda f: f.product_class, str),
        ("view", lambda f: f.view, str),
        ("batch", lambda f: f.batch.name, str),
        ("uploader", lambda f: f.batch.created_by.username if f.batch.created_by else "a command", str),
    ):
        processed = Counter(key(row["frame"]) for row in mine)
        sent = Counter(key(row["frame"]) for row in mine if row["frame"].was_exception)
        unseen = Counter(key(r["frame"]) for r in mine if r["frame"].published_at and not r["frame"].was_exception)
        assert len(found[name].rows) == len(processed)
        for which, n in processed.items():
            told = label_of(which)
            assert value(found[name], told, "Processed") == n
            assert value(found[name], told, "Sent to review") == sent[which]
            assert value(found[name], told, "Published unseen") == unseen[which]
            assert value(found[name], told, "Share sent") == pytest.approx(sent[which] / n)
    held = Counter(row["cards"][0].model_sha256 for row in mine if row["cards"] and not row["cards"][0].publish)
    scored = Counter(row["cards"][0].model_sha256 for row in mine if row["cards"])
    assert {cells[0].text: (cells[1].value, cells[2].value) for cells in found["model"].rows} == {
        f"net {sha[:8]}": (n, held[sha]) for sha, n in scored.items()
    }


@WHICH
def test_reasons_escapes_and_the_ladder_are_those_of_a_plain_count(seeded, scope):
    mine = list(chosen(seeded, scope))
    found = Reader(scope)
    sent = [row for row in mine if row["frame"].was_exception]
    assert Counter({reason.code: len(reason.frames) for reason in found.reasons}) == Counter(
        code for row in sent for code in reasons_of(row)
    )
    for reason in found.reasons:
        having = [row for row in sent if reason.code in reasons_of(row)]
        held = [row for row in having if row["cards"] and not row["cards"][0].publish]
        said = Counter(first_label(row) for row in held)
        assert (reason.true, reason.false) == (said["bad"], said["good"])
        assert reason.alone == sum(len(reasons_of(row)) == 1 for row in having)
    audited = [row for row in mine if row["cards"] and row["cards"][0].publish and first_label(row)]
    told = value(found.whole().tables["escapes"], "Escapes: bad, of those published unseen", "Counted")
    assert told == f"{sum(first_label(row) == 'bad' for row in audited)} of {len(audited)} audits"
    firsts = [row["cards"][0] for row in mine if row["cards"]]
    rescued = Counter(card.rung for card in firsts if card.publish and card.rung != "first-look")
    assert Counter(one.rung for one in found.doubted if one.is_passed for _ in range(one.photos)) == rescued
    assert sum(one.photos for one in found.doubted if not one.is_passed) == sum(not card.publish for card in firsts)


def test_labels_are_the_samples_that_certificates_rest_on(seeded):
    theirs = {(sample.card.frame_id, sample.is_bad, sample.probability) for sample in samples()}
    assert {(s.frame, s.is_bad, s.probability) for s in Reader(ALL).labels.values()} == theirs


@WHICH
def test_times_are_those_of_a_plain_count(seeded, scope):
    mine = list(chosen(seeded, scope))
    unseen = [row["frame"] for row in mine if row["frame"].published_at and not row["frame"].was_exception]
    taken = sorted((frame.published_at - frame.received_at).total_seconds() for frame in unseen)
    found = Reader(scope)
    assert (found.to_s3.count, found.to_s3.late) == (len(taken), sum(seconds > 300 for seconds in taken))
    assert found.to_s3.longest == taken[-1]
    for part, at in ((0.5, found.to_s3.p50), (0.95, found.to_s3.p95)):
        assert sum(t <= at for t in taken) >= part * len(taken) > sum(t < at for t in taken)
    spent = Counter()
    for row in mine:
        moves = [(row["frame"].received_at, State.RECEIVED), *((step.at, step.target) for step in row["steps"])]
        ends = [i for i, (_, state) in enumerate(moves) if state == State.PUBLISHED]
        for (at, state), (until, _) in pairwise(moves[: ends[0] + 1] if ends else moves):
            spent[state] += (until - at).total_seconds()
    for state, name in ((State.RECEIVED, "Waiting in line"), (State.EXCEPTION, "Waiting for people")):
        assert sum(found.parts.seconds.get(name, [])) == pytest.approx(spent[state])


@WHICH
def test_the_backlog_is_that_of_a_plain_replay(seeded, scope):
    named = [r for r in seeded if not scope.view or (r["frame"].product_class, r["frame"].view) == ("eyewear", "angle")]
    named = [r for r in named if scope.uploader is None or r["frame"].batch.created_by_id is None]
    found = Reader(scope).backlog
    assert max(at.waiting for at in found) > 3
    for day, at in zip(scope.days, found, strict=False):
        end = datetime(day.year, day.month, day.day, tzinfo=BERLIN) + timedelta(days=1)
        before = [[step for step in row["steps"] if step.at < min(end, at.moment)] for row in named]
        waiting = [steps[-1].at for steps in before if steps and steps[-1].target == State.EXCEPTION]
        assert at.waiting == len(waiting)
        assert at.oldest == (pytest.approx((at.moment - min(waiting)).total_seconds()) if waiting else None)


def test_operators_are_those_of_a_plain_count(seeded):
    everything = sorted((said for row in seeded for said in row["said"]), key=lambda said: (said.at, said.pk))
    undone = {said.undoes_id for said in everything}
    for operator in Reader(ALL).people:
        acts = [said for said in everything if said.by == operator.name]
        stand = [said for said in acts if said.kind != "undo" and said.pk not in undone]
        assert operator.decisions == len(stand)
        assert operator.undone == sum(said.pk in undone for said in acts)
        assert operator.overrides == sum(said.kind == "approve" and said.label == "bad" for said in stand)
        gaps = [(b.at - a.at).total_seconds() for a, b in pairwise(acts) if b.kind != "undo"]
        assert sorted(operator.seconds) == pytest.approx(sorted(gap for gap in gaps if gap <= 300))


@WHICH
def test_agreement_is_that_of_a_plain_count(seeded, scope):
    mine = list(chosen(seeded, scope))
    every = [said for row in mine for said in row["said"]]
    undone = {said.undoes_id for said in every}
    by_number = {said.pk: said for said in every}
    seconds = [said for said in every if said.second_of_id and not {said.pk, said.second_of_id} & undone]
    alike = [said for said in seconds if said.label == by_number[said.second_of_id].label]
    found = read(scope).tables["agreement"]
    assert value(found, "Agreed", "Photos") == len(alike)
    assert value(found, "Agreed", "of") == len(seconds)
    assert value(found, "Said different things", "Photos") == len(seconds) - len(alike)
    for label, words in (("good", "The cut-out is good"), ("bad", "The cut-out is bad")):
        assert value(found, f"{words}, said both", "Photos") == sum(said.label == label for said in alike)
    if scope == ALL:
        assert len(seconds) > len(alike) > 0
        share, low_high = value(found, "Agreed", "Share"), value(found, "Agreed", "95 % interval")
        assert share == len(alike) / len(seconds) and low_high == between(exact_rate(len(alike), len(seconds)))


@WHICH
def test_every_figure_leads_to_exactly_the_frames_that_it_counts(seeded, scope, sign_in):
    browser = sign_in("manager")
    checked = 0
    for table in read(scope).tables.values():
        if table.name in ("operators", "backlog"):
            continue
        for row in table.rows:
            for cell in row[1:]:
                if cell.link and isinstance(cell.value, int):
                    listed = browser.get(cell.link)
                    assert listed.status_code == HTTPStatus.OK, cell.link
                    assert listed.context["cl"].result_count == cell.value, (table.name, row[0].text, cell.link)
                    checked += 1
    assert checked > 40
