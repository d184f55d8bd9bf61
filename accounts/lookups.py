"""What a list in the admin may be asked: only what its filters offer.

Django lets whoever sees a list filter it by any field of the model, so that a few questions tell what no page shows.
"""

from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.http import HttpRequest

ENDINGS = ("__exact", "__id__exact", "__isnull")
"""Of the questions that Django's own filters ask about a field."""


class OnlyOfferedLookups:
    """Before every ModelAdmin; whatever else is asked for in an address is answered by 400."""

    list_filter: ClassVar[Any]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        offered = {
            name
            for item in self.list_filter
            for name in ([f"{item}{end}" for end in ENDINGS] if isinstance(item, str) else _names(item))
        }
        return lookup in offered

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Django looks for a field without a name where an address names none."""
        return super().get_object(request, object_id, from_field or None)  # type: ignore[misc]


def _names(item: type[SimpleListFilter]) -> list[str]:
    return [item.parameter_name or ""]
