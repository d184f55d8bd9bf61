"""Writes the log of sign-ins and rights, from Django's signals: whatever changes an account, page or command."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from axes.models import AccessAttempt
from axes.signals import user_locked_out
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save
from django.http import HttpRequest
from django.utils import timezone

from accounts.asking import address_of, current_request
from accounts.models import AccessEvent

Kind = AccessEvent.Kind
FLAGS = {"is_active": "active", "is_staff": "staff", "is_superuser": "superuser"}
FIELDS = ("username", "email", *FLAGS)
COMMAND = "a command"


def write(kind: Kind, about: str, *, by: str = "", before: str = "", after: str = "") -> AccessEvent:
    request = current_request()
    who = by or _name(request)
    address = address_of(request) if request else None
    about, who = about.replace("\0", "")[:150], who.replace("\0", "")[:150]
    return AccessEvent.objects.create(kind=kind, about=about, by=who, address=address, before=before, after=after)


def _name(request: HttpRequest | None) -> str:
    user = getattr(request, "user", None)
    return user.get_username() if user and user.is_authenticated else COMMAND


def signed_in(user: User, **_: Any) -> None:
    write(Kind.SIGNED_IN, user.get_username(), by=user.get_username())


def signed_out(user: User | None, **_: Any) -> None:
    if user:
        write(Kind.SIGNED_OUT, user.get_username(), by=user.get_username())


def failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Those that are locked out already are told by `locked_out`."""
    if not getattr(request, "axes_locked_out", False):
        name = str(credentials.get("username") or "(none)")
        write(Kind.FAILED, name, by=name)


def locked_out(username: str | None, **_: Any) -> None:
    name = username or "(none)"
    write(Kind.LOCKED_OUT, name, by=name)


def before_account(instance: User, update_fields: Iterable[str] | None = None, **_: Any) -> None:
    """Keep what the row said, unless only the time of the last sign-in is written."""
    if update_fields is None or {*update_fields} & {*FIELDS, "password"}:
        vars(instance)["_was"] = User.objects.filter(pk=instance.pk).first()


def after_account(instance: User, created: bool, **_: Any) -> None:
    was: User | None = vars(instance).pop("_was", None)
    if created:
        write(Kind.ADDED, instance.username, after=_account(instance))
    elif was:
        _note_changes(was, instance)


def _note_changes(was: User, now: User) -> None:
    if _account(was) != _account(now):
        write(Kind.CHANGED, was.username, before=_account(was), after=_account(now))
    # _password is None where Django only hashes the same password anew, at a sign-in.
    if was.password != now.password and vars(now).get("_password") is not None:
        write(Kind.PASSWORD, now.username)


def _account(user: User) -> str:
    flags = [words if getattr(user, name) else f"not {words}" for name, words in FLAGS.items()]
    return ", ".join([user.username, user.email or "no e-mail", *flags])


def before_deletion(instance: User | Group, **_: Any) -> None:
    vars(instance)["_rights"] = _listed(instance, "groups" if isinstance(instance, User) else "permissions")


def after_deletion(instance: User | Group, **_: Any) -> None:
    kind = Kind.DELETED if isinstance(instance, User) else Kind.ROLE_DELETED
    write(kind, str(instance), before=vars(instance).pop("_rights", ""))


def rights(sender: type[Model], instance: Model, action: str, reverse: bool, pk_set: set[int] | None, **_: Any) -> None:
    """Groups or permissions are given or taken, from either end: `user.groups.add` or `group.user_set.add`."""
    holder, field, kind = RIGHTS[sender]
    when, _verb = action.split("_")
    if when == "pre":
        holders = _holders(instance, holder, field, pk_set) if reverse else [instance]
        vars(instance)["_rights"] = [(one, _listed(one, field)) for one in holders]
        return
    for one, before in vars(instance).pop("_rights", []):
        if (after := _listed(one, field)) != before:
            _note_rights(kind, str(one), before, after)


def _holders(right: Model, holder: type[User | Group], field: str, pk_set: set[int] | None) -> list[Any]:
    """Those concerned; `clear` names none and means all."""
    return list(holder._default_manager.filter(**({field: right} if pk_set is None else {"pk__in": pk_set})))


def _note_rights(kind: Kind, about: str, before: str, after: str) -> None:
    """One row a request: a form takes the old role away and then gives the new one."""
    request = current_request()
    noted = vars(request).setdefault("noted_rights", {}) if request else {}
    if row := noted.get((kind, about)):
        row.after = after
        row.save()
    else:
        noted[kind, about] = write(kind, about, before=before, after=after)


def _listed(holder: Any, field: str) -> str:
    found = getattr(holder, field).all()
    if field == "groups":
        return ", ".join(sorted(found.values_list("name", flat=True)))
    return ", ".join(sorted(".".join(names) for names in found.values_list("content_type__app_label", "codename")))


RIGHTS: dict[type[Model], tuple[type[User | Group], str, Kind]] = {
    User.groups.through: (User, "groups", Kind.ROLES),
    User.user_permissions.through: (User, "user_permissions", Kind.PERMISSIONS),
    Group.permissions.through: (Group, "permissions", Kind.PERMISSIONS),
}


def remove_old() -> int:
    """Remove what is older than ACCESS_LOG_DAYS, failures that axes counted among it; returns how many rows of ours."""
    since = timezone.now() - timedelta(days=settings.ACCESS_LOG_DAYS)
    AccessAttempt.objects.filter(attempt_time__lt=since).delete()
    removed, _ = AccessEvent.objects.filter(at__lt=since).delete()
    return removed


def connect() -> None:
    for signal, receiver in ((user_logged_in, signed_in), (user_logged_out, signed_out), (user_login_failed, failed)):
        signal.connect(receiver)
    user_locked_out.connect(locked_out)
    pre_save.connect(before_account, sender=User)
    post_save.connect(after_account, sender=User)
    for sender in (User, Group):
        pre_delete.connect(before_deletion, sender=sender)
        post_delete.connect(after_deletion, sender=sender)
    for through in RIGHTS:
        m2m_changed.connect(rights, sender=through)
