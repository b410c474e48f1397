"""Status callbacks: what the carrier reports about a call, in order or, on request, in any disorder."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Literal

from .instructions import TwimlError
from .webhooks import Courier, Webhook

EVENTS = ("initiated", "ringing", "answered", "completed")
DEFAULT_EVENTS = ("completed",)


@dataclass(frozen=True, slots=True)
class CallbackFaults:
    """How callbacks go astray. In another order than that in which they were fired, all arrive after the call."""

    duplicate: bool = False
    order: Literal["fired", "reversed", "shuffled"] = "fired"
    drop: frozenset[str] = frozenset()
    seed: int = 1


@dataclass(frozen=True, slots=True)
class _Fired:
    event: str
    fields: dict[str, str]


class StatusCallbacks:
    """Fires the events that were asked for, numbered from 0. Failures are noted and otherwise of no consequence."""

    def __init__(
        self,
        courier: Courier,
        webhook: Webhook | None,
        events: tuple[str, ...],
        faults: CallbackFaults,
        note: Callable[..., None],
    ) -> None:
        self.webhook = webhook
        self._courier, self._events, self._faults, self._note = courier, events, faults, note
        self._queue: asyncio.Queue[_Fired | None] = asyncio.Queue()
        self._sequence = 0
        self._sender: asyncio.Task[None] | None = None

    def fire(self, event: str, fields: Mapping[str, str]) -> None:
        """Report `event`, if somebody wants to know."""
        if self.webhook is None or event not in self._events:
            return
        numbered = {
            **fields,
            "Timestamp": format_datetime(datetime.now(UTC)),
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(self._sequence),
        }
        self._sequence += 1
        if event in self._faults.drop:
            return
        self._queue.put_nowait(_Fired(event, numbered))
        if self._sender is None:
            self._sender = asyncio.create_task(self._send_all())

    async def finish(self) -> None:
        """Wait until everything fired was delivered, or could not be."""
        if self._sender is not None:
            self._queue.put_nowait(None)
            await self._sender

    async def _send_all(self) -> None:
        held: list[_Fired] = []
        while (fired := await self._queue.get()) is not None:
            if self._faults.order == "fired":
                await self._send(fired)
            else:
                held.append(fired)
        if self._faults.order == "reversed":
            held.reverse()
        elif self._faults.order == "shuffled":
            random.Random(self._faults.seed).shuffle(held)
        for fired in held:
            await self._send(fired)

    async def _send(self, fired: _Fired) -> None:
        for _ in range(2 if self._faults.duplicate else 1):
            if self.webhook is not None:
                await report(self._courier, self.webhook, fired.fields, self._note, "status callback", fired.event)


async def report(
    courier: Courier, webhook: Webhook, fields: Mapping[str, str], note: Callable[..., None], kind: str, event: str
) -> None:
    """Deliver something that needs no answer."""
    facts: dict[str, Any] = {"event": event, "call_status": fields.get("CallStatus", "")}
    try:
        answer = await courier.send(webhook, fields)
    except TwimlError as error:
        note("error", code=error.code, message=str(error), url=webhook.url)
    else:
        note(kind, **facts, http_status=answer.status)
