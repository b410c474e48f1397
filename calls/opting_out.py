"""Somebody in a conversation does not want to be called any more. Who calls people has to know at once."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string
from django.utils.timezone import now


def stop_calls(tenant_id: int, call_id: UUID, said: str) -> None:
    """Have it stored, by whomever the settings name: this app knows no campaigns. Blocks; call it off the loop."""
    try:
        import_string(settings.STOP_CALLS)(tenant_id, call_id, said, now())
    finally:
        connection.close()
