"""Who asks by HTTP: senders, as the upload page's script sends, and operators by the API."""

import random
import re
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import requests

from tests.soak.heard import Heard, Kind
from tests.soak.photos import Photo

TIMEOUT = 120
THOUGHT_SECONDS = (1.0, 3.0)
"""Between two decisions of one operator."""
UPLOAD = "/admin/pipeline/batch/add/"


class Asker:
    def __init__(self, heard: Heard, url: str) -> None:
        self.heard, self.url = heard, url
        self.session = requests.Session()

    def ask(self, kind: Kind, method: str, path: str, **said: Any) -> requests.Response:
        answer = self.session.request(method, self.url + path, timeout=TIMEOUT, **said)
        self.heard.note(kind, f"{method} {path}", answer.status_code, answer.headers, answer.elapsed.total_seconds())
        return answer


class Sender(Asker):
    """A tab of the upload page, in which somebody is signed in."""

    def sign_in(self, name: str, password: str) -> None:
        found = self.ask("page", "GET", "/admin/login/")
        said = {"username": name, "password": password, "csrfmiddlewaretoken": _token(found.text), "next": UPLOAD}
        self.ask("page", "POST", "/admin/login/", data=said, headers={"Referer": self.url})

    def send(self, batch: str, photo: Photo) -> str:
        """The outcome; whoever is told to come again does."""
        said = {"name": batch, "product_class": "watch"}
        headers = {"Accept": "application/json", "X-CSRFToken": self.session.cookies["csrftoken"]}
        while True:
            files = {"photos": (photo.name, photo.data, "image/jpeg")}
            answer = self.ask("upload", "POST", UPLOAD, data=said, files=files, headers=headers)
            if answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
                outcome: str = answer.json()["receipts"][0]["outcome"]
                return outcome
            time.sleep(float(answer.headers["Retry-After"]))

    def send_all(self, batch: str, photos: Iterator[Photo], taken: list[str]) -> None:
        for photo in photos:
            outcome = self.send(batch, photo)
            if outcome == "taken":
                taken.append(photo.name)
            else:
                self.heard.faults.append(f"{photo.name}: {outcome}")


class Operator(Asker):
    """A program that decides what waits for people, one photo after another."""

    def work(self, name: str, secret: str) -> None:
        pair = self.ask("API", "POST", "/api/v1/token", json={"username": name, "password": secret}).json()
        until = time.monotonic() + pair["expires_in"] / 2
        while not self.heard.over.is_set():
            self.session.headers["Authorization"] = f"Bearer {pair['access']}"
            self.decide_one()
            self.heard.over.wait(random.uniform(*THOUGHT_SECONDS))
            if time.monotonic() > until:
                pair = self.ask("API", "POST", "/api/v1/token/refresh", json={"refresh": pair["refresh"]}).json()
                until = time.monotonic() + pair["expires_in"] / 2

    def decide_one(self) -> None:
        """Two may choose the same one: then one of them is refused."""
        waiting = self.ask("API", "GET", "/api/v1/exceptions").json()["results"]
        if not waiting:
            return
        frame = random.choice(waiting)
        path = f"/api/v1/exceptions/{frame['id']}"
        self.ask("API", "GET", path)
        said = {"kind": "approve" if frame["can_approve"] else "reject", "version": frame["version"]}
        key = {"Idempotency-Key": f"{frame['id']}-{frame['version']}-{random.random()}"}
        self.ask("API", "POST", f"{path}/decisions", json=said, headers=key)


def _token(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found, "the page has no form"
    return found[1]
