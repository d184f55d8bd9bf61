"""After a test with transactions of its own, tables get back the rows they have after a flush, without one."""

from typing import Any

from django.db import connection, transaction
from django.test import TransactionTestCase

_case: Any = TransactionTestCase
_flush = _case._fixture_teardown
_kept: dict[str, list[tuple[Any, ...]]] = {}


def put_rows_back(self: TransactionTestCase) -> None:
    """Django empties all tables and has every app's signals fill them again; most tests changed a few."""
    if not _kept:
        _flush(self)
        _kept.update({table: _rows(table) for table in _tables()})
        return
    changed = [table for table in _kept if _rows(table) != _kept[table]]
    with transaction.atomic(), connection.cursor() as cursor:
        for table in changed:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")
        for table in changed:
            _fill(cursor, table)


def _tables() -> list[str]:
    return connection.introspection.django_table_names(only_existing=True, include_views=False)


def _rows(table: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
        return cursor.fetchall()


def _fill(cursor: Any, table: str) -> None:
    if rows := _kept[table]:
        places = ", ".join(["%s"] * len(rows[0]))
        cursor.executemany(f"INSERT INTO {connection.ops.quote_name(table)} VALUES ({places})", rows)
