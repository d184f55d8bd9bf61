"""What is made up could have happened, and it happens as often as it says."""

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count, F

from pipeline.audit_draw import draw, is_for_second_look
from pipeline.models import Batch, Frame, Listing, Rejection, Rendition, Scorecard, Transition, active_policy
from pipeline.replay import replay
from pipeline.states import State, is_allowed
from review.management.history import fates, proportions, seeding
from review.models import Decision

FRAMES = 2000
UNTIL = datetime(2026, 11, 2, 9, tzinfo=UTC)  # a Monday, after the clocks were changed
AUDIT_KEY = "of these tests"


@pytest.fixture(scope="module")
def told(django_db_setup, django_db_blocker):
    """One history for all tests of this file, taken out again afterwards."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(seeding.settings, "AUDIT_KEY", AUDIT_KEY)
        patch.setattr(fates, "ESCAPES", 0.5)  # else it is a matter of chance whether any audit fails
        with transaction.atomic():
            yield seeding.seed_history(FRAMES, 7, UNTIL)
            transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def history(told, db):
    return told


def test_each_fate_is_as_frequent_as_it_says(history):
    assert history.total() == Frame.objects.count() == FRAMES
    settled = FRAMES - proportions.latest(FRAMES)
    for fate, share in proportions.SHARES.items():
        spread = 4 * (settled * share) ** 0.5 + 10 + (settled * 0.03 if fate == "passed" else 0)  # with the retakes
        assert abs(history[fate] - settled * share) < spread, fate
    assert history[proportions.IN_LINE] == proportions.in_line(FRAMES)


def test_states_are_those_that_the_fates_end_in(history):
    states = Counter(Frame.objects.values_list("state", flat=True))
    escaped = Decision.objects.filter(occasion="drawn", label="bad").count()
    retaken = Transition.objects.filter(target=State.SUPERSEDED, source=State.REJECTED).count()
    assert states[State.UNREADABLE] == history["unreadable"]
    assert states[State.REMOVED] == history["removed"]
    assert states[State.REJECTED] == history["reshot"] + history["discarded"] + history["undone"] + escaped - retaken
    failed_late = Frame.objects.filter(state=State.EXCEPTION, has_failed=True).count()
    assert states[State.EXCEPTION] == history["waiting"] + failed_late
    held = sum(history[fate] for fate in ("approved", "reshot", "discarded", "reprocessed", "renamed", "undone"))
    held += sum(history[fate] for fate in ("skipped", "failed", "waiting"))
    assert Frame.objects.filter(was_exception=True).count() == held


def test_every_way_is_one_that_the_product_could_have_gone():
    steps = {frame: [] for frame in Frame.objects.values_list("pk", flat=True)}
    for step in Transition.objects.order_by("pk"):
        steps[step.frame_id].append(step)
    for frame in Frame.objects.all():
        way = steps[frame.pk]
        assert [step.source for step in way] == ["received", *(step.target for step in way)][: len(way)]
        assert frame.state == (way[-1].target if way else "received")
        assert frame.version == len(way)
        assert all(is_allowed(State(step.source), State(step.target)) for step in way)
        assert all(before.at <= after.at for before, after in pairwise(way))
        assert frame.received_at <= (way[0].at if way else UNTIL)


def test_what_is_in_the_shop_has_a_listing_and_files_and_nothing_else_is_shown():
    shown = set(Listing.objects.exclude(frame=None).values_list("frame", flat=True))
    published = Frame.objects.filter(state=State.PUBLISHED)
    assert shown == set(published.values_list("pk", flat=True))
    assert not Listing.objects.exclude(frame=None).exclude(code=F("frame__code"), view=F("frame__view")).exists()
    files = Counter(published.annotate(files=Count("renditions")).values_list("product_class", "view", "files"))
    assert {count for (*_, count) in files} == {5, 8}
    assert {kind[:2] for kind in files if kind[2] == 8} == {("eyewear", "angle")}
    kept = Rendition.objects.exclude(frame__state__in=[State.PUBLISHED, State.SUPERSEDED])
    assert not kept.exists()
    assert Frame.objects.filter(state=State.SUPERSEDED).exists()


def test_audits_are_drawn_by_the_keyed_hash_and_only_before_a_verdict():
    policy = active_policy()
    for card in Scorecard.objects.select_related("frame"):
        assert card.frame.draw == draw(card.frame.sha256, AUDIT_KEY)
        assert card.is_marked == (card.attempt == 1 and card.frame.draw < policy.audit_rate)
    due = Frame.objects.filter(audit_due="drawn")
    assert due.exists() and not due.exclude(state=State.PUBLISHED, draw__lt=policy.audit_rate).exists()
    audited = Decision.objects.filter(occasion="drawn")
    assert audited.exists() and not audited.exclude(scorecard__is_marked=True, scorecard__publish=True).exists()
    failed = audited.filter(label="bad").exclude(frame__state=State.SUPERSEDED)  # retaken
    assert failed.exists() and not failed.exclude(frame__state=State.REJECTED, frame__was_exception=False).exists()


def test_scorecards_say_what_the_policy_says_of_their_metrics():
    policy = active_policy()
    for card in Scorecard.objects.select_related("frame")[:100]:
        score, verdict = replay(card, policy)
        assert (score.confidence, dict(score.components)) == (pytest.approx(card.confidence), card.components)
        assert (verdict.publish, list(verdict.reasons)) == (card.publish, card.reasons)


def test_decisions_are_taken_back_superseded_and_told():
    undone = Decision.objects.filter(kind="undo")
    assert undone.exists() and not undone.exclude(undoes__kind="approve", undoes__frame=F("frame")).exists()
    assert {*Decision.objects.values_list("by", flat=True)} <= {*proportions.OPERATORS}
    rejected = Frame.objects.filter(state=State.REJECTED)
    assert not rejected.filter(rejection=None).exists()
    assert Rejection.objects.filter(frame__state=State.SUPERSEDED).exists()  # retaken
    assert Batch.objects.values("created_by").distinct().count() > 1


def test_some_are_decided_by_two_people_once_what_the_first_one_said_stands():
    drawn, seconds = Decision.objects.filter(is_drawn_again=True), Decision.objects.filter(occasion="second")
    told = [said for said in drawn.select_related("frame") if is_for_second_look(said.frame.sha256, AUDIT_KEY)]
    assert drawn.count() == len(told) > 0
    assert {said.second_of_id for said in seconds} == {said.pk for said in drawn.filter(undone_by=None)}
    assert not [said for said in seconds.select_related("second_of") if said.by == said.second_of.by]


def test_a_photo_that_failed_its_audit_and_was_taken_anew_has_one_listing(monkeypatch):
    monkeypatch.setattr(seeding, "SHARES", {"passed": 0.4, "replaced": 0.6})
    monkeypatch.setattr(fates, "ESCAPES", 1)
    known = Frame.objects.latest("pk").pk
    seeding.seed_history(1000, 9, UNTIL)
    retaken = Transition.objects.filter(frame__pk__gt=known, source=State.REJECTED, target=State.SUPERSEDED)
    assert retaken.exists()
    for frame in (step.frame for step in retaken.select_related("frame")):
        listing = Listing.objects.get(code=frame.code, view=frame.view)
        assert listing.frame is None or listing.frame.pk > frame.pk


def made(seed):
    """What is told of a small history of its own, which is taken out again."""
    with transaction.atomic():
        Listing.objects.all().delete()  # the same products again
        known = Frame.objects.latest("pk").pk
        seeding.seed_history(200, seed, UNTIL)
        frames = Frame.objects.filter(pk__gt=known).order_by("pk", "scorecards__pk")
        said = Decision.objects.filter(frame__pk__gt=known).order_by("pk").values_list("kind", "by", "at", "label")
        steps = Transition.objects.filter(frame__pk__gt=known).order_by("pk").values_list("target", "actor", "at")
        fields = ("code", "view", "sha256", "state", "version", "received_at", "audit_due", "scorecards__confidence")
        found = [*frames.values_list(*fields)], [*said], [*steps]
        transaction.set_rollback(True)
    return found


def test_the_same_seed_makes_the_same_history_and_another_seed_another():
    assert made(3) == made(3) != made(4)


def test_a_row_that_is_made_afterwards_gets_a_number_of_its_own():
    batch = Batch.objects.create(name="After all that")
    assert batch.frames.create(filename="A_1.jpg", code="A", view="front", sha256="a").pk > FRAMES


def test_it_stays_out_of_a_database_that_holds_frames_unless_it_is_told():
    with pytest.raises(CommandError, match="--among-real-frames"):
        call_command("seed_history", "--frames", "10")
    call_command("seed_history", "--frames", "10", "--seed", "8", "--among-real-frames", verbosity=0)
    assert Frame.objects.count() == FRAMES + 10
