"""What the slider says of a threshold is what a replay of every scorecard says, one by one."""

import re
from http import HTTPStatus

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline import replay
from pipeline.imaging.verdict.calibrate import with_thresholds
from pipeline.models import Frame, GatePolicy, Scorecard, ShadowVerdict
from pipeline.states import State
from review.evidence.labels import samples
from review.evidence.statistics import weighted_rate
from review.policy.activation import PolicyError, activate, put_in_shadow
from review.policy.certificates import evidence
from review.policy.curves import as_json
from review.policy.drafts import copy, with_threshold
from review.policy.simulation import simulate
from tests.factories import judged, label, policy
from tests.review.policy.test_certificates import labelled, manager, numbers  # noqa: F401

pytestmark = pytest.mark.django_db
POLICIES = "/admin/policies/"
VIEWS = ("front", "angle", "side")
STEPS = (0.01, 0.3, 0.5, 0.62, 0.9, 0.99)


@pytest.fixture
def row():
    return policy(is_active=True, vetoes=["no-bridge"])


@pytest.fixture
def history(row):
    """Frames of every view; of them some vetoed, superseded, in shadow, unlabelled, reprocessed, and one unmeasured."""
    rng = np.random.default_rng(5)
    cards = [judged(n, row, haze=float(rng.random()), view=VIEWS[n % 3]) for n in range(60)]
    for n, card in enumerate(cards):
        if n % 4:
            label(card, bad=rng.random() < card.metrics["haze"])
    Scorecard.objects.filter(pk__in=[card.pk for card in cards[::7]]).update(
        metrics={"haze": 0.05, "bridge_found": 0}, publish=False
    )
    Frame.objects.filter(pk__in=[card.frame_id for card in cards[1::9]]).update(state=State.SUPERSEDED)
    again = Scorecard.objects.get(pk=cards[2].pk)
    again.pk, again.attempt, again._state.adding = None, 2, True
    again.metrics = {"haze": 1 - again.metrics["haze"]}
    again.save()
    Scorecard.objects.filter(pk=cards[3].pk).update(metrics={"softness": 1.0})
    other = policy("shadow", in_shadow=True)
    replay.regate(other)
    assert ShadowVerdict.objects.exists()
    return [Scorecard.objects.get(pk=card.pk) for card in cards if card is not cards[3]]


def replayed(cards, row, threshold, view=None):
    """By pipeline/replay.py: which scorecards a policy with that threshold publishes."""
    views = {**row.document["thresholds"]["eyewear"], **dict.fromkeys((view,) if view else VIEWS, threshold)}
    other = GatePolicy(name="replayed", document={**row.document, "thresholds": {"eyewear": views}})
    return {card.pk for card in cards if replay.replay(card, other)[1].publish}


@pytest.mark.parametrize("view", [None, *VIEWS])
def test_the_curve_is_a_replay_of_every_scorecard(history, row, view):
    simulation = simulate(row)
    now = replayed(history, row, 0.5)
    known = [sample for sample in samples() if sample.card.pk in {card.pk for card in history}]
    assert simulation.stored.left_out == 1
    for step, point in zip(simulation.steps, simulation.curve(view and ("eyewear", view)), strict=True):
        if step not in STEPS:
            continue
        passed = replayed(history, row, step, view)
        assert (point.published, point.total) == (len(passed), len(history))
        assert (point.newly_published, point.newly_held) == (len(passed - now), len(now - passed))
        of_these = [sample for sample in known if sample.card.pk in passed]
        is_bad = np.array([sample.is_bad for sample in of_these], bool)
        assert point.labels == len(of_these)
        assert point.escapes == weighted_rate(is_bad, np.array([sample.probability for sample in of_these]))


def test_vetoes_hold_at_any_threshold(history, row):
    loosest = simulate(row).curve(None)[0]
    assert loosest.total - loosest.published >= len(history[::7])


def test_frames_that_change_sides_are_those_between_the_two_thresholds(history, row):
    told = as_json(simulate(row))
    low, high = told["steps"].index(0.3), told["steps"].index(0.5)
    kept = [group["frames"].get(step, []) for group in told["groups"].values() for step in range(low, high)]
    shown = {frame[0] for frames in kept for frame in frames}
    cards = {card.pk: card.frame_id for card in history}
    switched = replayed(history, row, 0.3) - replayed(history, row, 0.5)
    assert shown == {cards[pk] for pk in switched}
    assert told["scopes"]["all"][low]["newlyPublished"] == len(switched) > 0


def test_the_certificate_is_the_one_that_certifying_would_give(row):
    labelled(row, 22)
    [bad] = labelled(row, 1, haze=0.9, bad=1, view="side")
    found, simulation = evidence(row), simulate(row)
    assert found.certified and bad
    for step, point in zip(simulation.steps, simulation.curve(None), strict=True):
        # No label lies between the certified threshold and what the good ones have.
        assert point.is_earned == (step >= found.certified.threshold and point.n >= 22)
    assert not simulate(policy("other", model_sha256="1" * 64)).as_it_is().is_earned


def test_the_labels_that_count_for_a_certificate_are_told_as_a_part_of_those_above(row):
    label(judged(1, row, haze=0.1, marked=False), bad=True)
    assert simulate(row).as_it_is().labels == 0  # that passed unmarked, so it says nothing of others
    held = judged(2, row, haze=0.1, marked=False)
    Scorecard.objects.filter(pk=held.pk).update(publish=False)  # by an older policy: nobody drew it
    label(Scorecard.objects.get(pk=held.pk), bad=False)
    told = as_json(simulate(row))["asItIs"]
    assert told["escapes"].endswith("; 1 label)")
    assert re.fullmatch(r"no: .* needed \(of the 1 label above 0 count for it, 0 of these bad\)", told["certificate"])


