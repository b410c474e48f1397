"""Statements that run many times a second: the database plans each once for a session, and Django compiles nothing.

They run in the session and the transaction of everything around them, and so under the tenant's policy; each names the
tenant as well. A statement costs a tenth of what a queryset does, which counts where fifty calls a second are dialed.
Everywhere else the models are asked.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

import psycopg
from django.db import connection, models

M = TypeVar("M", bound=models.Model)


def prepared(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    """Run a statement with these values; its rows, where it has any. JSON comes as text."""
    connection.ensure_connection()
    session = connection.connection
    session.prepare_threshold = 1  # Django turns it off; only these cursors heed it
    with connection.wrap_database_errors, psycopg.Cursor(session) as cursor:
        cursor.execute(sql, values, prepare=True)
        return cursor.fetchall() if cursor.description else []


def prepared_rows(model: type[M], sql: str, **values: Any) -> list[M]:
    """The rows as instances. `{columns}` are those of the model, whose table the statement calls `this`."""
    names, columns, converters = _shape(model)
    found = []
    for row in prepared(sql.format(columns=columns), **values):
        plain = list(row)
        for place, convert in converters:
            plain[place] = convert(plain[place], None, connection)
        found.append(model.from_db(connection.alias, names, plain))
    return found


@cache
def _shape(model: type[models.Model]) -> tuple[list[str], str, list[tuple[int, Any]]]:
    """The names of the fields, their columns, and what turns a stored value into that of the field."""
    fields = model._meta.concrete_fields
    columns = ", ".join(f'this."{field.column}"' for field in fields)
    converters = [(at, field.from_db_value) for at, field in enumerate(fields) if hasattr(field, "from_db_value")]
    return [str(field.attname) for field in fields], columns, converters
