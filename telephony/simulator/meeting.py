"""Rooms in which calls meet (`<Dial><Conference>`): music until it begins, then everybody hears everybody else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Protocol

from .handset import Handset
from .instructions import Document, TwimlError, Verb
from .webhooks import Webhook

PAUSE_MS = 1000  # before music that has nothing to play is asked for again
STATUS = "answered"  # what the carrier says of a call that was in a room

Announce = Callable[[Document, Verb], Awaitable[None]]


class MeetingCall(Protocol):
    """What a room needs of a call."""

    handset: Handset
    rooms: Rooms
    met: asyncio.Event

    def note(self, kind: str, **facts: Any) -> None: ...
    async def instructions_of(self, webhook: Webhook) -> Document: ...


class Room:
    """One of them. It begins when two are there of whom one may begin it, and ends when somebody leaves who ends it."""

    def __init__(self) -> None:
        self.begun, self.over = asyncio.Event(), asyncio.Event()
        self.handsets: list[Handset] = []
        self._may_begin = False

    def enter(self, handset: Handset, *, begins: bool) -> None:
        self.handsets.append(handset)
        self._may_begin |= begins
        if self._may_begin and len(self.handsets) > 1:
            self.begun.set()
        handset.on_frame = lambda frame: self._spread(handset, frame)

    def leave(self, handset: Handset, *, ends: bool) -> None:
        self.handsets.remove(handset)
        handset.on_frame = None
        if ends or not self.handsets:
            self.over.set()

    def _spread(self, speaking: Handset, frame: bytes) -> None:
        if self.begun.is_set():
            for each in self.handsets:
                if each is not speaking:
                    each.overhear(frame)


class Rooms:
    """All of an account, by name. One that is over is forgotten: its name begins another."""

    def __init__(self) -> None:
        self._open: dict[str, Room] = {}

    def room(self, name: str) -> Room:
        found = self._open.get(name)
        if found is None or found.over.is_set():
            found = self._open[name] = Room()
        return found


async def meet(call: MeetingCall, document: Document, noun: Verb, announce: Announce) -> None:
    """Be in the room until it is over. Raises TwimlError for a room without a name."""
    if not noun.text:
        raise TwimlError(13214, "a <Conference> has a name")
    room = call.rooms.room(noun.text)
    room.enter(call.handset, begins=noun.get("startConferenceOnEnter", "true") == "true")
    call.note("room entered", room=noun.text)
    waiting = asyncio.create_task(_wait(call, document, noun, announce))
    begun, over = asyncio.create_task(room.begun.wait()), asyncio.create_task(room.over.wait())
    try:
        await asyncio.wait({begun, over}, return_when=asyncio.FIRST_COMPLETED)
        await _stop(waiting)
        if not over.done():
            call.note("room begun", room=noun.text)
            call.met.set()
        await asyncio.wait({over})
    finally:
        for task in (begun, over):
            task.cancel()
        await _stop(waiting)
        room.leave(call.handset, ends=noun.get("endConferenceOnExit") == "true")
        call.note("room left", room=noun.text)


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _wait(call: MeetingCall, document: Document, noun: Verb, announce: Announce) -> None:
    """Play what `waitUrl` says, again and again. What is wrong with it is noted, and silence is kept instead."""
    address = noun.get("waitUrl")
    while address:
        try:
            page = await call.instructions_of(Webhook(document.address(address), noun.get("waitMethod", "POST")))
            played = [verb for verb in page.verbs if verb.name in ("Play", "Say", "Pause")]
            for verb in played:
                await announce(page, verb)
            if not played:
                await call.handset.clock.sleep(PAUSE_MS)
        except TwimlError as error:
            call.note("error", code=error.code, message=str(error), url=address)
            return
