"""Locks in PostgreSQL. One kind ends with its transaction; the other with the session of the worker that holds it.

A worker that is killed loses its session, and one that is frozen keeps it: so whoever gets the lock of an attempt
knows that nobody else is asking the carrier for it. A lease or a time stamp cannot say that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection

RECEIPTS = 7_310_001
DIALLING = 7_310_002
LONGEST_STANDSTILL = "3s"


@contextmanager
def receipts_in_turn(tenant_id: int) -> Iterator[None]:
    """One receipt at a time for each tenant, until the end of the transaction.

    A worker that freezes with this lock would keep the whole tenant waiting: the database ends its transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(%s, %s), set_config('idle_in_transaction_session_timeout', %s, true)",
            [RECEIPTS, tenant_id, LONGEST_STANDSTILL],
        )
    yield


@contextmanager
def dialling(attempt_id: UUID) -> Iterator[bool]:
    """Hold the attempt's lock on this session, outside of any transaction; False when somebody else does."""
    if connection.in_atomic_block:
        raise RuntimeError("the lock of an attempt outlives transactions and begins outside of them")
    key = attempt_id.int % 2**31
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s, %s)", [DIALLING, key])
        is_held = bool(cursor.fetchone()[0])
    try:
        yield is_held
    finally:
        if is_held:
            with connection.cursor() as cursor:
                cursor.execute("select pg_advisory_unlock(%s, %s)", [DIALLING, key])
