"""Who relies on a certificate is told when it holds no longer, in the transaction that made it so."""

import json

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from pipeline.models import Override, Scorecard, WebhookDelivery, WebhookEndpoint, active_policy
from review.models import Certificate
from review.policy.activation import certify_and_activate
from review.policy.certificates import is_valid, running
from tests.factories import judged, policy
from tests.review.policy.test_certificates import labelled

pytestmark = pytest.mark.django_db


@pytest.fixture
def certificate():
    row = policy(is_active=True)
    labelled(row, 22)
    made = certify_and_activate(row, User.objects.create_user("mara"), "enough labels")
    url = "https://erp.example.com/"
    WebhookEndpoint.objects.create(name="ERP", url=url, events=["certificate.lapsed"], secret="whsec_AAAA")
    return made


def look(at: Scorecard | None = None, **fields) -> Scorecard:
    """A photo, that one or a new one, is judged once more: by the certified policy, if no other is named."""
    card = at or judged(Scorecard.objects.count() + 20_000, active_policy(), haze=0.1)
    card.pk, card.attempt, card._state.adding = None, card.attempt + 1, True
    for name, value in fields.items():
        setattr(card, name, value)
    card.save()
    return card


def lapsed_at():
    return Certificate.objects.get().lapsed_at


def test_while_what_runs_is_what_was_certified_nobody_is_told(certificate):
    look()
    assert lapsed_at() is None and not WebhookDelivery.objects.exists()


@pytest.mark.parametrize(
    ("fields", "changed"),
    [({"model_sha256": "1" * 64}, ["model"]), ({"scorer_version": "99"}, ["scorer"])],
    ids=["another model", "another scorer"],
)
def test_the_first_photo_of_another_model_or_scorer_lapses_it_and_that_is_told_once(certificate, fields, changed):
    look(**fields)
    look(**fields)
    row = WebhookDelivery.objects.get()
    assert (row.event, row.about) == ("certificate.lapsed", "certified v1")
    data = json.loads(row.body)["data"]
    assert data["changed"] == changed and data["certificate"] == certificate.pk
    assert (data["policy"], data["policy_version"]) == ("certified", 1)
    assert lapsed_at() is not None


def test_an_edit_of_what_an_older_model_cut_out_lapses_nothing(certificate):
    older = look(model_sha256="1" * 64, policy=policy("older"))
    look(older, policy=active_policy())
    assert lapsed_at() is None and not WebhookDelivery.objects.exists()


def test_after_such_an_edit_the_pages_still_say_that_the_certificate_holds(certificate):
    older = look(model_sha256="1" * 64, policy=policy("older"))
    look()
    edited = look(older, policy=active_policy())
    Override.objects.create(frame=edited.frame, scorecard=edited, base_attempt=1, by="olga")
    assert is_valid(certificate, *running(certificate.policy))


def test_a_scorecard_that_is_rolled_back_lapses_nothing(certificate):
    with pytest.raises(RuntimeError), transaction.atomic():
        look(model_sha256="1" * 64)
        assert WebhookDelivery.objects.exists()
        raise RuntimeError("the verdict could not be written")
    assert lapsed_at() is None and not WebhookDelivery.objects.exists()


def test_without_a_certificate_there_is_nothing_to_lapse():
    WebhookEndpoint.objects.create(name="ERP", url="https://erp.example.com/", events=["certificate.lapsed"])
    judged(1, policy(is_active=True), haze=0.1)
    assert not WebhookDelivery.objects.exists()
