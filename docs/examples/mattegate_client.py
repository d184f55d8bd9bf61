"""A client of Mattegate's API in one file, with nothing but Python: copy it, and change it as you like.

MATTEGATE_SECRET=… python mattegate_client.py http://127.0.0.1:8300 erp Spring OUT AURA1000_1.jpg AURA1000_2.jpg
"""

import hashlib
import json
import os
import secrets
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypedDict
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

TIMEOUT = 120
RENEW_BEFORE = 30
"""So many seconds before an access token ends another one is asked for."""
TRIES = 5
TRY_AGAIN = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}


class Batch(TypedDict):
    id: int
    name: str
    photos: int
    progress: dict[str, int]
    is_moving: bool


class Receipt(TypedDict):
    name: str
    outcome: str
    words: str


class Frame(TypedDict):
    id: int
    code: str
    view: str
    state: str
    state_words: str
    reasons: list[dict[str, str]]


class Rendition(TypedDict):
    frame: int
    name: str
    variant: str
    size: int
    sha256: str
    url: str


class ApiError(RuntimeError):
    """A refusal, in the words that the API told; `problem` is all that it told."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{problem.get('status')}: {problem.get('detail')}")
        self.problem = problem


class Mattegate:
    """A service account at work. Use one in one thread: a refresh token must not be used twice."""

    def __init__(self, address: str, name: str, secret: str) -> None:
        self._v1 = f"{address.rstrip('/')}/api/v1"
        self._credentials = {"username": name, "password": secret}
        self._access, self._refresh, self._until = "", "", 0.0

    def open_batch(self, name: str, product_class: str = "eyewear") -> Batch:
        """The batch of that name, made when there is none."""
        return self._post("/batches", {"name": name, "product_class": product_class})

    def batch(self, batch_id: int) -> Batch:
        return self._get(f"/batches/{batch_id}")

    def send(self, batch_id: int, photo: Path) -> Receipt:
        """One photo; sent again when the network failed, it is taken once."""
        boundary = secrets.token_hex(16)
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="photos"; filename="{photo.name}"\r\n\r\n'
        body = head.encode() + photo.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        kind = f"multipart/form-data; boundary={boundary}"
        key = hashlib.sha256(b"%d %b" % (batch_id, body[len(boundary) + 2 : -len(boundary) - 6])).hexdigest()
        receipt: Receipt = self._write(f"/batches/{batch_id}/photos", body, kind, key)["receipts"][0]
        return receipt

    def wait(self, batch_id: int, seconds: float = 600) -> Batch:
        """Until the machine has nothing more to do; what it doubted waits for a person."""
        until = time.monotonic() + seconds
        while (batch := self.batch(batch_id))["is_moving"]:
            if time.monotonic() > until:
                raise TimeoutError(f"{batch['name']} is not through after {seconds:g} seconds")
            time.sleep(2)
        return batch

    def frames(self, batch_id: int, **narrower: str) -> Iterator[Frame]:
        """Every photo of the batch, page by page."""
        path: str | None = f"{self._v1}/frames?{urlencode({'batch': batch_id, **narrower})}"
        while path:
            page = self._ask("GET", path)
            yield from page["results"]
            path = page["next"]

    def files(self, frame_id: int) -> list[Rendition]:
        """A published photo's finished files."""
        found: list[Rendition] = self._get(f"/frames/{frame_id}/renditions")["renditions"]
        return found

    def files_of_product(self, code: str) -> list[Rendition]:
        found: list[Rendition] = self._get(f"/products/{quote(code)}/renditions")["renditions"]
        return found

    def download(self, file: Rendition, folder: Path) -> Path:
        """The file, if it came as it was published."""
        with urlopen(file["url"], timeout=TIMEOUT) as answer:
            data = answer.read()
        if hashlib.sha256(data).hexdigest() != file["sha256"]:
            raise ValueError(f"{file['name']} did not come as it was published; ask for its link again")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / file["name"]
        path.write_bytes(data)
        return path

    def _get(self, path: str) -> Any:
        return self._ask("GET", self._v1 + path)

    def _post(self, path: str, said: Mapping[str, Any]) -> Any:
        return self._write(path, json.dumps(said).encode(), "application/json", secrets.token_hex(16))

    def _write(self, path: str, body: bytes, kind: str, key: str) -> Any:
        return self._ask("POST", self._v1 + path, body, {"Content-Type": kind, "Idempotency-Key": key})

    def _ask(self, method: str, address: str, body: bytes | None = None, headers: Mapping[str, str] = {}) -> Any:
        """With a token that is good, and again where the API says that it may be tried again."""
        for tries_left in reversed(range(TRIES)):
            told = {**headers, "Authorization": f"Bearer {self._token()}"}
            try:
                return _answer(Request(address, body, told, method=method))
            except HTTPError as error:
                if error.code not in TRY_AGAIN or not tries_left:
                    raise ApiError(json.load(error)) from error
                time.sleep(float(error.headers.get("Retry-After", 1)))

    def _token(self) -> str:
        if time.monotonic() > self._until - RENEW_BEFORE:
            self._take(self._renewed() or self._sign_in())
        return self._access

    def _renewed(self) -> dict[str, Any] | None:
        """None where there is nothing to renew, or the API wants to see the secret again."""
        try:
            return _answer(self._unsigned("/token/refresh", {"refresh": self._refresh})) if self._refresh else None
        except HTTPError as error:
            if error.code == HTTPStatus.UNAUTHORIZED:
                return None
            raise ApiError(json.load(error)) from error

    def _sign_in(self) -> dict[str, Any]:
        try:
            return _answer(self._unsigned("/token", self._credentials))
        except HTTPError as error:
            raise ApiError(json.load(error)) from error

    def _unsigned(self, path: str, said: Mapping[str, str]) -> Request:
        return Request(self._v1 + path, json.dumps(said).encode(), {"Content-Type": "application/json"})

    def _take(self, pair: Mapping[str, Any]) -> None:
        self._access, self._refresh = pair["access"], pair["refresh"]
        self._until = time.monotonic() + pair["expires_in"]


def _answer(request: Request) -> Any:
    with urlopen(request, timeout=TIMEOUT) as answer:
        return json.load(answer)


def main(address: str, name: str, batch_name: str, out: str, photos: Sequence[str]) -> None:
    """Photos sent, waited for, and all of the batch's finished files fetched."""
    mattegate = Mattegate(address, name, os.environ["MATTEGATE_SECRET"])
    batch = mattegate.open_batch(batch_name)
    for photo in photos:
        receipt = mattegate.send(batch["id"], Path(photo))
        print(f"{receipt['name']}: {receipt['outcome']} {receipt['words']}".strip())
    print("Waiting for the machine; photos of other batches may come first ...", flush=True)
    mattegate.wait(batch["id"])
    for frame in mattegate.frames(batch["id"]):
        print(f"{frame['code']} {frame['view']}: {frame['state_words']}")
        for file in mattegate.files(frame["id"]) if frame["state"] == "published" else ():
            print(f"  {mattegate.download(file, Path(out))}")


if __name__ == "__main__":
    if len(sys.argv) < 6 or "MATTEGATE_SECRET" not in os.environ:
        sys.exit(__doc__)
    where, who, drop, folder, *sent = sys.argv[1:]
    try:
        main(where, who, drop, folder, sent)
    except (ApiError, OSError, ValueError) as error:
        sys.exit(f"{error}")
