"""Blind audits: what is said of a published frame, and what follows."""

import pytest
from django.contrib.auth.models import User

from pipeline.models import Frame
from pipeline.shop.recall import recall
from pipeline.states import State
from review.evidence.estimates import estimates
from review.evidence.labels import samples
from review.models import Decision, QueueItem
from review.queue import decisions, undo
from tests.factories import judged, label, policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def row():
    return policy(is_active=True)


@pytest.fixture
def operator():
    return User.objects.create_user("olga")


@pytest.fixture
def audited(row):
    return judged(1, row, haze=0.1).frame


def decide(kind, frame, operator, **fields):
    frame = Frame.objects.get(pk=frame.pk)
    return decisions.decide(kind, frame, frame.version, operator, **fields)


def test_a_drawn_frame_waits_among_the_exceptions_and_others_that_passed_do_not(row, audited):
    held = judged(2, row, haze=0.99).frame
    judged(3, row, haze=0.1, marked=False)
    assert set(QueueItem.objects.values_list("pk", flat=True)) == {audited.pk, held.pk}


def test_an_audit_shows_weak_spots_like_any_exception_without_a_doubt(row, audited):
    held = judged(2, row, haze=0.99).frame
    Frame.objects.filter(pk=held.pk).update(reasons=["low-confidence"])
    held.refresh_from_db()
    assert audited.reason_words == held.reason_words != []


def test_the_same_page_and_the_same_words_for_an_audit_and_an_exception(row, audited, sign_in, redis_server):
    held = judged(2, row, haze=0.99).frame
    client = sign_in("operator")
    pages = (f"/workbench/{frame.pk}/open" for frame in (audited, held))
    told = [client.post(page, {}, content_type="application/json").json()["item"] for page in pages]
    assert told[0].keys() == told[1].keys()
    for item in told:
        assert not [word for word in ("published", "audit", "drawn", "confidence") if word in str(item)]
    operator = User.objects.get(username="operator")
    said = [decide("approve", frame, operator).replace(frame.code, "P") for frame in (audited, held)]
    assert said[0] == said[1]


def test_a_passed_audit_leaves_the_frame_published_and_is_a_good_label(audited, operator, redis_server):
    decide("approve", audited, operator)
    audited.refresh_from_db()
    assert (audited.state, audited.audit_due) == (State.PUBLISHED, "")
    said = Decision.objects.get()
    assert (said.label, said.occasion, said.by) == ("good", "drawn", "olga")
    assert not QueueItem.objects.exists()


@pytest.mark.parametrize(("kind", "said"), [("discard", "bad"), ("reprocess", "bad"), ("reject", "")])
def test_a_failed_audit_withdraws_the_files(kind, said, audited, operator, redis_server):
    decide(kind, audited, operator)
    audited.refresh_from_db()
    assert (audited.state, audited.audit_due) == (State.WITHDRAWING, "")
    assert Decision.objects.get().label == said


def test_of_two_auditors_the_second_is_told(audited, operator, redis_server):
    seen = audited.version
    decide("approve", audited, operator)
    with pytest.raises(decisions.DecisionError, match="was decided"):
        decisions.decide("discard", Frame.objects.get(pk=audited.pk), seen, operator)
    assert Decision.objects.count() == 1


@pytest.fixture
def family(row, audited):
    """Published frames of the failed one's batch: a view of the same product, and others more or less sure."""
    cards = {"same product": judged(1, row, haze=0.0, marked=False, view="side")}
    cards |= {f"less sure {n}": judged(10 + n, row, haze=0.1 + n / 100, marked=False) for n in range(1, 6)}
    cards["surer"] = judged(20, row, haze=0.05, marked=False)
    return {name: card.frame for name, card in cards.items()}


def due(family):
    return {name for name, frame in family.items() if Frame.objects.get(pk=frame.pk).audit_due == "sibling"}


def test_a_bad_one_sends_people_to_its_nearest_siblings(audited, family, operator, redis_server):
    decide("discard", audited, operator)
    assert due(family) == {"same product", "less sure 1", "less sure 2", "less sure 3"}


