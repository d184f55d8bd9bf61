"""The engine against the contract server, over HTTP: one photo at a time, and what must never leak."""

import hashlib
import io
import logging
import traceback
from collections.abc import Iterator
from decimal import Decimal

import pytest
from PIL import Image

from pipeline.engines import gemini_answers
from pipeline.engines.gemini import Busy, Failed, Gemini, GeminiConfig, GeminiError, NoAnswer
from tests.gemini import faults
from tests.gemini.photos import photo
from tests.gemini.server import API_KEY, MODEL, PRICE, GeminiServer

SECRET = "a-key-that-nobody-may-see"


@pytest.fixture
def server() -> Iterator[GeminiServer]:
    with GeminiServer() as server:
        yield server


def client(server: GeminiServer, *, key: str = API_KEY, model: str = MODEL, seconds: int = 20) -> Gemini:
    return Gemini(GeminiConfig(api_key=key, model=model, base_url=server.url, timeout_seconds=seconds))


def test_a_photo_comes_back_relit_and_is_billed_once(server: GeminiServer) -> None:
    answer = client(server).relight(photo(), "Relight it.")
    assert (answer.key, answer.outcome, answer.words, answer.images) == ("", "image", "", 1)
    assert answer.usage == {"prompt": 300, "candidates": 1290, "total": 1590}
    assert answer.image is not None
    assert Image.open(io.BytesIO(answer.image)).size == (64, 48)
    assert server.ledger.total == PRICE == Decimal("0.039")
    assert server.ledger.charges[0].sha256 == hashlib.sha256(photo()).hexdigest()


@pytest.mark.parametrize(
    ("fault", "outcome", "images", "words"),
    [
        ("blocked", "blocked", 0, "PROHIBITED_CONTENT"),
        ("safety", "safety", 0, "IMAGE_SAFETY"),
        ("text-only", "text-only", 0, "I can only describe"),
        ("truncated-base64", "unreadable", 1, "can't be read"),
        ("wrong-mime", "unreadable", 1, "text/html"),
        ("huge-image", "image", 1, ""),
        ("two-images", "image", 2, ""),
    ],
)
def test_an_answer_is_told_for_what_it_is(
    server: GeminiServer, fault: str, outcome: str, images: int, words: str
) -> None:
    server.script(faults.queue(sync=[fault]))
    answer = client(server).relight(photo(), "Relight it.")
    assert (answer.outcome, answer.images) == (outcome, images)
    assert words in answer.words
    assert (answer.image is None) == (outcome != "image")
    assert server.ledger.images == images


def test_an_image_too_large_to_decode_is_unreadable(server: GeminiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gemini_answers, "MAX_ENCODED_BYTES", 100)
    assert client(server).relight(photo(), "Relight it.").outcome == "unreadable"


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [("429", 2.0), ("429-info", 3.0), ("429-date", 600.0), ("503", 30.0)],
)
def test_busy_says_when_to_come_back_and_nothing_is_retried(server: GeminiServer, fault: str, seconds: float) -> None:
    server.script(faults.queue(sync=[fault]))
    with pytest.raises(Busy) as caught:
        client(server).relight(photo(), "Relight it.")
    assert caught.value.retry_after == pytest.approx(seconds, abs=3)
    assert server.counts["sync"] == 1
    assert server.ledger.total == 0


def test_a_breakdown_may_pass_and_is_not_billed(server: GeminiServer) -> None:
    server.script(faults.queue(sync=["500"]))
    with pytest.raises(Failed, match="try again later") as caught:
        client(server).relight(photo(), "Relight it.")
    assert not caught.value.is_lasting
    assert server.counts["sync"] == 1
    assert server.ledger.total == 0


def test_a_wrong_key_an_unknown_model_and_a_photo_that_is_none_are_lasting(server: GeminiServer) -> None:
    for gemini, picture in (
        (client(server, key=SECRET), photo()),
        (client(server, model="another"), photo()),
        (client(server), b"no JPEG"),
    ):
        with pytest.raises(Failed) as caught:
            gemini.relight(picture, "Relight it.")
        assert caught.value.is_lasting


def test_a_refused_connection_is_a_failure_without_a_bill(server: GeminiServer) -> None:
    gemini = client(server)
    server.__exit__()
    with pytest.raises(Failed, match="nothing was sent") as caught:
        gemini.relight(photo(), "Relight it.")
    assert not caught.value.is_lasting


@pytest.mark.parametrize(("fault", "images"), [("timeout", 0), ("disconnect", 0), ("disconnect-billed", 1)])
def test_no_answer_leaves_open_whether_it_was_billed(server: GeminiServer, fault: str, images: int) -> None:
    server.script(faults.queue(sync=[fault]))
    with pytest.raises(NoAnswer, match="may have been billed"):
        client(server, seconds=1).relight(photo(), "Relight it.")
    assert server.counts["sync"] == 1
    assert server.ledger.images == images


def test_the_environment_changes_neither_key_nor_address(server: GeminiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.setenv(name, "another-key")
    for name in ("GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_GENAI_USE_ENTERPRISE"):
        monkeypatch.setenv(name, "true")
    monkeypatch.setenv("GOOGLE_GENAI_API_VERSION", "beta")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9")
    assert client(server).relight(photo(), "Relight it.").outcome == "image"
    with pytest.raises(Failed, match="missing"):
        client(server, key="")


@pytest.mark.parametrize("key", ["", " ", "two\nlines", "schlüssel"])
def test_a_key_that_can_not_be_one_is_refused_at_once(server: GeminiServer, key: str) -> None:
    with pytest.raises(Failed) as caught:
        client(server, key=key)
    assert caught.value.is_lasting
    assert not key.strip() or key not in str(caught.value)


def test_the_key_is_in_no_error_repr_or_log(caplog: pytest.LogCaptureFixture) -> None:
    for logger in ("", "httpx2"):  # which the settings quieten
        caplog.set_level(logging.DEBUG, logger)
    told = [repr(GeminiConfig(SECRET, MODEL, "", 1))]
    with GeminiServer(SECRET) as server, GeminiServer("another") as stranger:
        server.script(faults.queue(sync=["429", "500", "timeout", "disconnect", None], submit=["503", None]))
        gemini = client(server, key=SECRET, seconds=1)
        told += [_told(lambda: gemini.relight(photo(), "Relight it.")) for _ in range(5)]
        told += [_told(lambda: gemini.submit("a job", {"a": photo()}, "Relight it.")) for _ in range(2)]
        told += [_told(lambda: gemini.find("a job")), _told(lambda: client(server, model="x", key=SECRET).find("a"))]
        # This one answers with the key that it was sent.
        told.append(_told(lambda: client(stranger, key=SECRET).relight(photo(), "Relight it.")))
        told += [repr(gemini), repr(vars(gemini))]
    assert "[key]" in told[-3]
    assert "HTTP Request" in caplog.text
    assert SECRET not in caplog.text + "".join(told)


def _told(call: object) -> str:
    """All that a person could read of a call: what it returned, or its error with the traceback."""
    try:
        return repr(call())  # type: ignore[operator]
    except GeminiError as error:
        return repr(error) + str(vars(error)) + "".join(traceback.format_exception(error))
