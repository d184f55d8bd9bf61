"""What rows have in common."""

from typing import Any, TypeAlias, TypeVar, get_args

from django.db import models

Choice = TypeVar("Choice", bound=str)
OneOf: TypeAlias = "models.CharField[Choice, Choice]"
"""A field that holds nothing but its choices. Only for annotations, in quotes: at runtime it takes no parameters."""


class Immutable(models.Model):
    """A row that is written once; only drafts of policies, which policy is in use, and that a certificate lapsed,
    may change."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError(f"{type(self).__name__} {self.pk} is a record of what happened and can't be changed")
        super().save(*args, **kwargs)


def choices_of(literal: Any) -> list[tuple[str, str]]:
    return [(value, value.title()) for value in get_args(literal)]
