"""Pages by cursor show each row once, whatever comes or goes meanwhile."""

from collections.abc import Iterator

import pytest

from pipeline.models import Batch, Frame
from pipeline.states import State
from review.queue import stamps
from tests import factories
from tests.api.conftest import V1, problem, waiting


def pages(program, path: str) -> Iterator[list[int]]:
    while path:
        told = program.get(path).json()
        yield [row["id"] for row in told["results"]]
        path = (told["next"] or "").partition(V1)[2]


def test_rows_that_come_or_go_meanwhile_move_no_other_onto_another_page(program, batch_of):
    erp = program("uploader")
    drop = batch_of(erp)
    there = [waiting(drop, f"A{at}").pk for at in range(10)]
    turned = pages(erp, "/frames?limit=3")
    seen = next(turned)
    waiting(drop, "NEW")
    Frame.objects.filter(pk__in=[seen[0], there[4]]).update(state=State.REMOVED)
    rest = [pk for page in turned for pk in page]
    assert seen + rest == [pk for pk in reversed(there) if pk != there[4]]


def test_a_longer_page_of_doubted_photos_asks_no_more_questions(program, batch_of, django_assert_num_queries):
    erp = program("uploader")
    drop = batch_of(erp)
    for at in range(6):
        factories.scorecard(waiting(drop, f"A{at}"), components={"soft-edge": 0.4})
    Frame.objects.update(reasons=["held-all"])
    erp.get("/frames?limit=1")
    with django_assert_num_queries(40, exact=False) as first:
        erp.get("/frames?limit=1")
    with django_assert_num_queries(len(first)):
        told = erp.get("/frames?limit=6").json()["results"]
    assert [row["reasons"][0]["code"] for row in told] == ["soft-edge"] * 6


def test_the_queue_is_the_oldest_first_and_loses_none_when_some_are_decided(program, batch_of):
    judge = program("operator")
    drop = batch_of(judge)
    there = [waiting(drop, f"A{at}") for at in range(6)]
    for frame in there:
        factories.scorecard(frame)
    turned = pages(judge, "/exceptions?limit=2")
    seen = next(turned)
    for frame in there[:2]:
        judge.post(f"/exceptions/{frame.pk}/decisions", {"kind": "reject", "version": stamps.of(frame)})
    assert seen + [pk for page in turned for pk in page] == [frame.pk for frame in there]


def test_previous_leads_back(program, batch_of):
    erp = program("uploader")
    for at in range(5):
        waiting(Batch.objects.first() or batch_of(erp), f"A{at}")
    first = erp.get("/frames?limit=2").json()
    second = erp.get(first["next"].partition(V1)[2]).json()
    assert erp.get(second["previous"].partition(V1)[2]).json()["results"] == first["results"]


@pytest.mark.parametrize(
    "cursor", ["cD1hYmM=", "bz01", "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "%00", "cD0lMDA=", "r" * 9000]
)
def test_a_cursor_that_is_none_of_ours_is_refused(program, cursor):
    assert problem(program("uploader").get(f"/frames?cursor={cursor}"))[0] in (400, 404)
