"""The doubles in a loop and a thread of their own, for code that brings a loop itself, as tasks do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .server import Doubles


@contextmanager
def doubles_apart() -> Iterator[Doubles]:
    """They serve until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    doubles = Doubles()
    asyncio.run_coroutine_threadsafe(doubles.start(), loop).result(10)
    yield doubles
    asyncio.run_coroutine_threadsafe(doubles.stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()
