"""What does a claim of two people cost, one claim after another? A part of `python -m bench.dialling`.

Nothing else runs in this process meanwhile, so that its CPU time is that of the claim; elapsed times also say how busy
the machine is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.db import connection

from bench import drill
from campaigns.calling.dialling import Dialer
from campaigns.calling.turns import running, serve
from campaigns.jurisdictions import tables
from telephony import carrier

CLAIMS, WARM_UP = 60, 10
AT_ONCE = 2


@dataclass(slots=True)
class Alone:
    """Milliseconds of each claim, and what one asks of the database."""

    committed: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    requested: list[float] = field(default_factory=list)
    statements: int = 0
    commits: float = 0.0


def measure(port: int) -> Alone:
    """Claim and call; the worker of the bench must have ended."""
    carrier.preload()
    tables()
    alone, begun = Alone(), [time.time()]
    turns, at = running(), drill.clock()
    with Dialer(lambda: at) as dialer, _counted() as statements:
        for turn in range(WARM_UP + CLAIMS):
            if turn == WARM_UP:
                commits = _commits()
            at = drill.clock()
            dialer.get_ready()
            statements.clear()
            before, cpu = time.time(), time.process_time()
            serve(turns, at, dialer.call, AT_ONCE)
            if turn >= WARM_UP:
                begun.append(before)
                alone.cpu.append(1000 * (time.process_time() - cpu))
                alone.committed.append(1000 * (time.time() - before))
                alone.statements = len(statements)
            while dialer.free < carrier.MOST_AT_ONCE:
                dialer.note(1.0)
            time.sleep(1 / 25)  # the pace allows two calls again
    # Each round also stores the answers, looks at the pace, and gets its locks ready: three transactions of their own.
    alone.commits = (_commits() - commits) / CLAIMS
    arrived = sorted(moment for _, moment in drill.told_by_carrier(port)["placed"])
    for before in begun[1:]:
        alone.requested += [1000 * (moment - before) for moment in _next(arrived, before)]
    return alone


def _next(arrived: list[float], before: float) -> list[float]:
    return [moment for moment in arrived if moment >= before][:AT_ONCE]


@contextmanager
def _counted() -> Iterator[list[Any]]:
    """Every statement that is sent, but for the begin and the end of transactions."""
    sent: list[Any] = []
    execute = psycopg.Cursor.execute

    def counted(self: Any, query: Any, *rest: Any, **more: Any) -> Any:
        sent.append(query)
        return execute(self, query, *rest, **more)

    psycopg.Cursor.execute = counted  # type: ignore[method-assign,assignment]
    try:
        yield sent
    finally:
        psycopg.Cursor.execute = execute  # type: ignore[method-assign]


def _commits() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select pg_stat_force_next_flush(), pg_stat_clear_snapshot()")
        cursor.execute("select xact_commit from pg_stat_database where datname = current_database()")
        (count,) = cursor.fetchone()
    return int(count)
