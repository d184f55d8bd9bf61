"""The kept facts say the same as the frames themselves, whatever moved before or after they were made."""

from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from pipeline.models import Frame, Transition
from pipeline.states import State
from pipeline.transitions import hold
from review.insights import facts, rollups
from review.insights.scope import Scope
from review.insights.whole import read
from review.models import DayFigures, Decision, FiguresKept
from tests.review.insights.conftest import ALL, BERLIN
from tests.review.insights.seeded import seed

LONG_AGO = timedelta(days=1)
SCOPES = [ALL, Scope(date(2026, 10, 24), date(2026, 10, 26)), Scope(ALL.first, ALL.last, "custom", "eyewear", "angle")]


@pytest.fixture
def seeded(db, settings):
    """As the other figures' tests have it, and some of the frames renamed or recalled."""
    settings.TIME_ZONE = "Europe/Berlin"
    with timezone.override(BERLIN):
        seed(moves_on=True)
        yield


def plainly(found):
    return {one.group: one for one in found if one.counts.processed}


def settle():
    """As if all that happened had happened long before now, and been taken in."""
    rollups.keep_up(60)
    FiguresKept.objects.update(until=timezone.now() + LONG_AGO)


@pytest.mark.parametrize("scope", SCOPES, ids=["all", "clocks", "class and view"])
def test_kept_facts_are_those_of_the_frames(seeded, scope):
    assert {*Decision.objects.values_list("kind", "occasion")} >= {("rename", "exception"), ("discard", "asked")}
    before = read(scope)
    settle()
    assert DayFigures.objects.exists()
    assert plainly(rollups.read(scope)) == plainly(facts.read(scope.frames()))
    after = read(scope)
    assert before.tables == after.tables and before.headlines == after.headlines


def test_what_moved_since_is_told_at_once_and_kept_by_the_next_run(seeded):
    rollups.keep_up(60)
    Transition.objects.update(at=timezone.now() - LONG_AGO)
    FiguresKept.objects.update(until=timezone.now())
    hold(Frame.objects.filter(state=State.APPROVED).first() or _approved(), ["haze"], actor="x")
    raw = plainly(facts.read(ALL.frames()))
    assert plainly(rollups.read(ALL)) == raw
    rollups.keep_up(60)
    settle()
    assert plainly(rollups.read(ALL)) == raw


def _approved():
    frame = Frame.objects.filter(state=State.PUBLISHED)[0]
    Frame.objects.filter(pk=frame.pk).update(state=State.APPROVED)
    frame.refresh_from_db()
    return frame


def test_they_are_read_and_not_only_written(seeded):
    settle()
    DayFigures.objects.all().delete()
    assert rollups.read(ALL) == []
    call_command("roll_up", "--rebuild")
    assert plainly(rollups.read(ALL)) == plainly(facts.read(ALL.frames()))


def test_a_rebuild_that_fails_leaves_the_facts_as_they_were(seeded, monkeypatch):
    settle()
    kept = plainly(rollups.read(ALL))
    monkeypatch.setattr(rollups.facts, "read", lambda frames: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        call_command("roll_up", "--rebuild")
    assert FiguresKept.objects.exists()
    monkeypatch.undo()
    assert plainly(rollups.read(ALL)) == kept


def test_facts_that_a_former_version_kept_are_neither_read_nor_left(seeded):
    settle()
    raw = plainly(facts.read(ALL.frames()))
    FiguresKept.objects.update(time_zone="Europe/Berlin")
    DayFigures.objects.update(facts={"of": "a former version"})
    assert plainly(rollups.read(ALL)) == raw
    settle()
    assert plainly(rollups.read(ALL)) == raw
    assert FiguresKept.objects.count() == 1 and not DayFigures.objects.filter(facts__of="a former version").exists()


def test_days_of_another_time_zone_are_made_anew(seeded):
    settle()
    with timezone.override("Asia/Tokyo"):
        raw = plainly(facts.read(ALL.frames()))
        assert plainly(rollups.read(ALL)) == raw
        settle()
        assert plainly(rollups.read(ALL)) == raw