def test_a_photo_that_is_to_be_taken_again_says_nothing_about_its_siblings(audited, family, operator, redis_server):
    decide("reject", audited, operator)
    assert due(family) == set()


def test_looks_at_siblings_are_kept_by_kind_enter_no_estimate_and_spread_no_further(
    audited, family, operator, redis_server
):
    decide("discard", audited, operator)
    before = due(family)
    decide("discard", family["less sure 1"], operator)
    assert Decision.objects.last().occasion == "sibling"
    assert [sample.card.frame_id for sample in samples()] == [audited.pk]
    assert due(family) == before - {"less sure 1"}


@pytest.fixture
def asked(row):
    """A frame that passed, which a manager wants to be looked at again."""
    frame = judged(5, row, haze=0.1).frame
    Frame.objects.filter(pk=frame.pk).update(audit_due="")
    frame.refresh_from_db()
    recall("review", frame, frame.version, actor="maria", why="is the temple whole?")
    return frame


@pytest.mark.parametrize("kind", ["approve", "discard"])
def test_a_look_that_a_manager_asked_for_enters_no_estimate(kind, asked, operator, redis_server):
    decide(kind, asked, operator)
    assert Decision.objects.get().occasion == "asked"
    assert samples() == [] and estimates(0.1).audits == 0


def test_it_spreads_to_no_sibling_and_the_shop_keeps_it_till_somebody_decides(asked, row, operator, redis_server):
    judged(5, row, haze=0.05, marked=False, view="side")
    assert Frame.objects.get(pk=asked.pk).state == State.PUBLISHED
    decide("discard", asked, operator)
    assert Frame.objects.get(pk=asked.pk).state == State.WITHDRAWING
    assert not Frame.objects.exclude(audit_due="").exists()


def test_its_passing_is_in_the_history_and_so_is_that_it_was_taken_back(asked, operator, redis_server):
    decide("approve", asked, operator)
    assert asked.transitions.last().why == "looked at after publication: good as it is"
    undo.take_back(operator)
    asked.refresh_from_db()
    assert (asked.state, asked.audit_due) == (State.PUBLISHED, "asked")
    assert asked.transitions.last().why == "taken back: looked at after publication: good as it is"


def test_an_asked_look_cannot_be_told_from_an_audit_or_an_exception(asked, audited, row, sign_in, redis_server):
    held = judged(6, row, haze=0.99).frame
    client = sign_in("operator")
    pages = (f"/workbench/{frame.pk}/open" for frame in (asked, audited, held))
    told = [client.post(page, {}, content_type="application/json").json()["item"] for page in pages]
    assert told[0].keys() == told[1].keys() == told[2].keys()
    assert told[0]["waiting"] == told[2]["waiting"]
    assert not [word for word in ("asked", "temple", "maria", "published") if word in str(told[0])]


def test_only_the_first_run_of_a_frame_is_a_sample(row):
    held = judged(1, row, haze=0.99)
    label(held, bad=True)
    Frame.objects.filter(pk=held.frame_id).update(attempt=2)
    again = judged(2, row, haze=0.99)
    type(again).objects.filter(pk=again.pk).update(frame=held.frame, attempt=2)
    label(type(again).objects.get(pk=again.pk), bad=False)
    assert [sample.is_bad for sample in samples()] == [True]


def test_estimates_weigh_audits_by_their_rarity_and_name_the_limit(row):
    """Of 10 flagged frames 9 are bad; of 10 audited ones, drawn at a half, 1 is: (9 + 2) of 30."""
    for n in range(10):
        label(judged(n, row, haze=0.99), bad=n > 0)
        label(judged(100 + n, row, haze=0.1), bad=n == 0)
    found = estimates(0.1)
    assert found.defects.value == pytest.approx(11 / 30)
    assert (found.audits, found.failed_audits, found.escaped.value) == (10, 1, 0.1)
    assert found.least_review == pytest.approx((11 / 30 - 0.1) / 0.9)
    assert found.limit == "gate"  # it flags 1 in 2 where 3 in 10 would do
