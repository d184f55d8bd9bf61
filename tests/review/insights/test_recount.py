"""Every number of the page of figures, worked out again by other code from more than two thousand frames.

They are of half a year of working days, and of nine days and nights around a change of clocks, seen in a zone that
changes them: published, held, superseded, withdrawn, reviewed again, audited, taken back, reprocessed, decided twice.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from pipeline.models import Frame, Scorecard, Transition
from pipeline.states import State
from review.insights.scope import Scope
from review.insights.whole import read
from review.management.history import seeding
from review.models import Decision
from tests.review.insights.conftest import BERLIN
from tests.review.insights.recount import Asked, History, Recount
from tests.review.insights.seeded import seed

FRAMES, UNTIL = 2000, datetime(2026, 11, 2, 9, tzinfo=UTC)
PRICES = {"COMPUTE_PRICE_PER_HOUR": "0.6", "OPERATOR_PRICE_PER_HOUR": "24", "MANUAL_PRICE_PER_PHOTO": "1.5"}
SPANS = {
    "half a year": (date(2026, 5, 1), date(2026, 11, 3), {}),
    "the day that the clocks change": (date(2026, 10, 25), date(2026, 10, 25), {}),
    "a month of one class": (date(2026, 10, 1), date(2026, 10, 31), {"product_class": "eyewear"}),
    "a view": (date(2026, 8, 1), date(2026, 11, 3), {"view": "angle"}),
}
TABLES = (
    *("day", "week", "product-class", "view", "uploader", "batch", "model", "reasons", "mend", "escapes", "ladder"),
    *("to-s3", "parts", "operators", "agreement"),
)


@pytest.fixture(scope="module")
def history(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch, timezone.override(BERLIN):
        patch.setattr(seeding.settings, "AUDIT_KEY", "of these tests")
        with transaction.atomic():
            seeding.seed_history(FRAMES, 8, UNTIL)
            seed(400)
            _recall()
            yield History()
            transaction.set_rollback(True)


def _recall() -> None:
    """Some that were published unseen are reviewed again because a manager asked for it, and found bad."""
    for frame in Frame.objects.filter(state=State.PUBLISHED, audit_due="", was_exception=False).order_by("pk")[:20]:
        at, card = frame.state_since + timedelta(hours=3), Scorecard.objects.filter(frame=frame).earliest("pk")
        said = Decision.objects.create(
            frame=frame, scorecard=card, kind="discard", label="bad", occasion="asked", by="olga"
        )
        Decision.objects.filter(pk=said.pk).update(at=at)
        for source, target in ((State.PUBLISHED, State.WITHDRAWING), (State.WITHDRAWING, State.EXCEPTION)):
            step = Transition.objects.create(frame=frame, source=source, target=target, actor="olga")
            Transition.objects.filter(pk=step.pk).update(at=at)
        Frame.objects.filter(pk=frame.pk).update(state=State.EXCEPTION, state_since=at, was_exception=True)


@pytest.fixture(params=SPANS)
def both(request, history, db, settings):
    """What the page says of a span, and what plain loops say of it."""
    for name, price in PRICES.items():
        setattr(settings, name, Decimal(price))
    first, last, narrower = SPANS[request.param]
    with timezone.override(BERLIN):
        found, now = read(Scope(first, last, **narrower)), timezone.now()
        yield found, Recount(history, Asked(first, last, BERLIN, **narrower)), now


def told(table, columns: slice = slice(1, None)):
    return {cells[0].text: [cell.raw for cell in cells[columns]] for cells in table.rows}


def alike(cells):
    """With shares compared as floats are, and a figure of nothing however it is written."""
    return [
        "" if cell == "–" else pytest.approx(cell, rel=1e-6, abs=2e-3 if cell > 1 else 1e-9)
        if isinstance(cell, float)
        else cell
        for cell in cells
    ]  # fmt: skip


def test_what_is_counted_has_every_kind_of_history(history):
    states = {frame.state for frame in history.frames}
    assert len(history.frames) >= 2400
    assert {"superseded", "withdrawn", "rejected", "published", "exception", "received", "unreadable"} <= states
    assert {said.kind for said in history.said} >= {
        "approve",
        "discard",
        "reject",
        "reprocess",
        "rename",
        "undo",
        "skip",
    }
    assert {said.occasion for said in history.said} >= {"exception", "drawn", "asked", "second"}
    utc, berlin = (
        [f.processed_at.astimezone(zone).date() for f in history.frames if f.processed_at] for zone in (UTC, BERLIN)
    )
    assert sum(there != here for there, here in zip(utc, berlin, strict=True)) > 20  # between the two midnights


def disagreeing(found, expected):
    """The tables that say something else than plain loops count."""
    return {name for name in TABLES if not _agrees(found.tables[name], expected, name)}


def _agrees(table, expected, name):
    again = getattr(expected, name.replace("-", "_"))()
    rows = told(table, slice(1, -1) if name == "batch" else slice(1, None))
    if name == "mend":
        assert len(rows) == min(8, len(again))
        again = {reason: cells for reason, cells in again.items() if reason in rows}
    return set(rows) == set(again) and all(rows[row] == alike(cells) for row, cells in again.items())


def test_every_table_of_the_page_says_what_plain_loops_count(both):
    found, expected, _ = both
    assert set(found.tables) == {*TABLES, "backlog", "money"}
    assert disagreeing(found, expected) == set()


def audit_of_another_mind():
    said = Decision.objects.filter(occasion="drawn", label="good", undone_by=None, at__lt=UNTIL - timedelta(days=9))
    Decision.objects.filter(pk=said.earliest("pk").pk).update(label="bad")


def photo_of_the_day_before():
    frame = Frame.objects.filter(processed_at__lt=UNTIL).latest("processed_at")
    Frame.objects.filter(pk=frame.pk).update(processed_at=frame.processed_at - timedelta(days=1))


def other_reason():
    card = Scorecard.objects.filter(publish=False, frame__processed_at__lt=UNTIL, attempt=1).earliest("pk")
    Scorecard.objects.filter(pk=card.pk).update(reasons=["torn"])


@pytest.mark.parametrize(
    ("change", "tables"),
    [
        (audit_of_another_mind, {"escapes", "day", "week"}),
        (photo_of_the_day_before, {"day"}),
        (other_reason, {"reasons"}),
    ],
)
def test_one_row_that_is_another_is_found(history, db, change, tables):
    """Plain loops have read the rows before: where they agree with the page all the same, they compare nothing."""
    first, last, _ = SPANS["half a year"]
    with timezone.override(BERLIN):
        change()
        assert disagreeing(read(Scope(first, last)), Recount(history, Asked(first, last, BERLIN))) & tables


def test_the_backlog_is_what_going_through_every_step_gives(both):
    found, expected, now = both
    rows = told(found.tables["backlog"])
    again = expected.backlog(now)
    assert set(rows) == set(again)
    for day, (waiting, oldest) in again.items():
        assert rows[day][0] == waiting, day
        assert rows[day][1] == (pytest.approx(oldest, abs=120) if oldest else ""), day


def test_the_money_is_what_times_and_prices_make(both):
    found, expected, _ = both
    rows = told(found.tables["money"], slice(2, None))
    for name, cells in expected.money(*(float(price) for price in PRICES.values())).items():
        assert rows[name] == [pytest.approx(cell, rel=1e-5, abs=1e-4) if cell != "" else "" for cell in cells], name


def test_the_answers_on_top_are_those_of_the_tables(both):
    found, expected, _ = both
    said = {headline.name: headline for headline in found.headlines}
    sent, n = len(expected.sent), len(expected.mine)
    assert said["Sent to review"].detail.startswith(f"{sent:,} of {n:,} photos")
    bad = sum(frame.label == "bad" for frame in expected.audited)
    assert said["Slip through"].detail.startswith(f"{bad} of {len(expected.audited)} audits") or not expected.audited
    held = sum(bool(frame.card) and not frame.card.publish for frame in expected.sent)
    causes = f"; {held:,} held by the gate at the first look, {sent - held:,} for another cause"
    assert held > 0 and said["Sent to review"].detail.endswith(causes) == (held < sent)
    came, decided, gone = expected.flow()
    told = f"{came:,} came, {decided:,} {'was' if decided == 1 else 'were'} decided"
    told += f", {gone} {'was' if gone == 1 else 'were'} replaced or removed; " if gone else "; "
    assert came and told in said["Waiting for review"].detail
    most = max(len(mine) for mine, _, _ in expected.by_reason().values())
    assert said["Top reason"].detail.startswith(f"{most:,} of {sent:,} reviews")
    assert f"of {len(expected.unseen):,} published unseen" in said["95 % are in S3 within"].detail
    batches = [cells for cells in expected.batch().values() if cells[0] >= 10]
    if batches:
        assert expected.batch()[said["Worst batch"].value][4] == max(cells[4] for cells in batches)
