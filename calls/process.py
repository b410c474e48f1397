"""What a web process does for its calls before the first and after the last one."""

from __future__ import annotations

import asyncio

from django.conf import settings

from agents import providers
from agents.providers.offline_voice.client import stop_worker
from calls import runtime
from calls.journal import spool


async def prepare_process() -> None:
    """Import what the first call would otherwise wait for: the SDKs of the vendors that have a key."""
    names = [name for name, vendor in settings.VENDORS.items() if vendor["api_key"]]
    await asyncio.to_thread(providers.preload, names)


async def let_go_of_process() -> None:
    """Close the vendors' connections; bring the journal to the database, or leave it on disk for the next process."""
    await runtime.forget_prepared()
    await providers.close_clients()
    await stop_worker()
    await asyncio.to_thread(spool.stop)
