"""Batch jobs: taken in, moved along by polls or by the clock, and answered as the script has it."""

import contextlib
import json
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.gemini import faults, relighting, wire
from tests.gemini.ledger import Ledger

NOT_DONE = ("PENDING", "RUNNING")
END_STATES = {"partial": "PARTIALLY_SUCCEEDED", "failed": "FAILED", "expired": "EXPIRED", "cancelled": "CANCELLED"}
STUCK = ("stuck", "stuck-for-good")


@dataclass(frozen=True)
class Entry:
    key: str
    photo: bytes


@dataclass
class BatchJob:
    """One job; what came of it is made when it ends, once."""

    name: str
    display_name: str
    entries: list[Entry]
    is_file: bool  # then its results are a file too
    fault: str | None
    state: str = "PENDING"
    polls: int = 0
    maker: threading.Thread | None = None
    created: float = field(default_factory=time.monotonic)
    results: list[dict[str, Any]] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)  # keys of which a file of results has only half a line

    @property
    def file_name(self) -> str:
        return "files/" + self.name.replace("batches/", "batch-")

    def operation(self) -> dict[str, Any]:
        metadata: dict[str, Any] = {"displayName": self.display_name, "state": f"BATCH_STATE_{self.state}"}
        shown: dict[str, Any] = {"name": self.name, "metadata": metadata, "done": self.state not in NOT_DONE}
        if self.state == "FAILED":
            shown["error"] = {"code": 13, "message": "The job broke down."}
        if self.results:
            shown["response"] = metadata["output"] = self._output()
        return shown

    def _output(self) -> dict[str, Any]:
        if self.is_file:
            return {"responsesFile": self.file_name}
        return {"inlinedResponses": {"inlinedResponses": self.results}}

    def file(self) -> bytes:
        return b"".join(self._line(result) for result in self.results)

    def _line(self, result: dict[str, Any]) -> bytes:
        """One result in a file, where the key has a place of its own."""
        key = result.get("metadata", {})
        line = json.dumps(key | {name: value for name, value in result.items() if name != "metadata"})
        return (line[: len(line) // 2] if key.get("key") in self.broken else line).encode() + b"\n"


def _make_ahead(entries: list[Entry]) -> None:
    """Fill the cache while the clock runs, or the last poll of a large job would take longer than a client waits."""
    for entry in entries:
        with contextlib.suppress(OSError):
            relighting.relit(entry.photo)


class Jobs:
    """All jobs, the newest first in a list. Its callers hold a lock."""

    def __init__(self, scripted: faults.Faults, ledger: Ledger, *, seconds: float, polls: int) -> None:
        self._faults, self._ledger = scripted, ledger
        self._seconds, self._polls = seconds, polls
        self._jobs: dict[str, BatchJob] = {}

    def create(self, display_name: str, entries: list[Entry], *, is_file: bool) -> BatchJob:
        name = f"batches/{uuid.uuid4().hex}"  # like Google's, never given twice
        job = BatchJob(name, display_name, entries, is_file, self._faults.of("job", display_name))
        self._jobs[name] = job
        if self._seconds:
            job.maker = threading.Thread(target=_make_ahead, args=(entries,), daemon=True)
            job.maker.start()
        return job

    def get(self, name: str) -> BatchJob:
        if name not in self._jobs:
            raise wire.Problem(404, f"{name} is not found.")
        return self._jobs[name]

    def newest_first(self) -> list[BatchJob]:
        return list(reversed(self._jobs.values()))

    def poll(self, name: str) -> BatchJob:
        """A job after one more look at it."""
        job = self.get(name)
        job.polls += 1
        if job.state in NOT_DONE:
            is_over = self._progress(job) >= 1 and job.fault not in STUCK
            job.state = "RUNNING"
            if is_over:
                self._end(job)
        return job

    def _progress(self, job: BatchJob) -> float:
        if job.maker:
            share = (time.monotonic() - job.created) / self._seconds
            return min(share, 0.99) if job.maker.is_alive() else share
        return job.polls / self._polls

    def _end(self, job: BatchJob) -> None:
        job.state = END_STATES.get(job.fault or "", "SUCCEEDED")
        job.results = [result for entry in _answered(job) for result in self._results(entry, job)]
        if job.fault == "reordered":
            job.results.reverse()

    def _results(self, entry: Entry, job: BatchJob) -> Iterator[dict[str, Any]]:
        """What the results say of one entry: nothing, one thing, or the same twice. It is billed here."""
        fault = self._faults.of("entry", entry.key, entry.photo)
        if job.fault == "partial" and job.entries.index(entry) % 2:
            fault = "error"
        result = _result(entry, fault)
        if "response" in result:
            self._ledger.charge(entry.photo, faults.image_count(fault), is_batch=True)
        if fault == "broken-line":
            job.broken.add(entry.key)
        copies = {"missing": 0, "duplicated": 2}.get(fault or "", 1)
        yield from [result] * copies

    def cancel(self, name: str) -> None:
        job = self.get(name)
        if job.state not in NOT_DONE:
            raise wire.Problem(400, "The job has ended.", status="FAILED_PRECONDITION")
        if job.fault != "stuck-for-good":
            job.state = "CANCELLED"


def _answered(job: BatchJob) -> list[Entry]:
    """A job that Google cancels has done half of its work; one that fails or expires brings nothing."""
    if job.fault in ("failed", "expired"):
        return []
    return job.entries[: len(job.entries) // 2] if job.fault == "cancelled" else job.entries


def _result(entry: Entry, fault: str | None) -> dict[str, Any]:
    metadata = {} if fault == "lost-metadata" else {"metadata": {"key": entry.key}}
    if fault == "error":
        info = {"@type": "type.googleapis.com/google.rpc.DebugInfo", "detail": "a detail"}
        return metadata | {"error": {"code": 13, "message": "The model broke down.", "details": [info]}}
    try:
        return metadata | {"response": faults.answer(fault, entry.photo)}
    except wire.Problem as problem:
        return metadata | {"error": {"code": 3, "message": str(problem)}}
