"""Files are taken in one after another: two that name the same people would block each other."""

from __future__ import annotations

import psycopg
from django.db import OperationalError

from agentos.tenants.scoping import current_tenant_id
from campaigns.calling.locks import FILES, alone
from campaigns.importing import progress


class NotYet(Exception):
    """Another file of this business is being taken in."""


def in_turn(key: int | str) -> None:
    """From here to the end of the transaction this is the only file of the business that is taken in. Raises NotYet."""
    if not alone(FILES, current_tenant_id()):
        progress.tell(current_tenant_id(), key, progress.Progress(waits=True))
        raise NotYet


def stood_in_the_way(error: Exception) -> bool:
    """Whether the database took our rows for somebody else's sake, so that the same may succeed a moment later."""
    taken = (psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable)
    return isinstance(error, OperationalError) and isinstance(error.__cause__, taken)
