"""Vectors of passages, in pgvector. A database without that extension finds passages by their words alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.db import connection, connections

DIMENSIONS = 256  # of 1536 that the model has: nearly as good, and read six times as fast
TABLE = "agents_knowledgepassage"
_kept_in: dict[str, bool] = {}


def make_room(using: str = "default", **_: object) -> None:
    """After each migration: give passages a column for their meaning, if the extension has been created meanwhile."""
    with connections[using].cursor() as cursor:
        cursor.execute("select 1 from pg_extension where extname = 'vector'")
        if cursor.fetchone() and TABLE in connections[using].introspection.table_names(cursor):
            cursor.execute(f"alter table {TABLE} add column if not exists meaning vector({DIMENSIONS})")
    _kept_in.clear()


def are_kept() -> bool:
    """Whether this database has a place for them."""
    name = connection.settings_dict["NAME"]
    if name not in _kept_in:
        with connection.cursor() as cursor:
            cursor.execute(
                "select 1 from pg_attribute where attrelid = %s::regclass and attname = 'meaning' and not attisdropped",
                [TABLE],
            )
            _kept_in[name] = cursor.fetchone() is not None
    return _kept_in[name]


def store(vectors: Mapping[int, Sequence[float]]) -> None:
    """Keep the vector of each passage, by its key. Row-level security binds it to the active tenant."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "update agents_knowledgepassage set meaning = %s::vector where id = %s",
            [(_written(vector), key) for key, vector in vectors.items()],
        )


def nearest(question: Sequence[float], among: Iterable[int], limit: int) -> dict[int, float]:
    """Keys of the passages whose meaning is nearest, best first, with their likeness from -1 to 1."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, 1 - (meaning <=> %s::vector) from agents_knowledgepassage"
            " where source_id = any(%s) and meaning is not null order by meaning <=> %s::vector limit %s",
            [_written(question), list(among), _written(question), limit],
        )
        return {key: float(likeness) for key, likeness in cursor.fetchall()}


def _written(vector: Sequence[float]) -> str:
    return f"[{','.join(f'{value:.6f}' for value in vector)}]"
