import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command

from pipeline.audit_draw import is_for_certifying
from pipeline.imaging.verdict.score import SCORER_VERSION
from pipeline.models import GatePolicy, Scorecard, active_policy
from review.evidence import drift
from review.models import Activation, Certificate, DriftAlarm, Proposal
from review.policy import challenger
from review.policy.activation import PolicyError, activate, certify_and_activate, put_in_shadow
from review.policy.certificates import certificate_of, evidence, is_valid
from tests.factories import judged, label, policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager():
    return User.objects.create_user("mara")


@pytest.fixture
def row():
    return policy(is_active=True)


def numbers(certifying: bool = True):
    """Numbers of products that certify, or that teach."""
    return (n for n in range(10_000) if is_for_certifying(f"P{n}", settings.AUDIT_KEY) == certifying)


def labelled(row, count, *, haze=0.1, bad=0, certifying=True, **fields):
    chosen = [n for n, _ in zip(numbers(certifying), range(count), strict=False)]
    return [label(judged(n, row, haze=haze, **fields), bad=i < bad) for i, n in enumerate(chosen)]


def test_the_shipped_policy_has_no_certificate_and_says_how_many_labels_it_would_take():
    found = evidence(active_policy())
    assert (found.certified, found.n, found.missing) == (None, 0, 598)


def test_enough_clean_audits_certify_and_activate_in_one_step(row, manager):
    labelled(row, 22)
    certificate = certify_and_activate(row, manager, "enough labels")
    active = active_policy()
    assert (certificate.policy, str(active)) == (active, "certified v1")
    assert (certificate.n, certificate.k, certificate.escape) == (22, 0, 0.1)
    assert certificate.bound < 0.1
    assert set(active.document["thresholds"]["eyewear"].values()) == {certificate.threshold}
    assert (Activation.objects.get().by, Activation.objects.get().why) == ("mara", "enough labels")


def test_one_label_too_few_certifies_nothing_and_says_so(row, manager):
    labelled(row, 21)
    with pytest.raises(PolicyError, match="at least 1 more"):
        certify_and_activate(row, manager, "please")
    assert active_policy() == row and not Certificate.objects.exists()


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda row: labelled(row, 22, marked=False),
        lambda row: labelled(row, 22, certifying=False),
        lambda row: [label(judged(n, row, haze=0.1), bad=False, occasion="sibling") for n in range(60)],
        lambda row: [label(judged(next(numbers()), row, haze=0.1, view=view), bad=False) for view in ("front", "side")],
    ],
    ids=["not marked", "of products that teach", "looks at siblings", "of one product"],
)
def test_labels_that_are_no_uniform_sample_do_not_count(row, spoilt):
    spoilt(row)
    assert evidence(row).n <= 1


def test_another_model_or_scorer_needs_labels_of_its_own(row):
    labelled(row, 22)
    Scorecard.objects.update(model_sha256="1" * 64)
    assert evidence(row).n == 0


def test_a_certificate_holds_for_its_model_scorer_and_calibration_only(row, manager):
    labelled(row, 22)
    certificate = certify_and_activate(row, manager, "now")
    assert is_valid(certificate, "0" * 64, SCORER_VERSION)
    assert not is_valid(certificate, "1" * 64, SCORER_VERSION)
    assert not is_valid(certificate, "0" * 64, "another")


def test_labels_serve_one_certificate_only(row, manager):
    labelled(row, 22)
    certificate = certify_and_activate(row, manager, "now")
    assert evidence(certificate.policy).n == 0


def test_a_veto_keeps_a_frame_out_of_what_is_promised():
    row = policy(is_active=True, vetoes=["no-bridge"])
    labelled(row, 22)
    for card in Scorecard.objects.all():
        Scorecard.objects.filter(pk=card.pk).update(metrics={"haze": 0.1, "bridge_found": 0})
    assert evidence(row).certified is None


def test_activating_is_written_down_and_needs_a_reason(row, manager):
    other = policy("other", in_shadow=True)
    with pytest.raises(PolicyError, match="Say why"):
        activate(other, manager, " ")
    activate(other, manager, "better")
    other.refresh_from_db()
    assert (other.is_active, other.in_shadow, GatePolicy.objects.filter(is_active=True).count()) == (True, False, 1)
    assert Activation.objects.get().previous == row
    with pytest.raises(PolicyError, match="already"):
        activate(other, manager, "again")
    with pytest.raises(PolicyError, match="active one"):
        put_in_shadow(other)


def test_the_nightly_job_proposes_a_threshold_once_and_activates_nothing(row, capsys):
    labelled(row, 22)
    call_command("nightly")
    call_command("nightly")
    assert Proposal.objects.get().figures["n"] == 22
    assert active_policy() == row and certificate_of(row) is None


def test_what_people_say_teaches_a_better_score_that_runs_in_shadow():
    """The active policy looks at haze, which says nothing here; softness tells good from bad."""
    haze = {"metric": "haze", "better": "low", "ranks": [[0.0, 0.0], [1.0, 1.0]]}
    soft = {"metric": "softness", "better": "low", "ranks": [[0.0, 0.0], [1.0, 1.0]]}
    row = policy(is_active=True, components={"haze": haze, "soft-edge": soft})
    teaching = numbers(certifying=False)
    for i in range(120):
        card = judged_softly(next(teaching), row, haze=(i % 7) / 10, softness=0.9 if i % 3 == 0 else 0.1)
        label(card, bad=i % 3 == 0)
    proposal = challenger.challenge(row)
    assert proposal.policy.in_shadow and not proposal.policy.is_active
    assert proposal.figures["auroc"] > 0.99 and proposal.figures["gain_low"] > 0.2
    assert proposal.policy.document["calibration"]["weights"]["soft-edge"] > 0.5
    assert challenger.challenge(row) is None  # nothing new was said since


def judged_softly(number, row, *, haze, softness):
    document = {**row.document, "components": {"haze": row.document["components"]["haze"]}}
    GatePolicy.objects.filter(pk=row.pk).update(document=document)
    card = judged(number, GatePolicy.objects.get(pk=row.pk), haze=haze)
    GatePolicy.objects.filter(pk=row.pk).update(document=row.document)
    Scorecard.objects.filter(pk=card.pk).update(metrics={"haze": haze, "softness": softness})
    return Scorecard.objects.get(pk=card.pk)


def test_too_few_labels_teach_nothing(row):
    labelled(row, 30, certifying=False)
    assert challenger.challenge(row) is None


def test_a_batch_unlike_the_calibration_raises_one_alarm():
    row = policy(is_active=True, reference=[n / 100 for n in range(101)])
    for n in range(40):
        judged(n, row, haze=0.97)
    drift.watch(row)
    drift.watch(row)
    assert sorted(DriftAlarm.objects.values_list("scope", flat=True)) == ["batch", "day"]
    assert DriftAlarm.objects.first().statistic > 0.8


def test_a_handful_of_frames_raises_no_alarm():
    row = policy(is_active=True, reference=[n / 100 for n in range(101)])
    for n in range(10):
        judged(n, row, haze=0.97)
    assert drift.watch(row) == []
