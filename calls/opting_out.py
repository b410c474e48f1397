"""Somebody in a conversation does not want to be called any more. Who calls people has to know at once."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string
from django.utils.timezone import now

STORED_WITHIN_S = 5.0

log = structlog.get_logger(__name__)
_threads = ThreadPoolExecutor(4, thread_name_prefix="opting-out")


class OptingOut:
    """The opt-out of one call, if there is one: it holds before the call ends."""

    def __init__(self, tenant_id: int, call_id: UUID) -> None:
        self._tenant_id, self._call_id = tenant_id, call_id
        self._storing: asyncio.Future[None] | None = None

    def store(self, said: str) -> None:
        """They have said so, or with no words pressed the key. Returns at once."""
        loop = asyncio.get_running_loop()
        self._storing = loop.run_in_executor(_threads, _stop_calls, self._tenant_id, self._call_id, said)

    async def stored(self) -> None:
        """Wait for it."""
        if self._storing is None:
            return
        done, _ = await asyncio.wait({self._storing}, timeout=STORED_WITHIN_S)
        if not done or self._storing.exception():
            # The words are in the journal, and are read once more when the carrier says that the call is over.
            log.error("an opt-out is not stored yet", call_id=str(self._call_id))


def _stop_calls(tenant_id: int, call_id: UUID, said: str) -> None:
    """Have it stored, by whomever the settings name: this app knows no campaigns."""
    try:
        import_string(settings.STOP_CALLS)(tenant_id, call_id, said, now())
    finally:
        connection.close()
