"""The page of figures: what it is asked, its tables and its report."""

import csv
import io
from datetime import date, datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlencode

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from pipeline.models import Frame, Transition
from pipeline.states import State
from review.insights import tables
from review.insights.scope import Scope
from review.insights.whole import Reader, read
from review.models import Decision, DriftAlarm, QueueItem
from tests.factories import judged, label, policy
from tests.review.insights.conftest import ALL, BERLIN
from tests.review.insights.seeded import seed


def test_the_number_of_queries_does_not_grow_with_the_frames(db, sign_in, django_assert_max_num_queries):
    browser = sign_in("manager")
    address = "/admin/figures/?period=custom&since=2026-10-01&until=2026-11-20"
    seed(40)
    with django_assert_max_num_queries(45) as few:
        browser.get(address)
    with timezone.override(BERLIN):
        Frame.objects.all().update(code="MORE")
        for number in range(60):
            judged(1000 + number, policy(f"p{number}"), haze=0.9)
        Frame.objects.filter(processed_at=None).update(processed_at=datetime(2026, 10, 22, tzinfo=BERLIN))
    with django_assert_max_num_queries(len(few)):
        assert browser.get(address).status_code == HTTPStatus.OK


def test_the_period_is_remembered_and_the_filters_stand_in_the_address(seeded, sign_in):
    browser = sign_in("manager")
    asked = {"period": "custom", "since": "2026-10-20", "until": "2026-10-21", "view": "angle"}
    assert browser.get(f"/admin/figures/?{urlencode(asked)}").context["scope"].view == "angle"
    again = browser.get("/admin/figures/").context["scope"]
    assert (again.first, again.last, again.view) == (date(2026, 10, 20), date(2026, 10, 21), "")


def test_a_period_with_its_ends_the_wrong_way_round_is_the_same_period(db, sign_in):
    asked = {"period": "custom", "since": "2026-10-21", "until": "2026-10-20"}
    scope = sign_in("manager").get(f"/admin/figures/?{urlencode(asked)}").context["scope"]
    assert (scope.first, scope.last) == (date(2026, 10, 20), date(2026, 10, 21))


@pytest.mark.parametrize(
    "query",
    [
        "period=custom",
        "period=year",
        "batch=abc",
        f"batch={'9' * 30}",
        "since=0001-01-01&until=9999-12-31&period=custom",
        "since=2026-01-01&until=9999-12-31&period=custom",
    ],
)
def test_what_can_not_be_asked_is_refused_in_words(query, sign_in):
    answer = sign_in("manager").get(f"/admin/figures/?{query}", headers={"accept": "text/html"})
    assert answer.status_code == HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize("query", ["processed=x..y", "processed=0001-01-01..9999-12-31", "decided=olga", "uploader=x"])
def test_a_filter_that_means_nothing_is_refused_in_words(query, db, sign_in):
    answer = sign_in("manager").get(f"/admin/pipeline/frame/?{query}", headers={"accept": "text/html"})
    assert answer.status_code == HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize(
    "question", ["of=audit-due", "processed=2026-10-01..2026-10-02", "decided=o:2026-10-01..2026-10-02"]
)
def test_operators_may_not_ask_the_queue_what_the_figures_know(question, db, sign_in):
    answer = sign_in("operator").get(f"/admin/review/queueitem/?{question}")
    assert answer.status_code == HTTPStatus.BAD_REQUEST


def test_every_table_is_there_as_csv_and_runs_nothing_in_a_spreadsheet(seeded, sign_in):
    from pipeline.models import Batch

    Batch.objects.filter(name="Spring").update(name="=HYPERLINK(1)")
    browser = sign_in("manager")
    span = "period=custom&since=2026-10-01&until=2026-11-20"
    for name, table in read(ALL).tables.items():
        answer = browser.get(f"/admin/figures/{name}.csv?{span}")
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert answer["Content-Type"].startswith("text/csv") and "attachment" in answer["Content-Disposition"]
        assert len(rows) == len(table.rows) + 1
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@", "\t", "\r"))]
        if name == "batch":
            assert "'=HYPERLINK(1)" in {row[0] for row in rows}
    assert browser.get("/admin/figures/nothing.csv").status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_what_a_spreadsheet_would_run_is_quoted(text):
    table = tables.Table("t", "T", ["a"], [[tables.Cell(text)]])
    assert list(csv.reader(io.StringIO(tables.in_csv(table), newline="")))[1] == [f"'{text}"]


def test_an_interval_has_its_two_ends_in_a_spreadsheet():
    rows = [[tables.Cell("front"), tables.interval(1, 40)], [tables.Cell("side"), tables.NONE]]
    header, front, side = csv.reader(
        io.StringIO(tables.in_csv(tables.Table("t", "T", ["View", tables.INTERVAL], rows)))
    )
    assert header == ["View", "95 % interval, low", "95 % interval, high"] and side == ["side", "", ""]
    assert [round(float(end), 4) for end in front[1:]] == [0.0006, 0.1316]  # Clopper and Pearson's


def test_the_weekly_report_is_the_same_on_paper_and_in_a_terminal(seeded, sign_in, capsys):
    page = sign_in("manager").get("/admin/figures/report/?week=2026-W43").content.decode()
    call_command("report", "--week", "2026-W43")
    text = capsys.readouterr().out
    week = read(Scope(date(2026, 10, 19), date(2026, 10, 25)))
    for headline in week.headlines:
        assert headline.value in page and headline.detail in page
        assert f"{headline.name}: {headline.value} ({headline.detail})" in text
    with pytest.raises(CommandError, match="no week"):
        call_command("report", "--week", "2026-W60")


