"""Programs that ask the API: one of each role, with tokens of their own."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts import service
from accounts.api import tokens
from pipeline.models import Batch, Frame
from pipeline.states import State
from tests.pipeline.conftest import photo

V1 = "/api/v1"
Ask = Callable[..., Any]


class Program:
    """A service account that has signed in; `secret` is what it did so with."""

    def __init__(self, name: str, role: str) -> None:
        account, self.secret = service.make(name, Group.objects.get(name=role), purpose="", by="admin")
        self.user: User = account.user
        self.client = Client(raise_request_exception=False)
        self.pair = tokens.give(self.user)

    def _told(self, more: dict[str, Any]) -> dict[str, str]:
        given = {name.replace("_", "-"): value for name, value in more.items()}
        return {"authorization": f"Bearer {self.pair['access']}"} | given

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(V1 + path, headers=self._told(headers))

    def post(self, path: str, said: Any = None, **headers: str) -> Any:
        return self.client.post(V1 + path, said or {}, "application/json", headers=self._told(headers))

    def send(self, batch: Batch, *names: str, **headers: str) -> Any:
        """Photos of those names, each of another grey."""
        files = [SimpleUploadedFile(name, photo(30 + at), "image/png") for at, name in enumerate(names)]
        path = f"{V1}/batches/{batch.pk}/photos"
        return self.client.post(path, {"photos": files}, headers=self._told(headers))


@pytest.fixture
def program(db: None) -> Callable[[str], Program]:
    def make(role: str, name: str = "") -> Program:
        return Program(name or f"{role}-program", role)

    return make


@pytest.fixture
def batch_of(db: None) -> Callable[[Program], Batch]:
    def make(program: Program, name: str = "Drop") -> Batch:
        return Batch.objects.create(name=name, product_class="watch", created_by=program.user)

    return make


def waiting(batch: Batch, code: str) -> Frame:
    """A frame in the queue."""
    fields = {"filename": f"{code}_1.png", "code": code, "view": "front", "sha256": code}
    return Frame.objects.create(batch=batch, state=State.EXCEPTION, attempt=1, reasons=["haze"], **fields)


def problem(answer: Any) -> tuple[int, str]:
    """Status and words of a refusal, which has the type that it should have."""
    assert answer["Content-Type"] == "application/problem+json", answer.content
    told = answer.json()
    assert told["status"] == answer.status_code and told["title"]
    return answer.status_code, told["detail"]
