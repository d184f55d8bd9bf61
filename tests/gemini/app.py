"""The endpoints."""

import json
import re
import threading
from collections import Counter
from typing import Any

from tests.gemini import faults, wire
from tests.gemini.files import Files
from tests.gemini.jobs import BatchJob, Entry, Jobs
from tests.gemini.ledger import Ledger
from tests.gemini.wire import Call, Problem, Reply

ROUTES = (
    ("POST", r"/v1/models/(?P<model>[^/:]+):generateContent", "generate"),
    ("POST", r"/v1/models/(?P<model>[^/:]+):batchGenerateContent", "submit"),
    ("GET", r"/v1/batches", "list"),
    ("GET", r"/v1/(?P<name>batches/[^/:]+)", "poll"),
    ("POST", r"/v1/(?P<name>batches/[^/:]+):cancel", "cancel"),
    ("POST", r"/upload/v1/files", "upload"),
    ("GET", r"/v1/(?P<name>files/[^/:]+)", "describe"),
    ("GET", r"/v1/(?P<name>files/[^/:]+):download", "download"),
)


class App:
    """One Google. What is slow, making an image, is done outside the lock for single requests."""

    def __init__(self, *, api_key: str, model: str, jobs: Jobs, scripted: faults.Faults, ledger: Ledger) -> None:
        self._api_key, self._model = api_key, model
        self._jobs, self._faults, self._ledger = jobs, scripted, ledger
        self._files = Files()
        self._lock = threading.RLock()
        self.url = ""
        self.page_size = 50
        self.counts: Counter[str] = Counter()

    def answer(self, call: Call) -> Reply:
        try:
            return self._route(call)
        except Problem as problem:
            return problem.reply

    def _route(self, call: Call) -> Reply:
        # Whoever knows the address of an upload needs no key.
        if "upload_id" in call.query:
            return self._receive(call)
        self._check_key(call.headers.get("x-goog-api-key", ""))
        for method, pattern, name in ROUTES:
            found = re.fullmatch(pattern, call.path)
            if method == call.method and found:
                self._count(name)
                return getattr(self, f"_{name}")(call, **found.groupdict())
        raise Problem(404, f"{call.method} {call.path} is not known.")

    def _count(self, name: str) -> None:
        with self._lock:
            self.counts[{"generate": "sync"}.get(name, name)] += 1

    def _check_key(self, key: str) -> None:
        if not key:
            raise Problem(403, "Method doesn't allow unregistered callers.")
        if key != self._api_key:
            info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
            # Google does not quote the key; a careless proxy might.
            raise Problem(400, f"API key not valid: {key}. Please pass a valid API key.", details=[info])

    def _check_model(self, model: str) -> None:
        if model != self._model:
            raise Problem(404, f"models/{model} is not found for API version v1.")

    def _generate(self, call: Call, model: str) -> Reply:
        self._check_model(model)
        photo = wire.read_request(call.json())
        fault = self._faults.of("sync", photo=photo)
        faults.on_the_way(fault)
        response = faults.answer(fault, photo)
        self._ledger.charge(photo, faults.image_count(fault), is_batch=False)
        if fault == "disconnect-billed":
            raise faults.Disconnect
        return Reply(response)

    def _submit(self, call: Call, model: str) -> Reply:
        self._check_model(model)
        batch = call.json().get("batch", {})
        display_name = batch.get("displayName", "")
        fault = self._faults.of("submit", display_name)
        faults.on_the_way(fault)
        with self._lock:
            job = self._create(display_name, batch.get("inputConfig", {}))
        if fault == "submit-timeout":
            raise faults.Hang
        return Reply(job.operation())

    def _create(self, display_name: str, source: dict[str, Any]) -> BatchJob:
        if file_name := source.get("fileName"):
            lines = [json.loads(line) for line in self._files.read(file_name).splitlines()]
            entries = [Entry(line["key"], wire.read_request(line["request"])) for line in lines]
            return self._jobs.create(display_name, entries, is_file=True)
        requests = source.get("requests", {}).get("requests", [])
        if not requests:
            raise Problem(400, "The job holds no requests.")
        entries = [Entry(each["metadata"]["key"], wire.read_request(each["request"])) for each in requests]
        return self._jobs.create(display_name, entries, is_file=False)

    def _list(self, call: Call) -> Reply:
        first = int(call.query.get("pageToken", "0"))
        with self._lock:
            jobs = self._jobs.newest_first()
            page: dict[str, Any] = {"operations": [each.operation() for each in jobs[first : first + self.page_size]]}
        if len(jobs) > first + self.page_size:
            page["nextPageToken"] = str(first + self.page_size)
        return Reply(page)

    def _poll(self, call: Call, name: str) -> Reply:
        faults.on_the_way(self._faults.of("poll", name))
        with self._lock:
            return Reply(self._jobs.poll(name).operation())

    def _cancel(self, call: Call, name: str) -> Reply:
        with self._lock:
            self._jobs.cancel(name)
        return Reply({})

    def _upload(self, call: Call) -> Reply:
        faults.on_the_way(self._faults.of("upload"))
        with self._lock:
            return self._files.start(call, self.url)

    def _receive(self, call: Call) -> Reply:
        with self._lock:
            return self._files.receive(call)

    def _describe(self, call: Call, name: str) -> Reply:
        with self._lock:
            return Reply(self._files.describe(name))

    def _download(self, call: Call, name: str) -> Reply:
        with self._lock:
            jobs = [job for job in self._jobs.newest_first() if job.file_name == name]
            if not jobs or call.query.get("alt") != "media":
                raise Problem(404, f"{name} can't be downloaded.")
            return Reply(jobs[0].file())

    def made(self) -> dict[str, str]:
        """Display names by name of the jobs that were made, the newest first."""
        with self._lock:
            return {job.name: job.display_name for job in self._jobs.newest_first()}
