"""Statements that run many times a second: the database plans each once for a session, and Django compiles nothing.

They run in the session and the transaction of everything around them, and so under the tenant's policy; each names the
tenant as well. A statement costs a tenth of what a queryset does, which counts where fifty calls a second are dialed.
Everywhere else the models are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

import psycopg
from django.db import connection, models

M = TypeVar("M", bound=models.Model)
Rows = list[tuple[Any, ...]]


@contextmanager
def together() -> Iterator[None]:
    """What is sent in here travels together: nobody waits for one answer before the next statement leaves.

    They are carried out in their order, each seeing what was committed when its turn came. Only statements of this
    module belong in here: Django counts rows before they have arrived. An error may show at the end only.
    """
    connection.ensure_connection()
    session = connection.connection
    if session.pgconn.pipeline_status:
        yield
        return
    with connection.wrap_database_errors, session.pipeline():
        yield


def send(sql: str, **values: Any) -> Callable[[], Rows]:
    """Send a statement with these values; what comes back gives its rows, where it has any. JSON comes as text."""
    connection.ensure_connection()
    session = connection.connection
    session.prepare_threshold = 1  # Django turns it off; only these cursors heed it
    cursor = psycopg.Cursor(session)
    with connection.wrap_database_errors:
        cursor.execute(sql, values, prepare=True)
    return lambda: _rows(cursor)


def send_for(model: type[M], sql: str, **values: Any) -> Callable[[], list[M]]:
    """The rows as instances. `{columns}` are those of the model, whose table the statement calls `this`."""
    names, columns, converters = _shape(model)
    rows = send(sql.format(columns=columns), **values)

    def instances() -> list[M]:
        found = []
        for row in rows():
            plain = list(row)
            for place, convert in converters:
                plain[place] = convert(plain[place], None, connection)
            found.append(model.from_db(connection.alias, names, plain))
        return found

    return instances


def prepared(sql: str, **values: Any) -> Rows:
    """Run a statement with these values; its rows."""
    return send(sql, **values)()


def prepared_rows(model: type[M], sql: str, **values: Any) -> list[M]:
    """The same for rows of a model."""
    return send_for(model, sql, **values)()


def _rows(cursor: psycopg.Cursor[Any]) -> Rows:
    with connection.wrap_database_errors, cursor:
        return cursor.fetchall()


@cache
def _shape(model: type[models.Model]) -> tuple[list[str], str, list[tuple[int, Any]]]:
    """The names of the fields, their columns, and what turns a stored value into that of the field."""
    fields = model._meta.concrete_fields
    columns = ", ".join(f'this."{field.column}"' for field in fields)
    converters = [(at, field.from_db_value) for at, field in enumerate(fields) if hasattr(field, "from_db_value")]
    return [str(field.attname) for field in fields], columns, converters
