"""manage.py demo_accounts: one account a role, for a machine of one's own."""

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand

from accounts.roles import ROLES


class Command(BaseCommand):
    help = "Make one account a role on this machine, and print how to sign in. Passwords are kept in VAR_DIR."

    def handle(self, *args: Any, **options: Any) -> None:
        for role in ROLES:
            self.stdout.write(f"{role:10} {_password(role)}")


def _password(role: str) -> str:
    """The account's password: made on the first call, read back on later ones."""
    path = settings.VAR_DIR / "demo_accounts" / role
    user, is_new = User.objects.get_or_create(username=role)
    if is_new or not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(9))
        user.set_password(path.read_text())
        user.save()
        user.groups.add(Group.objects.get(name=role))
    return path.read_text()
