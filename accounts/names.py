"""Which names people may have: histories and logs must not leave open who did something."""

from django.contrib.auth.models import User
from django.contrib.auth.validators import ASCIIUsernameValidator
from django.core.exceptions import ValidationError

PROGRAMS = frozenset({"gate", "worker", "reaper", "intake", "gemini", "cron", "system", "retention", "verify"})
"""What histories call the parts of the product that act by themselves."""

_is_plain = ASCIIUsernameValidator()


def check(name: str, of: int = 0) -> str:
    """The name, if it can't be taken for another one; `of` is the account that has it already, if any.

    Raises
    ------
    ValidationError
        It is a program's, or another account's in whatever case, or has letters that look like others.
    """
    if name.lower() in PROGRAMS:
        raise ValidationError(f"{name!r} is what histories call a part of the product; choose another name.")
    _is_plain(name)
    if User.objects.filter(username__iexact=name).exclude(pk=of).exists():
        raise ValidationError("There is an account of that name already.")
    return name
