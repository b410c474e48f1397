"""How the REST API misbehaves, on request."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any


class Mode(StrEnum):
    """What happens to a request that creates a call."""

    ACCEPT = "accept"
    LOSE_REPLY = "lose_reply"
    """Accepted, and the connection breaks before the answer."""
    ERROR_AFTER_ACCEPT = "error_after_accept"
    """Accepted, and answered with 500."""
    ERROR = "error"
    """Answered with 500, and nothing was done."""
    THROTTLE = "throttle"
    """429, 20429: nothing was done."""
    QUEUE = "queue"
    """Accepted, and queued until it is released or canceled."""
    SUSPENDED = "suspended"
    """10001: the account is not active."""
    CONCURRENCY = "concurrency"
    """10004: too many calls at once."""
    UNAUTHORIZED = "unauthorized"
    """401, 20003, as after a change of the token."""


REFUSED = {
    Mode.ERROR: (500, 20500, "Internal Server Error"),
    Mode.THROTTLE: (429, 20429, "Too Many Requests"),
    Mode.SUSPENDED: (400, 10001, "Account is not active"),
    Mode.CONCURRENCY: (400, 10004, "Call concurrency limit exceeded"),
    Mode.UNAUTHORIZED: (401, 20003, "Authenticate"),
}


@dataclass(slots=True)
class RestFault:
    """Strikes the next `times` requests (or all), or a `share` of them, after `delay_s` on the way back.

    `number` limits it to calls to that number, `refuse` answers with that error of the carrier instead.
    """

    mode: Mode = Mode.ACCEPT
    times: int | None = None
    share: float = 1.0
    delay_s: float = 0.0
    number: str = ""
    refuse: int = 0

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> RestFault:
        """Raises ValueError for what is no fault."""
        known = {one.name for one in fields(cls)}
        if unknown := facts.keys() - known:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
        return cls(**{**facts, "mode": Mode(facts.get("mode", Mode.ACCEPT))})


class RestFaults:
    """Faults in the order in which they were added; the first that applies strikes."""

    def __init__(self, *faults: RestFault, seed: int = 1) -> None:
        self._faults = list(faults)
        self._chance = random.Random(seed)

    def add(self, fault: RestFault) -> None:
        self._faults.append(fault)

    def clear(self) -> None:
        self._faults.clear()

    def take(self, number: str) -> RestFault:
        """The fault of the call that is being created, which may be none."""
        for fault in self._faults:
            if fault.number in ("", number) and fault.times != 0 and self._chance.random() < fault.share:
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return RestFault()
