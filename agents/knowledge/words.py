"""In which passages a word stands. PostgreSQL's own index of words is of no use here: row-level security has each row
judged before `@@` may see it, and so every passage of the business would be read for every question. Equality of words
may be asked first, so this is a list of passages for each word of a source, which any index serves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

CANDIDATES = 150  # passages with the rarest words of a question, before the text of any is looked at
NORMALIZATION = 1 | 32  # long passages gain little; the rank stays below one

WRITE = """
insert into agents_knowledgeword (tenant_id, source_id, word, passages)
select passage.tenant_id, passage.source_id, word, array_agg(passage.id)
from agents_knowledgepassage passage, unnest(tsvector_to_array(passage.words)) word
where passage.source_id = %s group by 1, 2, 3
"""
_MATCHING = """
with asked as (
    select tsvector_to_array(to_tsvector(%(dictionary)s::regconfig, %(words)s)) as words,
    replace(plainto_tsquery(%(dictionary)s::regconfig, %(words)s)::text, '&', '|')::tsquery as any_of),
hits as (
    select word, unnest(passages) as passage from agents_knowledgeword
    where word = any((select words from asked)::text[]) and source_id in (
        select id from agents_knowledgesource
        where (agent_id is null or agent_id = %(agent)s) and read_at is not null)),
rarity as (select word, ln(1 + sum(count(*)) over () / count(*)) as weight from hits group by word),
best as (
    select passage, sum(weight) as weight from hits join rarity using (word) group by passage
    having count(*) >= %(enough)s * (select cardinality(words) from asked)
    order by 2 desc, 1 limit %(candidates)s)
select passage.id, passage.source_id, source.title, passage.heading, passage.text
from best join agents_knowledgepassage passage on passage.id = best.passage
join agents_knowledgesource source on source.id = passage.source_id cross join asked
order by best.weight desc, ts_rank(passage.words, asked.any_of, %(normalization)s) desc, passage.id
limit %(limit)s
"""


def write(source_id: int) -> None:
    """List the words of a source's passages anew."""
    with connection.cursor() as cursor:
        cursor.execute("delete from agents_knowledgeword where source_id = %s", [source_id])
        cursor.execute(WRITE, [source_id])


def matching(
    words: Sequence[str], *, agent_id: UUID, dictionary: str, enough: float, limit: int
) -> list[tuple[Any, ...]]:
    """Passages with at least this share of the words, those with the rarest first: id, source, title, heading, text.

    Inside the active tenant, to which row-level security binds it.
    """
    values: dict[str, Any] = {"dictionary": dictionary, "words": " ".join(words), "agent": agent_id, "enough": enough}
    values |= {"candidates": CANDIDATES, "limit": limit, "normalization": NORMALIZATION}
    with connection.cursor() as cursor:
        cursor.execute(_MATCHING, values)
        return list(cursor.fetchall())