def test_a_week_leads_to_those_beside_it_and_to_this_one_but_to_none_that_is_to_come(db, sign_in):
    browser, today = sign_in("manager"), timezone.localdate()
    this, last, before, after = (f"{today - timedelta(days=7 * n):%G-W%V}" for n in (0, 1, 2, -1))
    page = browser.get("/admin/figures/report/").content.decode()
    for words, week in (("The week before", before), ("The week after", this)):
        assert f'href="?week={week}">{words}<' in page
        assert browser.get(f"/admin/figures/report/?week={week}").status_code == HTTPStatus.OK
    assert "No photo was processed in this week" in page and "This week<" not in page
    assert f'href="?week={this}">This week<' in browser.get(f"/admin/figures/report/?week={before}").content.decode()
    page = browser.get(f"/admin/figures/report/?week={this}").content.decode()
    assert f'href="?week={last}"' in page and f"week={after}" not in page and "This week<" not in page


def headlines(browser):
    return {headline.name: headline for headline in browser.get("/admin/figures/").context["found"].headlines}


def processed(numbers, row, **fields):
    """Photos that the gate lets pass, or that it holds with a haze of 0.9."""
    cards = [judged(number, row, marked=False, **{"haze": 0.1} | fields) for number in numbers]
    for card in cards:
        state = State.PUBLISHED if card.publish else State.EXCEPTION
        more = {"published_at": timezone.now()} if card.publish else {"was_exception": True}
        Frame.objects.filter(pk=card.frame_id).update(state=state, processed_at=timezone.now(), **more)
    return cards


def test_the_figures_and_the_simulator_agree_on_what_the_gate_held_and_say_what_else_was_sent(sign_in):
    row, browser = policy(is_active=True), sign_in("manager")
    processed(range(12), row, haze=0.9)
    back, *_ = processed(range(12, 25), row)
    Frame.objects.filter(pk=back.frame_id).update(state=State.EXCEPTION, was_exception=True)  # asked for again, say
    sent = headlines(browser)["Sent to review"]
    assert sent.value == "52 %" and "13 of 25 photos" in sent.detail
    assert "12 held by the gate at the first look, 1 for another cause" in sent.detail
    assert browser.get(f"/admin/policies/{row.pk}/thresholds/curve").json()["asItIs"]["review"] == "48 % (12 of 25)"
    page = browser.get(f"/admin/policies/{row.pk}/thresholds/").content.decode()
    assert ">Held by the gate at the first look</th>" in page and ">Sent to review</th>" not in page


def test_audits_wait_apart_and_with_them_the_tile_says_what_the_queue_counts(sign_in):
    row, browser = policy(is_active=True), sign_in("manager")
    held, passed = processed(range(3), row, haze=0.9), processed(range(3, 6), row)
    for card in held:
        Transition.objects.create(frame=card.frame, source=State.PROCESSING, target=State.EXCEPTION, actor="x")
    assert "audit" not in headlines(browser)["Waiting for review"].detail
    Frame.objects.filter(pk=passed[0].frame_id).update(audit_due="drawn")
    told = headlines(browser)["Waiting for review"]
    assert (told.value, told.detail.split(";")[0]) == ("3", "and 1 published photo to look at again")
    assert QueueItem.objects.count() == 4


def test_the_worst_of_small_batches_is_named_all_the_same(sign_in):
    row, browser = policy(is_active=True), sign_in("manager")
    processed(range(7), row, haze=0.9)
    processed(range(7, 9), row)
    told = headlines(browser)["Worst batch"]
    assert told.detail.startswith("77.8 %, 7 of 9 sent to review; few photos, so this says little")
    assert told.value == Frame.objects.first().batch.name


def test_money_is_not_set_until_it_is_and_then_counted(seeded, settings):
    costs = Reader(ALL).costs
    assert (costs.compute, costs.operators, costs.saved) == (None, None, None) and len(costs.missing) == 3
    settings.COMPUTE_PRICE_PER_HOUR = settings.OPERATOR_PRICE_PER_HOUR = settings.MANUAL_PRICE_PER_PHOTO = 2
    costs = Reader(ALL).costs
    people = sum(sum(operator.seconds) for operator in Reader(ALL).people)
    steps = Transition.objects.filter(frame__in=ALL.frames())
    assert steps.exists() and float(costs.operators or 0) == pytest.approx(2 * people / 3600)
    published = ALL.frames().exclude(published_at=None).count()
    assert float(costs.saved or 0) == pytest.approx(2 * published - float(costs.total))


def test_the_page_says_that_nobody_has_audited_yet_and_that_nothing_was_processed(db, sign_in):
    browser = sign_in("manager")
    assert "No figures yet" in browser.get("/admin/figures/").content.decode()
    judged(1, policy(is_active=True), haze=0.9)
    Frame.objects.update(processed_at=timezone.now())
    assert "no audits yet" in browser.get("/admin/figures/").content.decode()


def test_escapes_have_their_count_and_interval_and_drift_is_told(sign_in):
    row = policy(is_active=True)
    for number in range(20):
        label(judged(number, row, haze=0.1), bad=number == 0)
    Frame.objects.update(processed_at=timezone.now())
    DriftAlarm.objects.create(policy=row, scope="batch", name="Spring drop", n=212, statistic=0.34, p_value=1e-9)
    page = sign_in("manager").get("/admin/figures/").content.decode()
    assert "1 of 20 audits" in page and "0.127 % – 24.9 %" in page  # exact, Clopper & Pearson
    assert "Batch Spring drop" in page and "212 frames" in page
    assert Decision.objects.count() == 20


def test_what_waits_for_a_person_is_told_as_sent_to_review_and_not_as_reviewed(seeded, sign_in):
    page = sign_in("manager").get("/admin/figures/?period=90").content.decode()
    assert ">Sent to review</th>" in page
    assert "eview rate" not in page and "Exceptions" not in page
