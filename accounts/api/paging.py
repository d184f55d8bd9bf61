"""Pages by cursor: rows that come or go while somebody turns pages are neither shown twice nor left out."""

from typing import Any

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

from config.asked import row_number

MOST = 200


class NewestFirst(CursorPagination):
    page_size = 50
    max_page_size = MOST
    page_size_query_param = "limit"
    ordering = "-pk"
    page_size_query_description = f"How many rows a page has, from 1 to {MOST}."
    cursor_query_description = "As `next` and `previous` have it; they are whole addresses."

    def decode_cursor(self, request: Request) -> Cursor | None:
        cursor = super().decode_cursor(request)
        position = getattr(cursor, "position", None)
        if cursor and (cursor.offset or position is None or row_number(position) is None):
            raise NotFound("That page is none of ours; follow `next` and `previous` as they were given.")
        return cursor

    def get_page_size(self, request: Request) -> int:
        asked = row_number(request.query_params.get("limit", str(self.page_size)))
        if not asked or asked > MOST:
            raise ValidationError({"limit": [f"expected a whole number from 1 to {MOST}"]})
        return asked

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        cursor, limit = super().get_schema_operation_parameters(view)
        limit["schema"] |= {"minimum": 1, "maximum": MOST, "default": self.page_size}
        return [cursor, limit]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        properties = {"next": link, "previous": link, "results": schema}
        return {"type": "object", "required": list(properties), "properties": properties}


class OldestFirst(NewestFirst):
    ordering = "pk"
