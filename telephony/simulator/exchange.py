"""The switchboard of a practice carrier: its numbers, its people, and every call it has seen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from time import perf_counter
from types import TracebackType
from typing import Self

from .call_flow import SimulatedCall
from .meeting import Rooms
from .people import Person, Say, conversation
from .record import CallRecord, new_sid
from .setup import Account, CallOptions, CallSetup
from .voices import Speaker
from .webhooks import Courier, Webhook

Directory = Callable[[str], Person | None]
SOMEBODY = Person(steps=(Say("Hello?"), *conversation("Yes, that is fine.", "Thank you, goodbye.")))
"""Who answers where nobody is known to live."""

ENDING_WITHIN_S = 5.0
CALLS_WITH_AUDIO = 50


@dataclass(slots=True)
class Number:
    """A number that our side has bought, with the settings of the carrier's own resource."""

    phone_number: str
    sid: str = field(default_factory=lambda: new_sid("PN"))
    settings: dict[str, str] = field(default_factory=dict)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated: datetime = field(default_factory=lambda: datetime.now(UTC))

    def webhook(self, name: str) -> Webhook | None:
        """`voice`, `voice_fallback` or `status_callback`."""
        is_status = name == "status_callback"
        url = self.settings.get(name if is_status else f"{name}_url", "")
        return Webhook(url, self.settings.get(f"{name}_method", "POST")) if url else None


@dataclass(frozen=True, slots=True)
class TextSent:
    """A text message that our side sent to somebody."""

    sid: str
    from_: str
    to: str
    body: str
    created: datetime


class Exchange:
    """An asynchronous context manager; leaving it ends every call."""

    def __init__(
        self,
        account: Account,
        *,
        speaker: Speaker,
        options: CallOptions | None = None,
        calls_per_second: float | None = None,
        directory: Directory | None = None,
    ) -> None:
        """`directory` knows who answers a number that nobody has been named for."""
        self.account, self.speaker, self.options = account, speaker, options or CallOptions()
        self.courier = Courier(account.auth_token)
        self.calls: dict[str, SimulatedCall] = {}
        self.numbers: dict[str, Number] = {}
        self.people: dict[str, Person] = {}
        self.texts: list[TextSent] = []
        self.rooms = Rooms()
        self.calls_per_second, self.directory = calls_per_second, directory
        self._next_start_at = 0.0
        self._running: dict[str, asyncio.Task[CallRecord]] = {}

    async def __aenter__(self) -> Self:
        await self.courier.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for call in self.calls.values():
            call.end(by="carrier")
        if running := [task for task in self._running.values() if not task.done()]:
            _, left = await asyncio.wait(running, timeout=ENDING_WITHIN_S)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        await self.courier.__aexit__(kind, error, trace)

    def own(self, phone_number: str, settings: Mapping[str, str] | None = None) -> Number:
        number = Number(phone_number, settings=dict(settings or {}))
        self.numbers[number.sid] = number
        return number

    def number(self, phone_number: str) -> Number | None:
        return next((one for one in self.numbers.values() if one.phone_number == phone_number), None)

    def ring(
        self,
        *,
        from_: str,
        to: str,
        person: Person,
        voice: Webhook | None = None,
        status: Webhook | None = None,
        fallback: Webhook | None = None,
        options: CallOptions | None = None,
        sid: str = "",
    ) -> SimulatedCall:
        """Somebody calls a number of our side; its settings say where to ask, unless they are given here."""
        number = self.number(to)
        setup = CallSetup(
            from_=from_,
            to=to,
            voice=voice or (number.webhook("voice") if number else None),
            fallback=fallback or (number.webhook("voice_fallback") if number else None),
            status=status or (number.webhook("status_callback") if number else None),
            phone_number_sid=number.sid if number else None,
        )
        return self._start(self._call(setup, person, options, sid))

    def dial(self, setup: CallSetup, *, held: bool = False, options: CallOptions | None = None) -> SimulatedCall:
        """Our side calls somebody. The call waits in the queue while it is `held`, or others are ahead of it."""
        person = self.people.get(setup.to) or (self.directory(setup.to) if self.directory else None)
        call = self._call(setup, person or SOMEBODY, options)
        call.queue_time_s = self._queue_time_s()
        if held or call.queue_time_s:
            call.released.clear()
        if not held and call.queue_time_s:
            asyncio.get_running_loop().call_later(call.queue_time_s, call.released.set)
        return self._start(call)

    async def record(self, sid: str) -> CallRecord:
        """Wait until the call is over. Raises what went wrong in the simulation itself."""
        return await asyncio.shield(self._running[sid])

    async def over(self, sid: str) -> None:
        """Wait until the call is over, or its simulation has failed; the record says which."""
        await asyncio.wait({self._running[sid]})

    def forget(self, sid: str) -> None:
        """Let go of a finished call and its audio."""
        self.calls.pop(sid, None)
        self._running.pop(sid, None)

    def _call(self, setup: CallSetup, person: Person, options: CallOptions | None, sid: str = "") -> SimulatedCall:
        chosen = replace(options or self.options, api_url=self.options.api_url)
        return SimulatedCall(
            self.account,
            setup,
            person,
            courier=self.courier,
            speaker=self.speaker,
            options=chosen,
            sid=sid,
            rooms=self.rooms,
        )

    def _start(self, call: SimulatedCall) -> SimulatedCall:
        sid = call.record.call_sid
        self._save_memory()
        self.calls[sid] = call
        self._running[sid] = asyncio.create_task(call.run())
        self._running[sid].add_done_callback(partial(_look, call.record))
        return call

    def _save_memory(self) -> None:
        """Of calls that are long over only the facts are kept."""
        over = [call for call in self.calls.values() if call.is_over]
        for call in over[:-CALLS_WITH_AUDIO]:
            call.record.drop_audio()

    def _queue_time_s(self) -> float:
        if self.calls_per_second is None:
            return 0.0
        now = perf_counter()
        start = max(now, self._next_start_at)
        self._next_start_at = start + 1 / self.calls_per_second
        return start - now


def _look(record: CallRecord, task: asyncio.Task[CallRecord]) -> None:
    """Remember why a simulation failed; whoever waits for its record is told as well."""
    if not task.cancelled() and (error := task.exception()) is not None:
        record.failure = f"{type(error).__name__}: {error}"
