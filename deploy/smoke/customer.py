"""What a program, a browser and people with bad lines do, from outside: through nginx, by TLS."""

import http.client
import io
import json
import os
import shutil
import socket
import ssl
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from mattegate_client import ApiError, Mattegate, Rendition
from playwright.sync_api import sync_playwright

from deploy.smoke.stack import LOOPBACK, ROOT

SAMPLE = ROOT / "samples" / "AURA1000_2.jpg"
FILES = 8
V1 = "/api/v1"


class Customer:
    """A service account, with the example client of docs/api.md, and a folder for what it fetches."""

    def __init__(self, site: str, name: str, secret: str, folder: Path) -> None:
        self.site, self.folder = site, folder
        self.client = Mattegate(f"https://{site}", name, secret)
        self.batch = self.client.open_batch("Smoke")["id"]

    def photo(self, code: str) -> Path:
        """The sample with a comment in it: the same pixels, another file."""
        data, comment = SAMPLE.read_bytes(), code.encode()
        path = self.folder / f"{code}_2.jpg"
        path.write_bytes(data[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + data[2:])
        return path

    def send(self, code: str, seconds: float = 60) -> None:
        """Again until it is in: what is sent twice is taken once."""
        photo = self.photo(code)
        receipt = again(lambda: self.client.send(self.batch, photo), seconds)
        assert receipt["outcome"] in ("taken", "duplicate"), receipt

    def send_in_parts(self, code: str) -> None:
        photo = self.photo(code)
        said = {"name": photo.name, "size": photo.stat().st_size}
        upload = self.client._post(f"/batches/{self.batch}/uploads", said)
        with photo.open("rb") as file:
            for part in upload["parts"]:
                urlopen(Request(part["url"], file.read(part["size"]), method="PUT"), timeout=60).close()
        receipt = self.client._post(f"/uploads/{upload['id']}/complete", {})
        assert "taken" in json.dumps(receipt), receipt

    def state_of(self, code: str) -> str:
        return next((frame["state"] for frame in self.client.frames(self.batch, code=code)), "not there")

    def files_of(self, code: str, seconds: float = 240) -> list[Rendition]:
        """When it is published; each file is fetched, and is what the API said of it."""
        wait_for(lambda: again(lambda: self.state_of(code), seconds) == "published", seconds, f"{code} published")
        files = again(lambda: self.client.files_of_product(code), seconds)
        assert len(files) == FILES, f"{len(files)} files"
        for file in files:
            again(lambda file=file: self.client.download(file, self.folder / code), seconds)  # type: ignore[misc]
        return files


def again(call: Callable[[], Any], seconds: float) -> Any:
    """As a program does while something is started anew."""
    until = time.monotonic() + seconds
    while True:
        try:
            return call()
        except (OSError, ApiError, ValueError, http.client.HTTPException):
            if time.monotonic() > until:
                raise
            time.sleep(1)


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        time.sleep(1)


def ask(site: str, method: str, path: str, said: Any = None, *, source: str = LOOPBACK, **headers: str) -> Any:
    """One request, from an address of this machine; the answer, read."""
    context = ssl.create_default_context()
    line = http.client.HTTPSConnection(site, timeout=20, context=context, source_address=(source, 0))
    body = said if isinstance(said, bytes | None) else json.dumps(said).encode()
    try:
        line.request(method, path, body, {"Content-Type": "application/json", **headers})
        answer = line.getresponse()
        answer.read()
        return answer
    finally:
        line.close()


def lock_out(site: str, name: str) -> int:
    """The answer to the sixth wrong password from one address, whatever address is claimed."""
    said = {"username": name, "password": "a wrong one"}
    answers = []
    for number in range(6):
        told = {"X-Forwarded-For": f"10.9.9.{number}"}
        answers.append(ask(site, "POST", f"{V1}/token", said, source="127.0.0.2", **told).status)
    return answers[-1]


@contextmanager
def slow_senders(site: str, count: int) -> Iterator[None]:
    """Half of them say what they want a byte at a time, the others send a photo so; none of them ends."""
    context = ssl.create_default_context()
    lines = []
    for number in range(count):
        line = socket.create_connection((LOOPBACK, int(site.rpartition(":")[2])))
        sender = context.wrap_socket(line, server_hostname="localhost")
        length = "Content-Length: 50000\r\n\r\n" if number % 2 else ""
        sender.sendall(f"POST /admin/login/ HTTP/1.1\r\nHost: {site}\r\n{length}".encode())
        sender.sendall(b"x")
        lines.append(sender)
    try:
        yield
        for sender in lines:
            sender.sendall(b"x")  # raises where it was cut off
    finally:
        for sender in lines:
            sender.close()


def look_in_a_browser(site: str, name: str, password: str, frame: int) -> None:
    """Sign in, see the batch, fetch all files of a photo as one archive."""
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        tab = browser.new_page(base_url=f"https://{site}", ignore_https_errors=True)
        errors: list[str] = []
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.goto("/")
        tab.get_by_label("Name").fill(name)
        tab.get_by_label("Password").fill(password)
        tab.get_by_role("button", name="Sign in").click()
        tab.wait_for_url(lambda url: "login" not in url)
        tab.goto("/admin/pipeline/batch/")
        tab.get_by_text("Smoke").first.wait_for()
        assert all(cookie["secure"] for cookie in tab.context.cookies())
        answer = tab.request.get(f"/frames/{frame}/files.zip")
        with zipfile.ZipFile(io.BytesIO(answer.body())) as archive:
            assert archive.testzip() is None and len(archive.namelist()) >= FILES, archive.namelist()
        browser.close()
    assert not errors, errors


def trust(certificate: Path) -> None:
    """Of this process's own clients."""
    os.environ["SSL_CERT_FILE"] = str(certificate)
