"""The carrier's socket, and the browser's that speaks the same: they decode, hand over, encode, and decide nothing.

A stock Channels consumer hops to a thread before every message and listens to a channel layer. These loop over
`receive` themselves and have neither, so that Redis and PostgreSQL may die while people talk.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

import structlog
from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError

from agentos.draining import drain
from agentos.tenants.models import PublicRoute
from agentos.tenants.permissions import Permission
from agentos.tenants.sockets import is_same_origin, member_at
from calls.conversation.ports import Line
from calls.engines import AudioEngine
from calls.runtime import CallClaims, RunningCall, start_call
from telephony.media_stream import (
    FRAMES_PER_S,
    AudioReceived,
    DigitPressed,
    MarkReached,
    MediaStream,
    StillTyping,
    StreamStarted,
    StreamStopped,
    TypedLine,
)
from telephony.signature import SignatureRefused, check_handshake
from telephony.tokens import TokenRefused, redeem
from telephony.wire_json import MAX_MESSAGE

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AudioCall = RunningCall[AudioEngine]
StartCall = Callable[[CallClaims, Line], Awaitable[AudioCall]]

LONGEST_BEFORE_START = 4 * 1024
PIECE_BYTES = 1600  # 200 ms: `clear` never waits behind more than that
MOST_WAITING = 256 * 1024

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a socket may do nothing of what it should, in seconds."""

    start_s: float = 5.0
    media_s: float = 5.0
    reading_s: float = 10.0
    closing_s: float = 2.0
    watch_s: float = 0.5
    checking_s: float = 5.0


