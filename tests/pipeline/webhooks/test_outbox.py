"""What others are told is written with what happened, or not at all."""

import json
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pipeline.models import Frame, Listing, WebhookDelivery, WebhookEndpoint
from pipeline.states import State
from pipeline.transitions import StaleTransition, advance, hold
from pipeline.webhooks import outbox
from tests.factories import scorecard

pytestmark = pytest.mark.django_db


def told() -> list[tuple[str, str]]:
    return list(WebhookDelivery.objects.order_by("pk").values_list("event", "about"))


def said(event: str) -> dict[str, object]:
    return json.loads(WebhookDelivery.objects.get(event=event).body)["data"]


def at(frame: Frame, state: State, **fields: object) -> Frame:
    Frame.objects.filter(pk=frame.pk).update(state=state, **fields)
    frame.refresh_from_db()
    return frame


def publish(frame: Frame) -> None:
    advance(at(frame, State.PUBLISHING), State.PUBLISHED, actor="worker")


def test_who_is_told_that_a_frame_is_published_hears_which_and_nothing_secret(endpoint, frame):
    publish(frame)
    assert told() == [("frame.published", "A front"), ("batch.completed", "Spring")]
    frame.refresh_from_db()
    assert said("frame.published") == {
        "frame": frame.pk,
        "version": frame.version,
        "batch": frame.batch_id,
        "batch_name": "Spring",
        "code": "A",
        "view": "front",
        "state": "published",
    }
    assert endpoint.secret not in WebhookDelivery.objects.get(event="frame.published").body


def test_a_flagged_frame_says_its_reasons_in_words_but_never_what_the_gate_decided(endpoint, frame):
    hold(at(frame, State.PROCESSING), ["low-confidence", "haze"], actor="gate")
    assert told() == [("frame.flagged", "A front")]
    assert said("frame.flagged")["reasons"] == ["faint remains around the product: haze, shadow or a lost part"]
    body = WebhookDelivery.objects.get().body
    assert "doubtful overall" not in body and "confidence" not in body


def test_of_a_frame_that_only_the_verdict_held_the_weakest_spots_are_told_as_operators_are(endpoint, frame):
    scorecard(at(frame, State.PROCESSING, attempt=1), components={"haze": 0.1})
    hold(frame, ["low-confidence"], actor="gate")
    frame.refresh_from_db()
    assert said("frame.flagged")["reasons"] == frame.reason_words


def test_the_cause_of_a_fault_which_may_name_servers_stays_inside(endpoint, frame):
    hold(at(frame, State.PROCESSING), ["program-fault"], "S3 at 10.0.0.7 refused key AKIA", actor="worker")
    body = WebhookDelivery.objects.get(event="frame.flagged").body
    assert "a fault in the program stopped this photo" in body and "10.0.0.7" not in body


def test_a_transaction_that_is_rolled_back_tells_nobody(endpoint, frame):
    at(frame, State.PUBLISHING)
    with pytest.raises(RuntimeError), transaction.atomic():
        advance(frame, State.PUBLISHED, actor="worker")
        assert WebhookDelivery.objects.exists()
        raise RuntimeError("the renditions could not be written")
    assert told() == []


def test_who_comes_too_late_to_move_a_frame_tells_nobody(endpoint, frame):
    stale = Frame.objects.get(pk=at(frame, State.PUBLISHING).pk)
    publish(frame)
    before = told()
    with pytest.raises(StaleTransition):
        advance(stale, State.PUBLISHED, actor="worker")
    assert told() == before


def test_a_frame_is_withdrawn_once_its_files_are_gone_by_the_names_that_they_had(endpoint, frame):
    at(frame, State.PUBLISHED)
    Listing.objects.create(code="OLD", view="angle", frame=frame)
    advance(frame, State.WITHDRAWING, actor="mara")
    assert told() == []
    advance(frame, State.WITHDRAWN, actor="worker")
    assert told() == [("frame.withdrawn", "OLD angle"), ("batch.completed", "Spring")]
    assert (said("frame.withdrawn")["code"], said("frame.withdrawn")["state"]) == ("OLD", "withdrawn")


