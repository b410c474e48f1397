"""Who goes on with a caller when the agent cannot: asked for once, and not for long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum

from calls.conversation.script import Ending, Script

WITHIN_S = 1.0


class Rescued(StrEnum):
    """What becomes of the caller."""

    NOT = ""
    PERSON = "person"  # somebody is there, and the carrier will ring them
    CALL_BACK = "call_back"  # somebody will ring back


Rescue = Callable[[], Awaitable[Rescued]]


async def nobody() -> Rescued:
    """For calls whose agent may neither put through nor promise anything."""
    return Rescued.NOT


async def last_words(rescue: Rescue, script: Script) -> tuple[str, Ending]:
    """The apology, and how the call ends with it: within a second, for the caller has waited long enough."""
    rescued = Rescued.NOT
    with suppress(TimeoutError):
        async with asyncio.timeout(WITHIN_S):
            rescued = await rescue()
    match rescued:
        case Rescued.PERSON:
            return script.handing_over, Ending.TRANSFER
        case Rescued.CALL_BACK:
            return script.ringing_back, Ending.FAILURE
        case Rescued.NOT:
            return script.apology, Ending.FAILURE
