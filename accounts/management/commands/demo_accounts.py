"""manage.py demo_accounts: one account a role, for a machine of one's own."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts import demo
from accounts.roles import ROLES


class Command(BaseCommand):
    help = "Make one account a role on this machine, and print how to sign in. Passwords are kept in VAR_DIR."

    def handle(self, *args: Any, **options: Any) -> None:
        for role in ROLES:
            self.stdout.write(f"{role:10} {demo.password(role)}")
