"""The engine against the contract server, over HTTP: Batch jobs, inline and as files."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.engines import gemini, gemini_answers
from pipeline.engines.gemini import Busy, Failed, Gemini, GeminiConfig, Job, NoAnswer
from tests.gemini import faults
from tests.gemini.photos import photo
from tests.gemini.server import API_KEY, MODEL, PRICE, GeminiServer

KEYS = ("frame-1", "frame-2", "frame-3", "frame-4")


@pytest.fixture
def server() -> Iterator[GeminiServer]:
    with GeminiServer() as server:
        yield server


def client(server: GeminiServer, *, seconds: int = 20) -> Gemini:
    return Gemini(GeminiConfig(api_key=API_KEY, model=MODEL, base_url=server.url, timeout_seconds=seconds))


@pytest.fixture
def as_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small jobs go up as files too."""
    monkeypatch.setattr(gemini, "MAX_INLINE_BYTES", 0)


@pytest.fixture(params=["inline", "file"])
def _both_ways(request: pytest.FixtureRequest) -> None:
    if request.param == "file":
        request.getfixturevalue("as_file")


both_ways = pytest.mark.usefixtures("_both_ways")


def photos(padding: int = 0) -> dict[str, bytes]:
    return {key: photo(number, padding) for number, key in enumerate(KEYS)}


def ended(server: GeminiServer) -> Job:
    """A job of four photos, once it no longer runs."""
    google = client(server)
    name = google.submit("a job", photos(), "Relight it.")
    assert google.poll(name).state == "running"
    return google.poll(name)


def outcomes(job: Job) -> list[tuple[str, str]]:
    return [(answer.key, answer.outcome) for answer in job.answers]


@both_ways
def test_a_job_answers_every_photo_at_half_the_price(server: GeminiServer) -> None:
    job = ended(server)
    assert ({job.name}, job.state) == (set(server.jobs), "succeeded")
    assert outcomes(job) == [(key, "image") for key in KEYS]
    assert len({answer.image for answer in job.answers}) == len(KEYS)
    assert server.ledger.total == len(KEYS) * PRICE / 2
    assert not server.ledger.paid_twice


@pytest.mark.parametrize(("padding", "files"), [(2_700_000, 0), (2_900_000, 1)])
def test_what_google_would_not_take_inline_goes_up_as_a_file(server: GeminiServer, padding: int, files: int) -> None:
    google = client(server)
    name = google.submit("a job", photos(padding), "Relight it.")
    google.poll(name)
    assert outcomes(google.poll(name)) == [(key, "image") for key in KEYS]
    assert server.counts["upload"] == server.counts["download"] == files


@both_ways
@pytest.mark.parametrize(
    ("fault", "outcome", "images"),
    [
        ("blocked", "blocked", 0),
        ("safety", "safety", 0),
        ("text-only", "text-only", 0),
        ("truncated-base64", "unreadable", 1),
        ("wrong-mime", "unreadable", 1),
        ("huge-image", "image", 1),
        ("error", "failed", 0),
    ],
)
def test_one_bad_answer_loses_none_of_the_others(server: GeminiServer, fault: str, outcome: str, images: int) -> None:
    server.script(faults.queue(entry=[None, fault]))
    job = ended(server)
    assert outcomes(job) == list(zip(KEYS, ("image", outcome, "image", "image"), strict=True))
    assert job.answers[1].images == images
    assert sum(answer.images for answer in job.answers) == server.ledger.images


@both_ways
def test_answers_may_be_missing_double_or_nameless(server: GeminiServer) -> None:
    server.script(faults.queue(entry=["missing", "duplicated", "lost-metadata"]))
    keys = Counter(answer.key for answer in ended(server).answers)
    assert keys == {"frame-2": 2, "": 1, "frame-4": 1}
    assert server.ledger.images == 3


@both_ways
def test_the_keys_tell_answers_apart_in_any_order(server: GeminiServer) -> None:
    server.script(faults.queue(job=["reordered"]))
    assert outcomes(ended(server)) == [(key, "image") for key in reversed(KEYS)]


@pytest.mark.usefixtures("as_file")
def test_a_damaged_line_of_a_file_is_one_unreadable_answer(server: GeminiServer) -> None:
    server.script(faults.queue(entry=[None, "broken-line"]))
    job = ended(server)
    assert outcomes(job) == [("frame-1", "image"), ("", "unreadable"), ("frame-3", "image"), ("frame-4", "image")]
    assert job.answers[1].images == 1


