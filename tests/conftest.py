from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client, TransactionTestCase

from accounts.roles import ROLES
from pipeline.shop import publish
from tests import flushing, remembered
from tests.small_files import drawn_small


@pytest.fixture(scope="session", autouse=True)
def cheap() -> Iterator[None]:
    """What costs much in thousands of tests and is the subject of none; before any fixture of a test's own."""
    with pytest.MonkeyPatch.context() as patch:
        remembered.install(patch)
        patch.setattr(TransactionTestCase, "_fixture_teardown", flushing.put_rows_back)
        yield


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """A hash that is slow to guess is slow to make."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def small_files(request: pytest.FixtureRequest) -> Iterator[None]:
    """Of at most 500 × 500 pixels, unless a test asks for `full_size`."""
    with pytest.MonkeyPatch.context() as patch:
        if "full_size" not in request.fixturenames:
            patch.setattr(publish, "render", drawn_small(publish.render))
        yield


@pytest.fixture
def full_size() -> None:
    """Files are as large as the shop's."""


@pytest.fixture(scope="session")
def django_db_modify_db_settings(database_server: None, django_db_modify_db_settings_parallel_suffix: None) -> None:
    """pytest-django makes its database where `database_server` is by then."""


@pytest.fixture
def sign_in(db: None) -> Callable[[str], Client]:
    """A browser in which that role is signed in; `nobody` has an account without a role."""

    def browser(role: str) -> Client:
        user = User.objects.create_user(role)
        if role in ROLES:
            user.groups.add(Group.objects.get(name=role))
        client = Client()
        client.force_login(user)
        return client

    return browser
