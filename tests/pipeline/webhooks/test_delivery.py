"""Messages arrive at least once, signed, or end as dead letters that somebody sees."""

import time
from collections import Counter
from datetime import timedelta

import django_rq
import pytest
from django.utils import timezone
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from pipeline import jobs
from pipeline.models import WebhookDelivery, WebhookEndpoint
from pipeline.webhooks import delivery, post, signing
from tests.pipeline.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db


def send(endpoint: WebhookEndpoint) -> None:
    delivery.send_due(endpoint.pk)


def let_time_pass() -> None:
    """All that rests is due."""
    WebhookDelivery.objects.update(due_at=timezone.now())
    WebhookEndpoint.objects.update(rests_until=None)


def listen(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(url=receiver.url)


def test_a_message_arrives_as_it_was_written_and_is_noted_as_delivered(endpoint, told, receiver):
    row = told()
    send(endpoint)
    (got,) = receiver.received
    assert (got.path, got.body, got.id) == ("/hooks?for=mattegate", row.body, row.message_id)
    assert got.headers["content-type"] == "application/json"
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    row.refresh_from_db()
    assert (row.state, row.tries, row.answer) == ("delivered", 1, "answered 204")
    send(endpoint)
    assert len(receiver.received) == 1


def test_a_receiver_that_fails_twice_gets_the_same_message_again_until_it_takes_it(endpoint, told, receiver):
    receiver.answers = [500, 503]
    row = told()
    for _ in range(3):
        send(endpoint)
        let_time_pass()
    assert [got.id for got in receiver.received] == [row.message_id] * 3
    row.refresh_from_db()
    assert (row.state, row.tries) == ("delivered", 3)


def test_after_a_failure_it_waits_and_says_what_was_answered(endpoint, told, receiver):
    receiver.answers = [500]
    row = told()
    send(endpoint)
    send(endpoint)
    assert len(receiver.received) == 1
    row.refresh_from_db()
    assert (row.state, row.answer) == ("waiting", "answered 500")
    assert row.due_at > timezone.now() + timedelta(seconds=25)


def test_pauses_grow_threefold_up_to_half_a_day_and_chance_spreads_them():
    longest = [60, 180, 540, 1620, 4860, 14580, 43200, 43200, 43200]
    for tries, most in enumerate(longest, 1):
        drawn = [delivery.pause(tries).total_seconds() for _ in range(50)]
        assert most / 2 <= min(drawn) < max(drawn) <= most
        assert len(set(drawn)) > 40
    assert delivery.pause(1).total_seconds() > 2 * post.SECONDS, "a try could begin while the last is under way"


def test_when_its_tries_are_spent_it_is_a_dead_letter_until_somebody_sends_it_again(endpoint, told, receiver):
    receiver.answers = [500] * delivery.MAX_TRIES
    row = told()
    for _ in range(delivery.MAX_TRIES + 2):
        send(endpoint)
        let_time_pass()
    assert len(receiver.received) == delivery.MAX_TRIES
    row.refresh_from_db()
    assert row.state == "dead"
    assert delivery.send_again(WebhookDelivery.objects.all()) == 1
    send(endpoint)
    row.refresh_from_db()
    assert (row.state, row.tries) == ("delivered", 1)
    assert {got.id for got in receiver.received} == {row.message_id}


def test_a_worker_killed_between_sending_and_noting_it_leads_to_the_same_message_again(
    endpoint, told, receiver, monkeypatch
):
    row = told()
    with monkeypatch.context() as killed, pytest.raises(SystemExit):
        killed.setattr(delivery, "_record", lambda *_: (_ for _ in ()).throw(SystemExit))
        send(endpoint)
    row.refresh_from_db()
    assert (row.state, row.tries) == ("waiting", 1)
    let_time_pass()
    send(endpoint)
    assert [got.id for got in receiver.received] == [row.message_id] * 2
    row.refresh_from_db()
    assert row.state == "delivered"


@pytest.mark.parametrize("dribble", [False, True], ids=["says nothing", "says a byte now and then"])
def test_a_receiver_that_does_not_answer_is_given_up_and_rests_while_others_have_their_turn(
    endpoint, told, inside, monkeypatch, dribble
):
    monkeypatch.setattr(post, "SECONDS", 0.5)
    with Receiver(seconds=0 if dribble else 20, dribble=dribble) as silent:
        told("A front"), told("B front")
        listen(endpoint, silent)
        began = time.monotonic()
        send(endpoint)
        assert time.monotonic() - began < 5
        assert len(silent.received) == 1
    rows = WebhookDelivery.objects.order_by("pk")
    assert [row.state for row in rows] == ["waiting", "waiting"]
    assert "no answer within" in rows[0].answer
    assert not delivery.endpoints_due().exists()
    WebhookEndpoint.objects.update(rests_until=timezone.now())
    assert delivery.endpoints_due().exists()


def test_nobody_there_is_said_so(endpoint, told, receiver):
    row = told()
    with Receiver() as gone:
        listen(endpoint, gone)
    send(endpoint)
    row.refresh_from_db()
    assert (row.state, row.answer) == ("waiting", "no connection: Connection refused")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_a_failure_and_leads_nowhere(endpoint, told, receiver, status):
    with Receiver() as hidden:
        receiver.answers, receiver.location = [status], hidden.url
        row = told()
        send(endpoint)
        assert hidden.received == []
    row.refresh_from_db()
    assert (row.state, row.answer) == ("waiting", f"answered {status}: redirects are not followed")


def test_without_the_setting_a_webhook_to_this_machine_is_not_sent(endpoint, told, receiver, settings):
    row = told()
    settings.WEBHOOK_PRIVATE_ADDRESSES = False
    WebhookEndpoint.objects.update(url=f"https://127.0.0.1:{receiver.port}/")
    send(endpoint)
    row.refresh_from_db()
    assert (row.state, row.answer) == ("waiting", "not sent: 127.0.0.1 is no public address")
    assert receiver.received == []


def test_who_answers_something_else_than_http_stops_nothing(endpoint, told, receiver, monkeypatch):
    monkeypatch.setattr("http.server.BaseHTTPRequestHandler.protocol_version", "SMTP/1.0")
    row = told()
    send(endpoint)
    row.refresh_from_db()
    assert (row.state, row.answer) == ("waiting", "what answered speaks no HTTP")


def test_while_a_webhook_is_off_nothing_is_sent_and_what_waited_waits_on(endpoint, told, receiver):
    told()
    WebhookEndpoint.objects.update(is_on=False)
    send(endpoint)
    assert receiver.received == [] and WebhookDelivery.objects.get().state == "waiting"
    WebhookEndpoint.objects.update(is_on=True)
    send(endpoint)
    assert len(receiver.received) == 1


def test_for_a_day_both_secrets_sign_and_then_only_the_new_one(endpoint, told, receiver):
    old, new = endpoint.secret, signing.new_secret()
    until = timezone.now() + timedelta(hours=24)
    WebhookEndpoint.objects.update(secret=new, old_secret=old, old_secret_until=until)
    told()
    send(endpoint)
    WebhookEndpoint.objects.update(old_secret_until=timezone.now())
    told()
    send(endpoint)
    both, one = (set(got.headers["webhook-signature"].split()) for got in receiver.received)
    assert both == {signed(got := receiver.received[0], new), signed(got, old)}
    assert one == {signed(receiver.received[1], new)}


def signed(got, secret: str) -> str:
    return signing.sign(secret, got.id, int(got.headers["webhook-timestamp"]), got.body)


def test_signatures_are_those_of_standard_webhooks():
    """Its own example."""
    secret, message = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signing.sign(secret, message, 1614265330, '{"test": 2432232314}') == expected


@pytest.mark.django_db(transaction=True)  # as jobs are queued on commit
def test_the_clock_has_a_worker_send_what_is_due_once_an_endpoint(endpoint, told, receiver, redis_server):
    told("A front"), told("B front")
    queue = django_rq.get_queue("publish")
    jobs.reap()
    jobs.reap()
    names = Counter(job.func_name for job in queue.jobs)
    assert 1 <= names["pipeline.jobs.send_webhooks"] <= 2  # a minute may have passed between
    SimpleWorker([queue], connection=queue.connection, serializer=JSONSerializer).work(burst=True)
    assert [got.said["type"] for got in receiver.received] == ["frame.published"] * 2
    assert not delivery.endpoints_due().exists()


def test_of_two_workers_one_sends(endpoint, told, receiver, monkeypatch):
    told()
    pause = delivery.pause

    def meanwhile(tries: int) -> timedelta:
        """Between this worker's look and its claim, another one claims the message."""
        monkeypatch.setattr(delivery, "pause", pause)
        assert delivery._claim(endpoint) is not None
        return pause(tries)

    monkeypatch.setattr(delivery, "pause", meanwhile)
    send(endpoint)
    assert receiver.received == []
    assert delivery.pause is pause, "nobody came between"
