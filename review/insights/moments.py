"""Moments as whole microseconds since 1970: from a database numbers are read several times as fast as moments."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, Func

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000


def microseconds(moment: datetime) -> int:
    """
    >>> microseconds(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC))
    1000005
    """
    return (moment - EPOCH) // MICROSECOND


class Microseconds(Func):
    """The same, told by the database."""

    arity = 1
    output_field = BigIntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = f"(EXTRACT(EPOCH FROM %(expressions)s) * {SECOND})::bigint"
        return self.as_sql(compiler, connection, template=template, **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "django_timestamp_diff(%(expressions)s, '1970-01-01 00:00:00')"
        return self.as_sql(compiler, connection, template=template, **context)
