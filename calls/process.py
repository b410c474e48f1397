"""What a web process does for its calls before the first and after the last one."""

from __future__ import annotations

import asyncio
import gc
import threading
from contextlib import suppress

from django.conf import settings

from agentos.tenants.models import Tenant
from agents import providers
from agents.providers.offline_voice.client import stop_worker, worker
from agents.providers.ports import ProviderError
from calls import runtime, vendor_health
from calls.admission import within_budget
from calls.journal import spool


async def prepare_process() -> None:
    """Do what the first call would otherwise wait for: import the SDKs of vendors that have a key, ask the database.

    A business may bring a key of its own for any other vendor, so their SDKs follow, behind the first calls. Where no
    vendor has a key, calls are held with the offline voice, whose worker takes seconds to learn its words.
    """
    names = [name for name, vendor in settings.VENDORS.items() if vendor["api_key"]]
    if not names:
        with suppress(ProviderError):  # whoever needs it is told
            await worker().ready()
    await asyncio.to_thread(providers.preload, names)
    threading.Thread(target=_preload_all, name="preload", daemon=True).start()
    await within_budget(Tenant.objects.exists)


def _preload_all() -> None:
    """Behind the first calls. What is imported here lives as long, and is no more looked through than the rest."""
    providers.preload()
    gc.freeze()


async def let_go_of_process() -> None:
    """Close the vendors' connections; bring the journal to the database, or leave it on disk for the next process."""
    await runtime.forget_prepared()
    await vendor_health.stop_sending()
    await providers.close_clients()
    await stop_worker()
    await asyncio.to_thread(spool.stop)
