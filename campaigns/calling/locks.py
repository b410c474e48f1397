"""Locks in PostgreSQL. One kind ends with its transaction; the other with the session of the worker that holds it.

A worker that is killed loses its session, and one that is frozen keeps it: so whoever gets the lock of an attempt
knows that nobody else is asking the carrier for it. A lease or a time stamp cannot say that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID, uuid4

from django.db import connection

from agentos.tenants.prepared import send

RECEIPTS = 7_310_001
DIALLING = 7_310_002
FILES = 7_310_003
LONGEST_STANDSTILL = "3s"
IN_STOCK = 8

_IN_TURN = """
select set_config('idle_in_transaction_session_timeout', %(longest)s, true),
    pg_advisory_xact_lock(%(kind)s, %(tenant)s)
"""
_ALONE = "select pg_try_advisory_xact_lock(%(kind)s, %(tenant)s)"
_TAKE = "select pg_try_advisory_lock(%s, key) from unnest(%s::int[]) with ordinality as wanted(key, place)"


def receipts_in_turn(tenant_id: int) -> None:
    """One receipt at a time for each tenant, until the end of the transaction, which must not take long."""
    send(_IN_TURN, kind=RECEIPTS, tenant=tenant_id, longest=LONGEST_STANDSTILL)


def alone(kind: int, tenant_id: int) -> bool:
    """Whether nobody else does this for the tenant; nobody does until the end of the transaction, if so."""
    ((is_ours,),) = send(_ALONE, kind=kind, tenant=tenant_id)()
    return bool(is_ours)


class Locks:
    """The locks of attempts, held on a session of their own until they are closed.

    The database ends a session whose process freezes in a transaction, and what it held is free: so these are kept
    where there is never one.
    """

    def __init__(self) -> None:
        self._session = connection.copy()
        self._session.settings_dict["OPTIONS"].pop("pool", None)  # a pool keeps sessions, and locks with them
        self._session.ensure_connection()
        self._stock: list[UUID] = []

    def new_id(self) -> UUID:
        """The id of an attempt that is still to be written, and whose lock is ours already."""
        if not self._stock:
            self.stock_up()
        return self._stock.pop()

    def stock_up(self) -> None:
        """Have some such ids at hand. Raises where the session is lost, and with it every lock."""
        missing = [uuid4() for _ in range(IN_STOCK - len(self._stock))]
        self._stock += self.take(missing)

    def take(self, attempt_ids: Sequence[UUID]) -> list[UUID]:
        """Those of the attempts that nobody else holds: from now on they are ours."""
        return [attempt_id for attempt_id, is_ours in zip(attempt_ids, self._try(attempt_ids), strict=True) if is_ours]

    def close(self) -> None:
        """Let go of all, in whatever state the session is."""
        self._session.close()

    def _try(self, attempt_ids: Sequence[UUID]) -> list[bool]:
        with self._session.cursor() as cursor:
            cursor.execute(_TAKE, [DIALLING, [_key(attempt_id) for attempt_id in attempt_ids]])
            return [is_ours for (is_ours,) in cursor.fetchall()]


@contextmanager
def dialling(attempt_id: UUID) -> Iterator[bool]:
    """Hold the lock of one attempt meanwhile; False when somebody else does."""
    locks = Locks()
    try:
        yield bool(locks.take([attempt_id]))
    finally:
        locks.close()


def _key(attempt_id: UUID) -> int:
    return attempt_id.int % 2**31
