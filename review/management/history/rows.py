"""Rows by the million into the database: by COPY where it can, else many at a time."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models, transaction

Row = tuple[Any, ...]


class Rows:
    """What is to be written, by table, under numbers that are given out here."""

    def __init__(self) -> None:
        self.waiting: dict[type[models.Model], list[Row]] = defaultdict(list)
        self.changes: list[tuple[models.QuerySet[Any], dict[str, Any]]] = []
        self._last: dict[type[models.Model], int] = {}
        self._blank: dict[type[models.Model], dict[str, Any]] = {}

    def next_number(self, model: type[models.Model]) -> int:
        if model not in self._last:
            self._last[model] = model._default_manager.aggregate(last=models.Max("pk"))["last"] or 0
            self._blank[model] = _blank(model)
        self._last[model] += 1
        return self._last[model]

    def add(self, model: type[models.Model], pk: int = 0, **columns: Any) -> int:
        """A row with these columns, the rest as usual; returns its number."""
        pk = pk or self.next_number(model)
        self.waiting[model].append(tuple((self._blank[model] | columns | {"id": pk}).values()))
        return pk

    def change(self, rows: models.QuerySet[Any], **columns: Any) -> None:
        """Of rows that were written before."""
        self.changes.append((rows, columns))

    def write(self) -> None:
        with transaction.atomic():
            for model, rows in self.waiting.items():
                _load(model, rows)
            for found, columns in self.changes:
                found.update(**columns)
        self.waiting.clear()
        self.changes.clear()

    def finish(self) -> None:
        """Let the database give out numbers after these, and know how large its tables are."""
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), list(self._last)):
                cursor.execute(statement)
            cursor.execute("ANALYZE")


def _blank(model: type[models.Model]) -> dict[str, Any]:
    """What a row says of columns that nobody mentions, as the database takes it."""
    fields: Any = model._meta.concrete_fields
    return {field.column: _usual(field) for field in fields}


def _usual(field: "models.Field[Any, Any]") -> Any:
    value = field.get_default()
    return json.dumps(value) if isinstance(field, models.JSONField) and not field.null else value


def _load(model: type[models.Model], rows: list[Row]) -> None:
    fields: Any = model._meta.concrete_fields
    names = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    table = connection.ops.quote_name(str(model._meta.db_table))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(fields))
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", _naive(fields, rows))  # noqa: S608


def _naive(fields: Iterable[Any], rows: list[Row]) -> list[Row]:
    """SQLite keeps times as text without their zone."""
    times = {number for number, field in enumerate(fields) if isinstance(field, models.DateTimeField)}
    return [tuple(_text(value) if number in times else value for number, value in enumerate(row)) for row in rows]


def _text(value: datetime | None) -> str | None:
    return str(value.astimezone(UTC).replace(tzinfo=None)) if value else None
