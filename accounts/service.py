"""Accounts of programs: made with a role and a secret, given a new secret, revoked."""

import secrets

from django.contrib.auth.models import Group, User
from django.db import transaction

from accounts import record
from accounts.api.tokens import revoke_all
from accounts.models import AccessEvent, ServiceAccount


def make(name: str, role: Group, *, purpose: str, by: str) -> tuple[ServiceAccount, str]:
    """A new account, and its secret: nobody can read it afterwards."""
    with transaction.atomic():
        user = User(username=name)
        secret = _set_secret(user)
        user.save()
        account = ServiceAccount.objects.create(user=user, purpose=purpose, made_by=by)
        user.groups.set([role])
    return account, secret


def new_secret(account: ServiceAccount) -> str:
    """In the old one's place; all tokens that came of the old one end."""
    user = account.user
    with transaction.atomic():
        secret = _set_secret(user)
        user.save()
        revoke_all(user)
        record.write(AccessEvent.Kind.SECRET, user.get_username())
    return secret


def revoke(account: ServiceAccount) -> None:
    """At once: its tokens end, and it is given no others."""
    user = account.user
    with transaction.atomic():
        user.is_active = False
        user.save(update_fields=["is_active"])
        revoke_all(user)
        record.write(AccessEvent.Kind.REVOKED, user.get_username())


def _set_secret(user: User) -> str:
    secret = secrets.token_hex(32)  # no dash: one double click takes it whole, and no program takes it for an option
    user.set_password(secret)
    return secret
