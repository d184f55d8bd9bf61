from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from accounts.roles import ROLES


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