def test_a_policy_that_holds_everything_is_simulated_as_if_it_did_not_and_says_so(sign_in):
    row = policy(is_active=True, auto_publish=False)
    judged(1, row, haze=0.1)
    assert simulate(row).as_it_is().published == 1
    page = sign_in("manager").get(f"{POLICIES}{row.pk}/thresholds/").content.decode()
    assert "publishes nothing by" in page


def test_as_many_queries_for_many_scorecards_as_for_few(row, sign_in):
    client, counts = sign_in("manager"), []
    for first in (0, 40):
        for n in range(first, first + 5 + first):
            label(judged(n, row, haze=n / 200), bad=n % 5 == 0)
        for page in ("thresholds/", "thresholds/curve"):
            with CaptureQueriesContext(connection) as asked:
                assert client.get(f"{POLICIES}{row.pk}/{page}").status_code == HTTPStatus.OK
            counts.append(len(asked))
    assert counts[:2] == counts[2:] and max(counts) <= 14


def test_at_most_200_steps_with_every_threshold_of_the_policy_among_them(row):
    odd = {"eyewear": {view: 0.31337 + n / 7 for n, view in enumerate((*VIEWS, "unnamed"))}}
    steps = simulate(policy("odd", thresholds=odd)).steps
    assert len(steps) <= 200 and {odd["eyewear"][view] for view in VIEWS} <= set(steps)


def test_a_shadow_policy_is_made_on_the_page_and_the_policy_stays_as_it_was(row, sign_in):
    asked = {"scope": "eyewear side", "threshold": "0.7", "then": "shadow"}
    page = sign_in("manager").post(f"{POLICIES}{row.pk}/thresholds/use", asked, follow=True).content.decode()
    made = GatePolicy.objects.get(copied_from=row)
    assert "edited v1 runs in shadow" in page and made.in_shadow and not made.is_draft
    assert made.document["thresholds"]["eyewear"] == {"front": 0.5, "angle": 0.5, "side": 0.7, "unnamed": 0.5}
    assert made.document["components"] == row.document["components"]
    assert GatePolicy.objects.get(pk=row.pk).document == row.document


def test_a_draft_is_changed_until_it_is_used_and_never_again(row, sign_in):
    client = sign_in("manager")
    client.post(f"{POLICIES}{row.pk}/thresholds/use", {"then": "draft"})
    draft = GatePolicy.objects.get(is_draft=True)
    for scope, threshold in (("all", "0.8"), ("watch front", "0.6")):
        address = f"{POLICIES}{draft.pk}/thresholds/use"
        client.post(address, {"scope": scope, "threshold": threshold, "then": "draft"})
    draft.refresh_from_db()
    assert (draft.document["thresholds"]["watch"]["front"], draft.document["thresholds"]["eyewear"]["side"]) == (
        0.6,
        0.8,
    )
    assert "edited v1" in client.get(POLICIES).content.decode()
    client.post(f"{POLICIES}{draft.pk}/shadow/")
    stale = GatePolicy.objects.get(pk=draft.pk)
    assert stale.in_shadow and not stale.is_draft
    stale.is_draft = True  # as one sees it who opened the page before
    with pytest.raises(PolicyError, match="no draft any more"):
        with_threshold(stale, None, 0.1)
    with pytest.raises(TypeError):
        GatePolicy.objects.get(pk=draft.pk).save()


def test_an_activated_draft_is_no_draft(row, manager):  # noqa: F811
    draft = copy(row)
    activate(draft, manager, "it is better")
    draft.refresh_from_db()
    assert draft.is_active and not draft.is_draft


def test_a_draft_is_not_replayed(row, sign_in):
    judged(1, row, haze=0.1)
    draft = copy(row)
    page = sign_in("manager").post(f"{POLICIES}{draft.pk}/regate/", follow=True).content.decode()
    assert "put it in shadow first" in page and not ShadowVerdict.objects.exists()


def test_a_draft_is_compared_with_what_it_was_copied_from(history, row):
    draft = with_threshold(copy(row), None, 0.3)
    put_in_shadow(draft)
    draft.refresh_from_db()
    point = simulate(draft).as_it_is()
    assert point.newly_published == len(replayed(history, row, 0.3) - replayed(history, row, 0.5)) > 0
    assert draft.document == with_thresholds(row.document, 0.3) | {"name": "edited", "version": 1}


@pytest.mark.parametrize(
    "asked",
    [
        {"scope": "hats front", "threshold": "0.7", "then": "shadow"},
        {"scope": "all", "threshold": "1.2", "then": "shadow"},
        {"scope": "all", "threshold": "nan", "then": "shadow"},
        {"scope": "all", "threshold": "0.7", "then": "activate"},
    ],
)
def test_what_makes_no_policy_is_refused_in_words(row, sign_in, asked):
    answer = sign_in("manager").post(f"{POLICIES}{row.pk}/thresholds/use", asked, HTTP_ACCEPT="text/html")
    assert answer.status_code == HTTPStatus.BAD_REQUEST and "eload the page" in answer.content.decode()
    assert not GatePolicy.objects.filter(name="edited").exists()


@pytest.mark.parametrize("role", ["operator", "uploader"])
def test_the_simulator_is_the_managers(role, row, sign_in):
    client = sign_in(role)
    for page in ("thresholds/", "thresholds/curve"):
        assert client.get(f"{POLICIES}{row.pk}/{page}").status_code == HTTPStatus.FORBIDDEN
    assert client.post(f"{POLICIES}{row.pk}/thresholds/use", {"then": "draft"}).status_code == HTTPStatus.FORBIDDEN
