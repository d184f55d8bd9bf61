from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

PASSWORD = "kept-for-one-test"


@pytest.fixture(autouse=True)
def quick_passwords(settings) -> None:
    """A hash that is slow to guess is slow to make."""
    hashers = ("MD5PasswordHasher", "PBKDF2SHA1PasswordHasher")
    settings.PASSWORD_HASHERS = [f"django.contrib.auth.hashers.{name}" for name in hashers]


@pytest.fixture
def olga(db: None) -> User:
    return User.objects.create_user("olga", password=PASSWORD, is_staff=True)


@pytest.fixture
def try_in(client: Client) -> Callable[..., Any]:
    """Somebody at the sign-in page."""

    def attempt(name: str, password: str = PASSWORD, address: str = "10.0.0.7", **headers: Any) -> Any:
        fields = {"username": name, "password": password}
        return client.post("/admin/login/", fields, REMOTE_ADDR=address, **headers)

    return attempt