class CarrierConsumer:
    """One WebSocket as an ASGI application: asks `check`, accepts, runs `converse`, closes."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self.receive, self.send = scope, receive, send
        self.agent_id: UUID = scope["url_route"]["kwargs"]["agent_id"]

    @classmethod
    def as_asgi(cls, **options: Any) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        """The application; `options` go to every consumer it makes."""

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            await cls(scope, receive, send, **options)()

        return application

    async def __call__(self) -> None:
        await self.receive()  # websocket.connect
        if reason := await self.check():
            log.warning("socket refused", reason=reason, agent_id=str(self.agent_id))
            await self.send({"type": "websocket.close", "code": 1008})  # unaccepted, it is answered with 403
            return
        await self.send({"type": "websocket.accept"})
        await self.converse()

    async def check(self) -> str:
        """Why the handshake is refused; empty when it is welcome."""
        raise NotImplementedError

    async def converse(self) -> None:
        """The life of the open socket; it is closed at the end."""
        raise NotImplementedError

    def header(self, name: bytes) -> str:
        return next((value.decode("latin-1") for key, value in self.scope["headers"] if key.lower() == name), "")


class Outbox:
    """What waits to be sent, in order, for one task to send. Everybody else only adds, and never waits."""

    def __init__(self) -> None:
        self._queue: deque[tuple[str, bool]] = deque()
        self._filled = asyncio.Event()
        self._is_closed = False
        self.waiting = 0

    def add(self, text: str, *, clearable: bool = False) -> None:
        self._queue.append((text, clearable))
        self.waiting += len(text)
        self._filled.set()

    def clear(self) -> None:
        """Forget what may be forgotten."""
        self._queue = deque(item for item in self._queue if not item[1])
        self.waiting = sum(len(text) for text, _ in self._queue)

    def close(self) -> None:
        """Nothing comes any more: `drain` ends when all is sent."""
        self._is_closed = True
        self._filled.set()

    async def drain(self, send: Send) -> None:
        while True:
            while self._queue:
                text, _ = self._queue.popleft()
                self.waiting -= len(text)
                await send({"type": "websocket.send", "text": text})
            if self._is_closed:
                return
            self._filled.clear()
            await self._filled.wait()


class MediaStreamConsumer(CarrierConsumer):
    """A Media Streams socket of the carrier. It is the Line of one call."""

    frames_must_come: ClassVar[bool] = True
    typing: ClassVar[bool] = False

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        start_call: StartCall = start_call,
        patience: Patience = Patience(),
        frames_per_s: int = FRAMES_PER_S,
    ) -> None:
        super().__init__(scope, receive, send)
        self.start_call, self.patience = start_call, patience
        self.stream = MediaStream(typing=self.typing, frames_per_s=frames_per_s)
        self.outbox = Outbox()
        self.heard_at = 0.0
        self.is_hung_up = False
        self.is_connected = True

    # The line

    def play(self, audio: bytes) -> None:
        for start in range(0, len(audio), PIECE_BYTES):
            self.outbox.add(self.stream.media(audio[start : start + PIECE_BYTES]), clearable=True)

    def mark(self, name: str) -> None:
        self.outbox.add(self.stream.mark(name), clearable=True)

    def clear(self) -> None:
        self.outbox.clear()
        self.outbox.add(self.stream.clear())

    def hang_up(self) -> None:
        self.outbox.close()

    def show(self, kind: str, data: dict[str, Any]) -> None:
        """A telephone has no screen."""

    # The socket

    async def check(self) -> str:
        if self.header(b"origin"):
            return "a browser"
        try:
            check_handshake(self.scope)
        except SignatureRefused as refused:
            return refused.reason
        return ""

    async def converse(self) -> None:
        call = None
        with drain.live_call(self.scope):
            try:
                if call := await self._start():
                    await self._carry(call)
            finally:
                await self._end(call)

    async def _start(self) -> AudioCall | None:
        """The call that this stream belongs to, or None when it does not begin as it must."""
        started = await self._first_message()
        if started is None:
            return None
        try:
            self._check_account(started)
            token = started.parameters.get("token", "")
            claims = await redeem(token, agent_id=self.agent_id, call_sid=started.call_sid)
            return await self.start_call(claims, self)
        except TokenRefused as refused:
            self._log_end(refused.reason, call_sid=started.call_sid)
        except LookupError:
            self._log_end("no such call", call_sid=started.call_sid)
        return None

    async def _first_message(self) -> StreamStarted | None:
        """The `start` message. `connected` may come before it, and nothing else may."""
        try:
            async with asyncio.timeout(self.patience.start_s):
                for _ in range(2):
                    text = (await self.receive()).get("text") or ""
                    if len(text) > LONGEST_BEFORE_START:
                        break
                    events = self.stream.receive(text)
                    if events and isinstance(events[0], StreamStarted):
                        return events[0]
                    if events or self.stream.counts.bad or self.stream.counts.unknown:
                        break
            self._log_end("not a media stream")
        except TimeoutError:
            self._log_end("no start")
        return None

    def _check_account(self, started: StreamStarted) -> None:
        if started.account_sid != settings.TWILIO_ACCOUNT_SID:
            raise TokenRefused("another account")

    async def _carry(self, call: AudioCall) -> None:
        """Both directions at once, until one of them ends."""
        self.heard_at = asyncio.get_running_loop().time()
        tasks = [asyncio.create_task(part) for part in self.parts(call)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            if error := task.exception():
                log.error("socket failed", agent_id=str(self.agent_id), exc_info=error)

    async def _end(self, call: AudioCall | None) -> None:
        ends = [self._close()] if call is None else [self._close(), call.line_closed(caller_hung_up=self.is_hung_up)]
        for error in await asyncio.gather(*ends, return_exceptions=True):
            if error:
                log.error("socket not ended in order", agent_id=str(self.agent_id), exc_info=error)

    async def _close(self) -> None:
        if self.is_connected:
            with suppress(TimeoutError, OSError, RuntimeError):
                async with asyncio.timeout(self.patience.closing_s):
                    await self.send({"type": "websocket.close", "code": 1000})

    def parts(self, call: AudioCall) -> list[Coroutine[Any, Any, None]]:
        """What runs while the call is connected; the first to end ends the others."""
        return [self._listen(call), self._speak(), self._watch()]

    async def _listen(self, call: AudioCall) -> None:
        """The path of every frame from the caller: keep it short."""
        receive, stream, now = self.receive, self.stream, asyncio.get_running_loop().time
        while True:
            message = await receive()
            if (text := message.get("text")) is None:
                if message["type"] == "websocket.disconnect":
                    self.is_connected = False
                    return
                stream.refuse()
            else:
                for event in stream.receive(text):
                    if type(event) is AudioReceived:
                        self.heard_at = now()
                        call.engine.hear(event.frame)
                    elif not self._handle(event, call):
                        return
            if stream.is_spent or (text and len(text) > MAX_MESSAGE):
                self._log_end("too many bad messages")
                return

    def _handle(self, event: object, call: AudioCall) -> bool:
        """Hand over what is not audio. False when the stream has stopped."""
        match event:
            case MarkReached():
                call.mark_reached(event.name)
            case DigitPressed():
                call.digit(event.digit)
            case TypedLine():
                call.typed(event.text)
            case StillTyping():
                call.still_typing()
            case StreamStopped():
                self.is_hung_up = True
                return False
        return True

    async def _speak(self) -> None:
        """Send what is queued, until the line hangs up."""
        try:
            await self.outbox.drain(self.send)
        except OSError:  # the peer is gone; what it sent before may still say why
            await asyncio.sleep(self.patience.closing_s)

    async def _watch(self) -> None:
        """End a socket that has gone deaf or dumb: the carrier then asks the resume URL what to do."""
        now = asyncio.get_running_loop().time
        read_at = now()
        while True:
            await asyncio.sleep(self.patience.watch_s)
            if self.outbox.waiting <= MOST_WAITING:
                read_at = now()
            if now() - read_at >= self.patience.reading_s:
                self._log_end("peer does not read")
                return
            if self.frames_must_come and now() - self.heard_at >= self.patience.media_s:
                self._log_end("media lost")
                return

    def _log_end(self, reason: str, **ids: str) -> None:
        log.warning("socket closed", reason=reason, agent_id=str(self.agent_id), **ids)


class BrowserPhoneConsumer(MediaStreamConsumer):
    """The browser phone of somebody who works for the tenant. It shows what is said, and takes typed lines."""

    frames_must_come = False
    typing = True

    def show(self, kind: str, data: dict[str, Any]) -> None:
        self.outbox.add(json.dumps({"event": "transcript", "kind": kind, "data": data}))

    async def check(self) -> str:
        if not is_same_origin(self.scope):
            return "another origin"
        return "" if await self._may_call() else "not allowed"

    def parts(self, call: AudioCall) -> list[Coroutine[Any, Any, None]]:
        return [*super().parts(call), self._keep_checking()]

    async def _keep_checking(self) -> None:
        """Ends when the person has signed out, or was removed, or must not make test calls any more."""
        while True:
            await asyncio.sleep(self.patience.checking_s)
            with suppress(DatabaseError):
                if not await self._may_call():
                    self._log_end("not allowed any more")
                    return

    async def _may_call(self) -> bool:
        return bool(await database_sync_to_async(self._is_allowed)())

    def _is_allowed(self) -> bool:
        member = member_at(self.scope, Permission.MAKE_TEST_CALLS)
        return member is not None and PublicRoute.objects.filter(pk=self.agent_id, tenant=member.tenant_id).exists()

    def _check_account(self, started: StreamStarted) -> None:
        """A browser belongs to no carrier account."""