@pytest.mark.usefixtures("as_file")
def test_a_line_too_long_to_read_is_one_unreadable_answer(
    server: GeminiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.script(faults.queue(entry=[None, "huge-image"]))
    monkeypatch.setattr(gemini_answers, "MAX_ENCODED_BYTES", 50_000)
    assert outcomes(ended(server))[:3] == [("frame-1", "image"), ("", "unreadable"), ("frame-3", "image")]


@both_ways
@pytest.mark.parametrize(
    ("fault", "state", "kept"),
    [("partial", "partly", 2), ("failed", "failed", 0), ("expired", "expired", 0), ("cancelled", "cancelled", 2)],
)
def test_a_job_that_did_not_succeed_gives_what_it_has(server: GeminiServer, fault: str, state: str, kept: int) -> None:
    server.script(faults.queue(job=[fault]))
    job = ended(server)
    assert job.state == state
    assert [answer.outcome for answer in job.answers].count("image") == kept == server.ledger.images
    assert job.words.startswith(gemini_answers.JOB_WORDS[job.state])


def test_a_stuck_job_is_cancelled(server: GeminiServer) -> None:
    server.script(faults.queue(job=["stuck", "stuck-for-good"]))
    google = client(server)
    stuck, for_good = (google.submit(name, photos(), "Relight it.") for name in ("stuck", "for good"))
    for name in (stuck, for_good):
        assert [google.poll(name).state for _ in range(3)] == ["running"] * 3
        google.cancel(name)
    assert (google.poll(stuck).state, google.poll(for_good).state) == ("cancelled", "running")
    assert server.ledger.total == 0


def test_cancelling_what_has_ended_is_no_error_and_what_never_was_is_one(server: GeminiServer) -> None:
    job = ended(server)
    client(server).cancel(job.name)
    assert client(server).poll(job.name).state == "succeeded"
    with pytest.raises(Failed) as caught:
        client(server).cancel("batches/none")
    assert caught.value.is_lasting


@pytest.mark.parametrize(("fault", "error"), [("429", Busy), ("503", Busy), ("500", Failed)])
def test_a_refused_job_is_not_there(server: GeminiServer, fault: str, error: type[Exception]) -> None:
    server.script(faults.queue(submit=[fault]))
    with pytest.raises(error):
        client(server).submit("a job", photos(), "Relight it.")
    assert (server.counts["submit"], server.jobs) == (1, {})
    assert client(server).find("a job") is None


def test_a_job_whose_start_was_not_answered_is_found_by_its_display_name(server: GeminiServer) -> None:
    server.script(faults.queue(submit=["submit-timeout"]))
    with pytest.raises(NoAnswer):
        client(server, seconds=1).submit("a job", photos(), "Relight it.")
    assert {client(server).find("a job"): "a job"} == server.jobs


@pytest.mark.usefixtures("as_file")
def test_a_broken_upload_starts_no_job_and_may_be_tried_again(server: GeminiServer) -> None:
    server.script(faults.queue(upload=["disconnect"]))
    with pytest.raises(Failed, match="no job was started") as caught:
        client(server).submit("a job", photos(), "Relight it.")
    assert not caught.value.is_lasting
    assert server.counts["submit"] == 0


def test_a_job_is_found_on_any_page_also_among_damaged_ones(server: GeminiServer) -> None:
    server.script(faults.queue(entry=["truncated-base64", "error"]))
    server.page_size = 2
    google = client(server)
    names = [google.submit(f"job {number}", {"a": photo(number)}, "Relight it.") for number in range(5)]
    for name in names[:2] * 2:
        google.poll(name)
    assert [google.find(f"job {number}") for number in range(5)] == names
    assert google.find("job 5") is None


@pytest.mark.parametrize("fault", ["429", "500", "timeout", "disconnect"])
def test_a_failed_poll_can_be_repeated(server: GeminiServer, fault: str) -> None:
    server.script(faults.queue(poll=[fault]))
    google = client(server, seconds=1)
    name = google.submit("a job", {"a": photo()}, "Relight it.")
    with pytest.raises((Busy, Failed, NoAnswer)):
        google.poll(name)
    assert [google.poll(name).state for _ in range(2)] == ["running", "succeeded"]
    assert server.ledger.images == 1


@pytest.mark.parametrize(
    ("operation", "state"),
    [
        ({"metadata": {"state": "BATCH_STATE_PENDING"}}, "running"),
        ({"metadata": {"state": "JOB_STATE_PAUSED"}}, "running"),
        ({"metadata": {"state": "BATCH_STATE_OF_THE_FUTURE"}}, "running"),
        ({"metadata": {"state": "JOB_STATE_EXPIRED"}}, "expired"),
        ({"done": True, "error": {"code": 13}}, "failed"),
        ({"done": True, "response": {}}, "succeeded"),
        ({"metadata": "nonsense"}, "running"),
    ],
)
def test_a_state_is_read_in_every_spelling(operation: dict[str, Any], state: str) -> None:
    assert gemini_answers.read_state(operation) == state


@pytest.mark.parametrize(
    "response", [None, [], {"candidates": "x"}, {"candidates": [None]}, {"candidates": [{"content": {"parts": [3]}}]}]
)
def test_nonsense_is_an_answer_without_an_image(response: Any) -> None:
    assert gemini_answers.read_entry({"key": 7, "response": response}).image is None


@pytest.mark.parametrize("data", ["", "QUF", "QU%FB", "ä", None, 7])
def test_base64_that_is_none_is_unreadable_and_may_be_billed(data: Any) -> None:
    part = {"inlineData": {"mimeType": "image/png", "data": data}}
    answer = gemini_answers.read_answer("a", {"candidates": [{"content": {"parts": [part]}}]})
    assert (answer.outcome, answer.image, answer.images) == ("unreadable", None, 1)


def test_a_draft_in_the_thoughts_is_neither_taken_nor_billed() -> None:
    draft = {"thought": True, "inlineData": {"mimeType": "image/png", "data": "QUFB"}}
    final = {"inlineData": {"mimeType": "image/png", "data": "QkJC"}}
    answer = gemini_answers.read_answer("a", {"candidates": [{"content": {"parts": [draft, final]}}]})
    assert (answer.image, answer.images) == (b"BBB", 1)
