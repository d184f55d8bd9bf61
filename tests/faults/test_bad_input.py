"""Files that are no photos, or hostile ones, by all doors: each is processed, or refused in words, and harms nobody.

A folder of more, where there is one: `make faults BAD_INPUT=folder`.
"""

import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from pipeline import intake
from pipeline.models import Frame
from pipeline.states import State
from tests.api.conftest import V1, program  # noqa: F401 - fixtures
from tests.faults import bad_files
from tests.faults.plant import peak_mb
from tests.pipeline.test_views import send

pytestmark = pytest.mark.slow
Answers = dict[str, str]
"""What was said of each file; nothing of those that were taken."""

FAULTS_OF_OURS = {"program-fault", "attempts-spent", "publishing-failed", "original-missing"}
NOT_FOR_PEOPLE = re.compile(r"Traceback|0x[0-9a-f]{6}|\bNone\b|File \"")
MOST_MB_OF_A_DOOR = 500
AT_ONCE = 10

all_files = cache(bad_files.all_files)


@pytest.fixture
def web(sign_in) -> Callable[[], Answers]:
    browser = sign_in("uploader")

    def by_page() -> Answers:
        answers = (send(browser, file, accept="application/json") for file in all_files().items())
        return _of_receipts([receipt for answer in answers for receipt in answer.json()["receipts"]])

    return by_page


@pytest.fixture
def api(program) -> Callable[[], Answers]:  # noqa: F811
    erp = program("manager")

    def by_api() -> Answers:
        batch, files, receipts = intake.open_batch("Drop", "watch", erp.user), list(all_files().items()), []
        for first in range(0, len(files), AT_ONCE):
            photos = [SimpleUploadedFile(*file) for file in files[first : first + AT_ONCE]]
            told = {"authorization": f"Bearer {erp.pair['access']}"}
            answer = erp.client.post(f"{V1}/batches/{batch.pk}/photos", {"photos": photos}, headers=told)
            receipts += answer.json()["receipts"]
        return _of_receipts(receipts)

    return by_api


@pytest.fixture
def cli(tmp_path: Path, capsys) -> Callable[[], Answers]:
    def by_command() -> Answers:
        for name, data in all_files().items():
            (tmp_path / name).write_bytes(data)
        call_command("ingest", str(tmp_path), "--class", "watch")
        said = re.findall(r"Not taken: (?:\S*/)?(BAD\d+_1\S*?): (.*)", capsys.readouterr().err)
        return dict.fromkeys(Frame.objects.values_list("filename", flat=True), "") | dict(said)

    return by_command


def _of_receipts(receipts: list[dict[str, str]]) -> Answers:
    ours = [receipt["name"] for receipt in receipts if receipt["outcome"] == "failed"]
    assert not ours
    return {receipt["name"]: "" if receipt["outcome"] == "taken" else receipt["words"] for receipt in receipts}


@pytest.mark.parametrize("door", ["web", "api", "cli"])
def test_every_file_is_processed_or_refused_in_words(plant, fault, door, request):
    forget_peak()
    before = peak_mb(os.getpid())
    answers = request.getfixturevalue(door)()
    grown = peak_mb(os.getpid()) - before
    plant.settled()
    answers |= {frame.filename: what_became_of(frame) for frame in Frame.objects.all()}
    missing, unclear = all_files().keys() - answers.keys(), [f"{n}: {w}" for n, w in answers.items() if is_unclear(w)]
    fault.count(bad=len(all_files()), answered=len(answers) - len(unclear))
    assert (missing, unclear, plant.disagreements()) == (set(), [], [])
    assert grown < MOST_MB_OF_A_DOOR and max(plant.peaks()) < settings.WORKER_MAX_RSS_MB


def what_became_of(frame: Frame) -> str:
    """In words, unless it was published."""
    if frame.state == State.PUBLISHED:
        return ""
    is_ours = not FAULTS_OF_OURS.isdisjoint(frame.reasons)
    return f"None: {frame.cause}" if is_ours else frame.cause or "; ".join(frame.reason_words) or "None"


def is_unclear(words: str) -> bool:
    return bool(NOT_FOR_PEOPLE.search(words))


def forget_peak() -> None:
    """proc(5): writing 5 makes the peak what is held now."""
    Path("/proc/self/clear_refs").write_text("5")
