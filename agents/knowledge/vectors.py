"""Vectors of passages, in pgvector. A database without that extension finds passages by their words alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection, connections

DIMENSIONS = 256  # of 1536 that the model has: nearly as good, and read six times as fast
TABLE, INDEX = "agents_knowledgepassage", "knowledge_meanings"
# Vectors have the length one, so that their inner product is the cosine, and is less work.
_NEAREST = """
with best as (
    select id, -(meaning <#> %(question)s::vector) as likeness from agents_knowledgepassage
    where meaning is not null and source_id in (
        select id from agents_knowledgesource
        where (agent_id is null or agent_id = %(agent)s) and read_at is not null)
    order by meaning <#> %(question)s::vector limit %(limit)s)
select passage.id, passage.source_id, source.title, passage.heading, passage.text, best.likeness
from best join agents_knowledgepassage passage using (id)
join agents_knowledgesource source on source.id = passage.source_id
order by best.likeness desc
"""
# The index knows the passages of everybody: it goes on until enough of them are the tenant's (from pgvector 0.8 on).
_PATIENT = """
select set_config('hnsw.iterative_scan', 'strict_order', true) from pg_extension
where extname = 'vector' and string_to_array(extversion, '.')::int[] >= '{0,8}'
"""
_kept_in: dict[str, bool] = {}


def make_room(using: str = "default", **_: object) -> None:
    """After each migration: give passages a column for their meaning, if the extension has been created meanwhile."""
    with connections[using].cursor() as cursor:
        cursor.execute("select 1 from pg_extension where extname = 'vector'")
        if cursor.fetchone() and TABLE in connections[using].introspection.table_names(cursor):
            cursor.execute(f"alter table {TABLE} add column if not exists meaning vector({DIMENSIONS})")
            # Beside the row it takes one read more for each passage, and each is read for each question.
            cursor.execute(f"alter table {TABLE} alter column meaning set storage main")
            cursor.execute(f"create index if not exists {INDEX} on {TABLE} using hnsw (meaning vector_ip_ops)")
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


def nearest(question: Sequence[float], *, agent_id: UUID, limit: int) -> list[tuple[Any, ...]]:
    """The passages nearest in meaning: id, source, title, heading, text, and likeness from -1 to 1."""
    with connection.cursor() as cursor:
        cursor.execute(_PATIENT)
        cursor.execute(_NEAREST, {"question": _written(question), "agent": agent_id, "limit": limit})
        return list(cursor.fetchall())


def _written(vector: Sequence[float]) -> str:
    return f"[{','.join(f'{value:.6f}' for value in vector)}]"
