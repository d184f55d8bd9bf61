"""What lists in the admin share: they may be asked only what their filters offer, and some are there to read.

Django lets whoever sees a list filter it by any field of the model, so that a few questions tell what no page shows.
"""

from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin

from config.asked import row_numbers

ENDINGS = ("__exact", "__id__exact", "__isnull")
"""Of the questions that Django's own filters ask about a field."""
MOST_COUNTED = 100_000


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

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Under its own name, not under Django's "Select user to change"."""
        title = self.opts.verbose_name_plural.capitalize()  # type: ignore[attr-defined]
        return super().changelist_view(request, {"title": title, **(extra_context or {})})  # type: ignore[misc]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Django looks for a field without a name where an address names none."""
        return super().get_object(request, object_id, from_field or None)  # type: ignore[misc]

    def response_action(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | None:
        row_numbers(request.POST.getlist(ACTION_CHECKBOX_NAME))  # Django's own look-up fails on what is none
        return super().response_action(request, *args, **kwargs)  # type: ignore[misc]


def _names(item: type[SimpleListFilter]) -> list[str]:
    return [item.parameter_name or ""]


class UpToMany(Paginator):
    """Counts no further than anybody turns pages: to count a million rows would take longer than to show fifty."""

    most = MOST_COUNTED

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return rows.order_by()[: self.most].count()

    @property
    def told(self) -> str:
        return f"{self.count:,}{' or more' if self.count == self.most else ''}"


class ReadOnlyAdmin(OnlyOfferedLookups, ModelAdmin):
    """Rows that nobody writes by hand."""

    actions: list[str] | None = None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
