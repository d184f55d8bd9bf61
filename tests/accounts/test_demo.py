"""Passwords that were printed never guard a site that others can reach."""

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from accounts import checks, demo
from accounts.roles import ROLES


@pytest.fixture
def accounts(db, tmp_path, settings, capsys):
    settings.VAR_DIR = tmp_path
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
    call_command("demo_accounts")
    capsys.readouterr()


def change(*names: str) -> None:
    for user in User.objects.filter(username__in=names):
        user.set_password("three-lenses")
        user.save()


def found() -> list[str]:
    return [f"{error.id} {error.msg}" for error in checks.demo_passwords_are_changed(databases=["default"])]


def test_on_loopback_alone_they_may_stay(accounts):
    assert found() == []


@pytest.mark.parametrize(("setting", "value"), [("ALLOWED_HOSTS", ["photos.example"]), ("WEB_HOST", "0.0.0.0")])
def test_they_are_refused_on_any_other_host_and_it_is_said_what_to_do(accounts, settings, setting, value):
    setattr(settings, setting, value)
    change("operator", "uploader", "manager")
    with pytest.raises(SystemCheckError, match=r"photos\.example|0\.0\.0\.0") as refused:
        call_command("check", databases=["default"])
    assert "mattegate.E005" in str(refused.value) and "were made with: admin" in str(refused.value)
    assert "manage.py changepassword NAME" in str(refused.value)
    with pytest.raises(ImproperlyConfigured, match=r"manage\.py changepassword NAME"):
        checks.refuse_demo_passwords()


def test_changed_or_deactivated_accounts_are_no_hindrance(accounts, settings):
    settings.ALLOWED_HOSTS = ["*"]
    User.objects.filter(username="admin").update(is_active=False)
    change("operator", "uploader", "manager")
    assert found() == []


def test_a_site_without_demo_accounts_opens(db, tmp_path, settings):
    settings.VAR_DIR, settings.ALLOWED_HOSTS = tmp_path, ["photos.example"]
    User.objects.create_user("operator", password="three-lenses")
    assert found() == []


def test_a_password_that_was_changed_is_not_printed_any_more(accounts, capsys):
    change("operator")
    call_command("demo_accounts")
    printed = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert printed["operator"] == demo.CHANGED
    assert demo.unchanged() == sorted(set(ROLES) - {"operator"})
