"""A line that is full: nothing is taken in until some of it is through."""

from http import HTTPStatus

import pytest
from django.core.management import CommandError, call_command

from pipeline.models import Frame
from pipeline.states import State
from tests.api.conftest import program  # noqa: F401 - fixtures
from tests.pipeline.conftest import photo
from tests.pipeline.test_views import send


@pytest.fixture
def full_line(services, batch, settings) -> Frame:
    settings.MAX_IN_LINE = 1
    return Frame.objects.create(batch=batch, filename="A_1.png", code="A", view="front", sha256="a")


def through(frame: Frame) -> None:
    Frame.objects.filter(pk=frame.pk).update(state=State.EXCEPTION)


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_the_upload_page_says_so_and_goes_on_by_itself(full_line, sign_in, accept, caplog):
    client = sign_in("uploader")
    refused = send(client, ("B_1.png", photo()), accept=accept)
    assert (refused.status_code, refused.headers["Retry-After"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "60")
    assert "As many photos as may are in line already" in refused.text and Frame.objects.count() == 1
    assert "1 are in line, and MAX_IN_LINE is 1" in caplog.text
    through(full_line)
    taken = send(client, ("B_1.png", photo(50)), ("C_1.png", photo(60)), accept="application/json").json()
    assert [receipt["outcome"] for receipt in taken["receipts"]] == ["taken", "failed"]
    assert "Try again in a few minutes" in taken["receipts"][1]["words"]


def test_programs_are_told_so(full_line, program, batch):  # noqa: F811
    erp = program("manager")
    in_parts = erp.post(f"/batches/{batch.pk}/uploads", {"name": "B_1.png", "size": 1000})
    for answer in (erp.send(batch, "B_1.png"), in_parts):
        assert (answer.status_code, answer.headers["Retry-After"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "60")
        assert answer.json()["detail"].startswith("As many photos as may are in line already")
    through(full_line)
    assert erp.send(batch, "B_1.png").status_code == HTTPStatus.CREATED


def test_the_command_line_says_so(full_line, tmp_path):
    (tmp_path / "B_1.png").write_bytes(photo())
    with pytest.raises(CommandError, match=r"in line already.* 0 of these photos were taken in; B_1.png"):
        call_command("ingest", str(tmp_path))
