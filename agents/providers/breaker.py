"""Whether a vendor is worth asking: after three failures in a row it is left alone for a while, then tried once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from weakref import WeakKeyDictionary

from .ports import Endpoint, ProviderError

FAILURES_TO_OPEN = 3
OPEN_S = 20.0


@dataclass(slots=True)
class _Trouble:
    failures: int = 0
    open_until: float = 0.0


_Server = tuple[str, str, Endpoint]
Tell = Callable[[ProviderError | None], None]  # what came of asking; None: it answered
OnOutcome = Callable[[int, ProviderError | None], None]  # the same, of the first choice (0) or the second (1)
_troubles: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[_Server, _Trouble]] = WeakKeyDictionary()


def unheard(index: int, error: ProviderError | None) -> None:
    """An OnOutcome where nobody keeps count."""


class Breaker:
    """One server's record, shared by all calls of the process that use it with the same key.

    Only what the vendor could mend counts: a refused key or request says nothing about its health, and costs no wait.
    `tell` hears of these as well; it must not wait.
    """

    def __init__(self, kind: str, provider: str, endpoint: Endpoint, tell: Tell = lambda error: None) -> None:
        self.provider, self._tell = provider, tell
        self._server = (kind, provider, endpoint)

    def allows(self) -> bool:
        """Whether to ask now. When the pause is over one asks, and the others wait for the outcome."""
        trouble, now = self._all.get(self._server), asyncio.get_running_loop().time()
        if trouble is None or trouble.failures < FAILURES_TO_OPEN:
            return True
        if now < trouble.open_until:
            return False
        trouble.open_until = now + OPEN_S
        return True

    @property
    def is_closed(self) -> bool:
        """Whether nothing speaks against asking; unlike `allows`, this tries nothing out."""
        trouble = self._all.get(self._server)
        return trouble is None or trouble.failures < FAILURES_TO_OPEN

    def succeeded(self) -> None:
        """It answered: forget what was."""
        self._tell(None)
        self._all.pop(self._server, None)

    def failed(self, error: ProviderError) -> None:
        """It did not answer, broke off, or was too slow."""
        self._tell(error)
        if not error.retryable:
            return
        trouble = self._all.setdefault(self._server, _Trouble())
        trouble.failures += 1
        trouble.open_until = asyncio.get_running_loop().time() + OPEN_S

    @property
    def _all(self) -> dict[_Server, _Trouble]:
        return _troubles.setdefault(asyncio.get_running_loop(), {})


def breaker_of(kind: str, adapter: object, index: int = 0, on_outcome: OnOutcome = unheard) -> Breaker:
    """Adapters say by `provider` and `endpoint` whom they ask; one that does not is known by its class."""
    provider = getattr(adapter, "provider", type(adapter).__name__)
    return Breaker(kind, provider, getattr(adapter, "endpoint", Endpoint()), partial(on_outcome, index))
