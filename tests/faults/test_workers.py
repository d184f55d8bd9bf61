"""Workers that are killed, stopped or crash in the middle of a photo; jobs and reapers that come twice."""

import os
import signal

import django_rq
import pytest

from pipeline import jobs
from pipeline.models import Frame
from pipeline.states import State
from tests.faults import places
from tests.faults.plant import Plant
from tests.faults.table import Record
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

STAGES = {
    "decode": "before the photo is decoded",
    "matte": "during the matte",
    "render": "before the finished files are rendered",
    "upload": "between two uploads",
    "place": "between two files put in place",
    "manifest": "before the manifest",
    "promised": "after the manifest",
    "transaction": "in the middle of a transaction",
}


def conclude(plant: Plant, fault: Record, *, repair: bool = False) -> None:
    """What holds after every fault; after some when what they left was mended."""
    fault.recovered(plant.settled())
    if repair:
        plant.disagreements(repair=True)
    lost, differently = plant.lost(), plant.published_differently()
    fault.count(lost=lost, differently=len(differently))
    assert (lost, differently, plant.disagreements()) == (0, [], [])


def all_published(plant: Plant) -> bool:
    return set(Frame.objects.values_list("state", flat=True)) == {State.PUBLISHED}


@pytest.mark.parametrize("stage", STAGES)
def test_a_worker_is_killed(plant, fault, stage):
    fault.is_(f"worker killed (-9) {STAGES[stage]}")
    plant.at(stage, "SIGKILL")
    plant.send()
    plant.met(stage)
    conclude(plant, fault)
    assert all_published(plant)


@pytest.mark.parametrize("stage", ["matte", "upload", "manifest"])
def test_a_worker_that_is_stopped_past_its_lease_does_no_harm_when_it_goes_on(plant, fault, stage):
    leaves_a_copy = stage == "upload"  # by the one call that it was at
    fault.is_(f"worker stopped past its lease {STAGES[stage]}{'; verify --repair' if leaves_a_copy else ''}")
    plant.at(stage, "SIGSTOP")
    plant.send()
    pid = plant.met(stage)
    conclude(plant, fault)  # others have its photo
    os.kill(pid, signal.SIGCONT)
    wait_for(lambda: plant.log_says("left to who has it now"), 60)
    conclude(plant, fault, repair=leaves_a_copy)
    assert all_published(plant)


def test_a_photo_that_crashes_its_worker_is_tried_a_few_times_while_others_go_on(plant, fault, settings):
    fault.is_("photo that crashes its worker (segfault)")
    plant.over()
    (bad,) = plant.send(45, note=places.POISON.decode())
    others = plant.send()
    wait_for(lambda: Frame.objects.filter(state=State.PUBLISHED).count() == len(others), 60)
    conclude(plant, fault)
    bad.refresh_from_db()
    assert (bad.state, bad.reasons, bad.attempt) == (State.EXCEPTION, ["attempts-spent"], settings.MAX_FAULTS)
    assert f"The worker stopped while processing. Tried {settings.MAX_FAULTS} times" in bad.cause


def test_jobs_that_come_twice_and_in_any_order(plant, fault):
    fault.is_("jobs doubled and reordered")
    steps = [jobs.process, jobs.publish, jobs.process, jobs.publish, jobs.withdraw, jobs.process]
    for frame in plant.send():
        for number, step in enumerate(steps):
            django_rq.get_queue("process").enqueue(step, frame.pk, job_id=f"again-{frame.pk}-{number}", result_ttl=0)
    plant.over()
    wait_for(lambda: django_rq.get_queue("process").count == 0, 60)
    conclude(plant, fault)
    assert all_published(plant)


def test_two_reapers(plant, fault):
    fault.is_("two reapers, and a worker killed")
    second = plant.start("cron")
    try:
        plant.at("matte", "SIGKILL")
        plant.send()
        plant.met("matte")
        conclude(plant, fault)
    finally:
        plant.stop(second)
    assert all_published(plant)
    assert sum(Frame.objects.values_list("faults", flat=True)) == 0 and Frame.objects.filter(attempt=2).count() == 1


@pytest.mark.parametrize("hours", [1, -1])
def test_the_clock_jumps_while_photos_are_on_their_way_and_back(plant, fault, hours):
    fault.is_(f"clock jumps by {hours:+} h, and back{'; verify --repair' if hours > 0 else ''}")
    plant.send()
    plant.set_clock(3600 * hours)
    plant.send(120, 150)
    wait_for(lambda: Frame.objects.filter(state=State.PUBLISHED).count() >= 2, 60)
    plant.set_clock(0)
    plant.over()
    conclude(plant, fault, repair=hours > 0)  # what was noted meanwhile is in the future
    assert all_published(plant)


def test_a_worker_that_is_killed_while_its_clock_is_ahead_leaves_a_photo_that_verify_mends(plant, fault):
    fault.is_("clock 1 h ahead, worker killed, clock set right; verify --repair")
    plant.set_clock(3600)
    plant.at("matte", "SIGKILL")
    plant.send()
    plant.met("matte")
    plant.set_clock(0)
    assert any("because a clock was ahead" in told for told in plant.disagreements())
    plant.disagreements(repair=True)
    conclude(plant, fault)
    assert all_published(plant)
