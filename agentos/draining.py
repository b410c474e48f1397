"""Whether this process has been told to end, and the calls it still carries.

if drain.begun: ...                 a webhook asks for a moment: the carrier comes back, to another process
with drain.live_call(scope): ...    a carrier socket: the process waits until it ends
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

_MARK = "agentos.live_call"


class Drain:
    """From running to ended: `begin` once, then wait until `calls` is zero. There is one per process, `drain`."""

    def __init__(self) -> None:
        self.begun = False
        self.calls = 0

    def begin(self) -> None:
        self.begun = True

    @contextmanager
    def live_call(self, scope: MutableMapping[str, Any]) -> Iterator[None]:
        """Hold the process for as long as this carrier socket lives. Other sockets are closed when a drain begins."""
        state = scope.setdefault("state", {})  # the server's own dict: routers copy the scope, not what is in it
        state[_MARK] = True
        self.calls += 1
        try:
            yield
        finally:
            self.calls -= 1
            state[_MARK] = False

    @staticmethod
    def holds(scope: MutableMapping[str, Any]) -> bool:
        """Whether this socket carries a call."""
        return bool(scope.get("state", {}).get(_MARK))


drain = Drain()
