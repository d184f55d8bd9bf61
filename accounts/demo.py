"""The accounts that `make run` makes on a machine of one's own, and the passwords it prints."""

import secrets
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Group, User

from accounts.roles import ROLES
from config.env import LOOPBACK

CHANGED = "(its password was changed)"


def password(role: str) -> str:
    """What the banner says of the role's account; it is made on the first call."""
    user, is_new = User.objects.get_or_create(username=role)
    if is_new or not _file(role).exists():
        _give_password(user)
    kept = _file(role).read_text()
    return kept if user.check_password(kept) else CHANGED


def _give_password(user: User) -> None:
    path = _file(user.username)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(secrets.token_urlsafe(9))
    user.set_password(path.read_text())
    user.save()
    user.groups.add(Group.objects.get(name=user.username))


def _file(role: str) -> Path:
    return Path(settings.VAR_DIR) / "demo_accounts" / role


def unchanged() -> list[str]:
    """Active accounts that still have the password that was printed."""
    roles = [role for role in ROLES if _file(role).exists()]
    users = User.objects.filter(username__in=roles, is_active=True).order_by("username") if roles else ()
    return [user.username for user in users if user.check_password(_file(user.username).read_text())]


def open_to() -> list[str]:
    """The names and addresses, other than this machine's own, that the site is served under."""
    served = [settings.WEB_HOST, *settings.ALLOWED_HOSTS]
    return [host for host in dict.fromkeys(served) if host.strip("[]") not in LOOPBACK]
