"""Accounts that must not be there when others than this machine can reach the site, said in words at start."""

from typing import Any

from django.core.checks import Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from accounts import demo

HINT = (
    "Give each a new one with `.venv/bin/python manage.py changepassword NAME`, or start once without ALLOWED_HOSTS "
    "and WEB_HOST and change the passwords, or deactivate the accounts, on the page Users."
)


def demo_passwords_are_changed(databases: Any = None, **_: Any) -> list[Error]:
    hosts = demo.open_to()
    if not (databases and hosts and "auth_user" in connection.introspection.table_names()):
        return []
    names = demo.unchanged()
    words = f"The site is to be served as {', '.join(hosts)}, but these have the passwords they were made with: "
    return [Error(words + ", ".join(names), hint=HINT, id="mattegate.E005")] if names else []


def refuse_demo_passwords() -> None:
    """For the web process, in which Django runs no checks."""
    for error in demo_passwords_are_changed(databases=["default"]):
        raise ImproperlyConfigured(f"{error.msg}. {error.hint}")


def register_all() -> None:
    register(demo_passwords_are_changed, Tags.database)
