from http import HTTPStatus

import pytest
from django.contrib.auth.models import Group, Permission

from pipeline import replay
from pipeline.models import GatePolicy, active_policy
from review.models import Activation, Certificate, Proposal
from review.policy import drafts
from tests.factories import judged, policy
from tests.review.policy.test_certificates import labelled

pytestmark = pytest.mark.django_db
POLICIES = "/admin/policies/"


def test_the_shipped_policy_says_that_it_is_not_certified_and_what_it_would_take(sign_in):
    page = sign_in("manager").get(POLICIES).content.decode()
    assert "Not certified" in page and "598 more good labels are needed" in page
    assert "214 labelled renders, 149 of them bad" in page
    assert active_policy().document["fitted_on"] in page


def test_a_manager_certifies_and_the_page_says_what_is_promised(sign_in):
    row = policy(is_active=True)
    labelled(row, 22)
    client = sign_in("manager")
    assert "Certify and activate" in client.get(POLICIES).content.decode()
    page = client.post(f"{POLICIES}{row.pk}/certify/", {"why": "labels are in"}, follow=True).content.decode()
    assert "<b>Certified.</b>" in page and "22 marked frames looked at" in page
    assert "labels are in" in page and "manager" in page


def test_a_shadow_policy_shows_what_it_would_have_done_and_is_activated(sign_in):
    row = policy(is_active=True)
    judged(1, row, haze=0.1)
    other = policy("other")
    client = sign_in("manager")
    client.post(f"{POLICIES}{other.pk}/shadow/")
    client.post(f"{POLICIES}{other.pk}/regate/")
    assert replay.comparison(other).replayed == 1
    assert "P1 front" not in client.get(f"{POLICIES}{other.pk}/").content.decode()  # they agree
    client.post(f"{POLICIES}{other.pk}/activate/", {"why": "it is better"})
    assert active_policy() == other and Activation.objects.get().by == "manager"


def test_without_a_reason_nothing_is_activated_and_the_page_says_why(sign_in):
    row = policy("other", in_shadow=True)
    page = sign_in("manager").post(f"{POLICIES}{row.pk}/activate/", {"why": ""}, follow=True).content.decode()
    assert "Say why" in page and not GatePolicy.objects.get(pk=row.pk).is_active


def test_frames_that_a_shadow_policy_treats_otherwise_are_listed(sign_in):
    card = judged(1, policy(is_active=True), haze=0.1)
    thresholds = {"eyewear": dict.fromkeys(("front", "angle", "side", "unnamed"), 0.999)}
    strict = policy("strict", in_shadow=True, thresholds=thresholds)
    replay.regate(strict)
    page = sign_in("manager").get(f"{POLICIES}{strict.pk}/").content.decode()
    assert "Would be sent to review: 1" in page and f"/admin/pipeline/frame/{card.frame_id}/change/" in page


@pytest.mark.parametrize("role", ["operator", "uploader"])
def test_policies_are_the_managers(role, sign_in):
    client, row = sign_in(role), policy("other")
    assert client.get(POLICIES).status_code == HTTPStatus.FORBIDDEN
    assert client.post(f"{POLICIES}{row.pk}/activate/", {"why": "x"}).status_code == HTTPStatus.FORBIDDEN


def test_a_policy_is_taken_out_of_shadow_and_keeps_what_it_said(sign_in):
    judged(1, policy(is_active=True), haze=0.1)
    other = policy("other", in_shadow=True)
    replay.regate(other)
    client = sign_in("manager")
    assert "Take out of shadow" in client.get(POLICIES).content.decode()
    page = client.post(f"{POLICIES}{other.pk}/unshadow/", follow=True).content.decode()
    assert "is out of shadow" in page and "Take out of shadow" not in page
    other.refresh_from_db()
    assert not other.in_shadow and replay.comparison(other).replayed == 1
    again = client.post(f"{POLICIES}{other.pk}/unshadow/", follow=True).content.decode()
    assert "doesn&#x27;t run in shadow" in again


def test_a_draft_is_deleted_and_nothing_else_is(sign_in):
    row = policy(is_active=True)
    client, draft = sign_in("manager"), drafts.copy(row)
    assert ">Delete<" in client.get(POLICIES).content.decode()
    assert "Delete this draft" in client.get(f"{POLICIES}{draft.pk}/").content.decode()
    page = client.post(f"{POLICIES}{draft.pk}/delete/", follow=True).content.decode()
    assert f"The draft {draft} is deleted." in page and not GatePolicy.objects.filter(pk=draft.pk).exists()
    for kept in (row, policy("shadowed", in_shadow=True), policy("at rest")):
        page = client.post(f"{POLICIES}{kept.pk}/delete/", follow=True).content.decode()
        assert "stays for the record" in page and GatePolicy.objects.filter(pk=kept.pk).exists()


def test_a_draft_that_others_were_copied_from_is_kept_and_the_page_says_which(sign_in):
    draft = drafts.copy(policy(is_active=True))
    copied = drafts.copy(draft)
    page = sign_in("manager").post(f"{POLICIES}{draft.pk}/delete/", follow=True).content.decode()
    assert f"{copied} came of it" in page and GatePolicy.objects.filter(pk=draft.pk).exists()


def test_an_unknown_action_or_policy_is_not_found(sign_in):
    client = sign_in("manager")
    assert client.post(f"{POLICIES}9999/activate/").status_code == HTTPStatus.NOT_FOUND
    assert client.post(f"{POLICIES}{active_policy().pk}/nonesuch/").status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("model_sha256", "1" * 64, "for another model than now"),
        ("scorer_version", "0", "for another scorer than now"),
        ("calibration", "0" * 64, "for another calibration than now"),
    ],
)
def test_a_certificate_that_holds_no_longer_says_what_it_was_made_for(sign_in, column, value, words):
    row = policy(is_active=True)
    labelled(row, 22)
    client = sign_in("manager")
    client.post(f"{POLICIES}{row.pk}/certify/", {"why": "labels are in"})
    assert "<b>Certified.</b>" in client.get(POLICIES).content.decode()
    Certificate.objects.update(**{column: value})
    page = client.get(POLICIES).content.decode()
    assert "No longer certified" in page and words in page


def test_whoever_may_only_read_policies_sees_no_buttons_and_can_not_act(sign_in):
    row = policy("other", in_shadow=True)
    client = sign_in("manager")
    Group.objects.get(name="manager").permissions.remove(Permission.objects.get(codename="activate_policy"))
    for page in (POLICIES, f"{POLICIES}{row.pk}/"):
        assert 'class="mg-act"' not in client.get(page).content.decode()
    assert client.post(f"{POLICIES}{row.pk}/activate/", {"why": "x"}).status_code == HTTPStatus.FORBIDDEN


def test_a_challenger_is_proposed_with_its_figures_until_it_is_activated(sign_in):
    other = policy("learned", in_shadow=True)
    figures = {"labels": 412, "bad": 37, "auroc": 0.9876, "gain": 0.021, "gain_low": 0.004}
    Proposal.objects.create(kind=Proposal.Kind.CHALLENGER, policy=other, figures=figures)
    client = sign_in("manager")
    page = client.get(POLICIES).content.decode()
    assert "AUROC 0.988" in page and "412 labels, 37 of them bad" in page
    page = client.post(f"{POLICIES}{other.pk}/activate/", {"why": "it is better"}, follow=True).content.decode()
    assert "Proposed:" not in page and "learned v1 decides now" in page
