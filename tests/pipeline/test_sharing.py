"""Whose batches an uploader sees, and who decides what they sent in."""

from http import HTTPStatus

import pytest
from django.contrib.auth.models import User
from django.db.models import ProtectedError

from pipeline import intake
from pipeline.models import Batch, Frame
from pipeline.states import State
from review.queue import claims, decisions
from tests.factories import scorecard

pytestmark = pytest.mark.django_db


@pytest.fixture
def frame():
    batch = Batch.objects.create(name="Spring", created_by=User.objects.create_user("ute"))
    return Frame.objects.create(
        batch=batch, filename="A_1.jpg", code="A", view="front", sha256="0", state=State.EXCEPTION, reasons=["haze"]
    )


@pytest.mark.parametrize(("role", "sees"), [("uploader", False), ("manager", True), ("admin", True)])
def test_uploaders_see_their_own_batches_only(role, sees, frame, sign_in):
    client, page = sign_in(role), f"/admin/pipeline/batch/{frame.batch_id}/change/"
    assert (client.get(page).status_code == HTTPStatus.OK) == sees
    assert ("Spring" in client.get("/admin/pipeline/batch/").content.decode()) == sees
    assert (client.get(page.replace("change", "history")).status_code == HTTPStatus.OK) == sees
    Batch.objects.update(created_by=User.objects.get(username=role))
    assert client.get(page).status_code == HTTPStatus.OK


def test_another_uploaders_photos_are_not_found(frame, sign_in, services):
    picture = f"/frames/{frame.pk}/1/thumb.webp"
    assert b"There is no such picture" not in sign_in("operator").get(picture).content
    assert sign_in("uploader").get(picture).status_code == HTTPStatus.NOT_FOUND


def test_nothing_is_added_to_another_uploaders_batch(frame, sign_in):
    sign_in("uploader")
    with pytest.raises(intake.IntakeError, match="Batch 'Spring' is ute's"):
        intake.open_batch("Spring", "eyewear", User.objects.get(username="uploader"))


@pytest.mark.parametrize("page", ["/admin/auth/user/{}/delete/", "/admin/auth/user/"])
def test_who_opened_batches_is_deactivated_and_not_deleted(page, frame, sign_in):
    """Without an owner they would be every uploader's."""
    admin, ute = sign_in("admin"), User.objects.get(username="ute")
    form = {"post": "yes", "action": "delete_selected", "_selected_action": [ute.pk]}
    answer = admin.post(page.format(ute.pk), form, follow=True).content.decode()
    assert "Spring" in answer and "Take the tick from “Active” instead" in answer
    assert Batch.objects.get().created_by == ute
    with pytest.raises(ProtectedError):
        ute.delete()


def test_who_opened_none_is_deleted(sign_in):
    gone = User.objects.create_user("gone")
    sign_in("admin").post(f"/admin/auth/user/{gone.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(username="gone").exists()


def test_shared_batches_are_everybodys(frame, sign_in, settings):
    settings.SHARED_BATCHES = True
    assert "Spring" in sign_in("uploader").get("/admin/pipeline/batch/").content.decode()


def test_with_four_eyes_nobody_decides_what_they_sent_in(frame, settings, redis_server):
    scorecard(frame)
    settings.FOUR_EYES = True
    ute, olga = User.objects.get(username="ute"), User.objects.create_user("olga")
    assert list(claims.queue_of(ute)) == [] and [item.pk for item in claims.queue_of(olga)] == [frame.pk]
    with pytest.raises(decisions.DecisionError, match="You sent A front in yourself"):
        decisions.decide("approve", frame, frame.version, ute)
    decisions.decide("approve", frame, frame.version, olga)
