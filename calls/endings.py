"""Which conversations of this process are over: the carrier may ask before the database has heard."""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import UUID

KEPT_S = 3600


@dataclass(frozen=True, slots=True)
class Ended:
    """When it was over, and whether the caller had heard a word of ours."""

    at: float
    was_heard: bool


_ended: dict[UUID, Ended] = {}


def remember(call_id: UUID, *, was_heard: bool) -> None:
    """It is over."""
    moment = time.monotonic()
    for known in [known for known, ended in _ended.items() if moment - ended.at > KEPT_S]:
        del _ended[known]
    _ended[call_id] = Ended(moment, was_heard)


def has_ended(call_id: UUID) -> bool:
    """Whether this process knows that the conversation is over, whatever the database says yet."""
    return call_id in _ended


def ended_unheard(call_id: UUID) -> bool:
    """Whether it is over and the caller was never spoken to: no voice could be reached."""
    return call_id in _ended and not _ended[call_id].was_heard
