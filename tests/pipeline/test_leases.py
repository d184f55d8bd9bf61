import threading

import pytest
from django.db import OperationalError
from django.utils import timezone

from pipeline import leases
from pipeline.models import Batch, Frame
from pipeline.states import State
from pipeline.transitions import advance

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def leased(monkeypatch):
    monkeypatch.setattr(leases, "BEAT_SECONDS", 0.05)
    batch = Batch.objects.create(name="Spring")
    frame = Frame.objects.create(batch=batch, filename="A_1.jpg", code="A", view="front", sha256="0")
    advance(frame, State.PROCESSING, actor="worker", lease=1)
    return frame


def seconds_left(frame: Frame) -> float:
    frame.refresh_from_db()
    assert frame.lease_until
    return (frame.lease_until - timezone.now()).total_seconds()


def test_a_lease_is_renewed_while_the_work_goes_on(leased):
    with leases.kept(leased, 60):
        threading.Event().wait(0.5)
        assert seconds_left(leased) > 50


def test_a_database_that_hiccups_does_not_end_the_renewals(leased, monkeypatch):
    renew, hiccups = leases.renew, iter([OperationalError("database is locked")])

    def sometimes(*args: object) -> bool:
        for hiccup in hiccups:
            raise hiccup
        return renew(*args)

    monkeypatch.setattr(leases, "renew", sometimes)
    with leases.kept(leased, 60):
        threading.Event().wait(0.5)
        assert seconds_left(leased) > 50


def test_work_that_hangs_loses_its_lease(leased, settings):
    settings.JOB_TIMEOUT_SECONDS = 0
    with leases.kept(leased, 60):
        threading.Event().wait(0.5)
        assert seconds_left(leased) < 1