def test_a_withdrawal_that_is_taken_back_tells_nobody(endpoint, frame):
    Listing.objects.create(code="A", view="front", frame=frame)
    advance(at(frame, State.WITHDRAWING), State.PUBLISHED, actor="mara")
    assert "frame.withdrawn" not in dict(told()) and "frame.published" not in dict(told())


def test_a_frame_whose_names_hold_a_newer_photo_by_now_is_not_told_as_withdrawn(endpoint, frame):
    Listing.objects.create(code="A", view="front", frame=None)
    advance(at(frame, State.WITHDRAWING), State.WITHDRAWN, actor="worker")
    assert "frame.withdrawn" not in dict(told())


def test_a_failed_audit_tells_that_the_files_are_gone_and_that_somebody_must_look(endpoint, frame):
    Listing.objects.create(code="A", view="front", frame=frame)
    hold(at(frame, State.WITHDRAWING), ["haze"], actor="worker")
    assert {event for event, _ in told()} == {"frame.withdrawn", "frame.flagged"}


def test_a_look_at_a_published_frame_tells_nobody(endpoint, frame):
    advance(at(frame, State.PUBLISHED), State.PUBLISHED, actor="olga")
    assert told() == []


def test_a_batch_is_completed_with_its_last_open_photo_and_says_what_became_of_them(endpoint, frame, batch):
    fields = {"batch": batch, "filename": "x.jpg", "code": "B", "view": "front"}
    waits = Frame.objects.create(**fields, sha256="1", state=State.EXCEPTION)
    Frame.objects.create(**fields, sha256="2", state=State.UNREADABLE)
    Frame.objects.create(**fields, sha256="3", state=State.REMOVED)
    publish(frame)
    assert "batch.completed" not in dict(told())
    advance(waits, State.REJECTED, actor="olga")
    assert said("batch.completed") == {
        "batch": batch.pk,
        "batch_name": "Spring",
        "photos": {"published": 1, "rejected": 1, "unreadable": 1, "gone": 0},
    }


def test_a_batch_of_which_all_photos_were_removed_is_not_told(endpoint, frame):
    advance(frame, State.REMOVED, actor="una")
    assert told() == []


def test_an_endpoint_hears_only_what_it_wants_and_none_while_it_is_off(endpoint, frame):
    other = WebhookEndpoint.objects.create(name="shop", url="https://shop.example.com", events=["frame.published"])
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(is_on=False)
    publish(frame)
    assert list(WebhookDelivery.objects.values_list("endpoint", "event")) == [(other.pk, "frame.published")]


def test_two_endpoints_get_messages_of_their_own(endpoint, frame):
    WebhookEndpoint.objects.create(name="shop", url=endpoint.url, events=["frame.published"])
    publish(frame)
    ids = WebhookDelivery.objects.filter(event="frame.published").values_list("message_id", flat=True)
    assert len(set(ids)) == 2 and all(text.startswith("msg_") for text in ids)


def test_where_nobody_wants_to_know_a_move_asks_one_question_more(frame):
    at(frame, State.PUBLISHING)
    with CaptureQueriesContext(connection) as asked:
        advance(frame, State.PUBLISHED, actor="worker")
    assert sum("webhook" in query["sql"] for query in asked) == 1
    assert not WebhookDelivery.objects.exists()


def test_what_is_over_is_removed_after_a_month_and_what_waits_stays(endpoint):
    for state in ("waiting", "delivered", "dead"):
        WebhookDelivery.objects.create(
            endpoint=endpoint, message_id=state, event="frame.published", about="A", body="{}", state=state
        )
    WebhookDelivery.objects.update(created_at=timezone.now() - timedelta(days=31))
    assert outbox.remove_old() == 2
    assert WebhookDelivery.objects.get().state == "waiting"
