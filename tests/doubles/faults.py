"""What can go wrong with a vendor, said once for all of them. One fault strikes one socket or one HTTP answer."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with this status instead of what was asked for."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True, slots=True)
class Mute:
    """Accept the connection, read the request, and never say anything: no handshake, no status."""


@dataclass(frozen=True, slots=True)
class Stall:
    """Say nothing more after so many messages, not even a pong or the answer to a close."""

    after: int = 0


@dataclass(frozen=True, slots=True)
class Cut:
    """Reset the connection after so many messages, without a word."""

    after: int = 0


@dataclass(frozen=True, slots=True)
class Close:
    """Close the socket with this code after so many messages. (An HTTP answer just ends early.)"""

    code: int
    reason: str = ""
    after: int = 0


Fault = Refuse | Mute | Stall | Cut | Close


class Faults:
    """The faults of the connections to come, in their order; `None` lets one pass."""

    def __init__(self) -> None:
        self.queue: deque[Fault | None] = deque()
        self.always: Fault | None = None

    def next(self, *faults: Fault | None) -> None:
        """These strike the next connections, one each."""
        self.queue.extend(faults)

    def take(self) -> Fault | None:
        """The fault of the connection that has just come."""
        return self.queue.popleft() if self.queue else self.always
