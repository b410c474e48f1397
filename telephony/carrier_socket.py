"""A WebSocket of the carrier, and the browser's that speaks the same: who gets in, and how a call lives on it.

A stock Channels consumer hops to a thread before every message and listens to a channel layer. These loop over
`receive` themselves and have neither, so that Redis and PostgreSQL may die while people talk.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import structlog
from django.conf import settings

from agentos.draining import drain
from calls.runtime import CallClaims
from telephony.signature import SignatureRefused, check_handshake
from telephony.tokens import TokenRefused, redeem

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

LONGEST_BEFORE_START = 4 * 1024
MOST_WAITING = 256 * 1024
NOBODY = UUID(int=0)

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


PATIENCE = Patience()


class Started(Protocol):
    """What the first message tells: which call this is, and the parameters of our TwiML."""

    @property
    def call_sid(self) -> str: ...

    @property
    def account_sid(self) -> str: ...

    @property
    def parameters(self) -> dict[str, str]: ...


class Closable(Protocol):
    """A call, as far as every socket knows it."""

    async def line_closed(self, *, caller_hung_up: bool) -> None: ...


class NoSession(Exception):
    """The socket does not begin as it must."""


C = TypeVar("C", bound=Closable)
S = TypeVar("S", bound=Started)


class CarrierConsumer:
    """One WebSocket as an ASGI application: asks `check`, accepts, runs `converse`, closes."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self.receive, self.send = scope, receive, send
        self.agent_id: UUID = scope["url_route"]["kwargs"].get("agent_id", NOBODY)  # else the token tells

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
        if self.header(b"origin"):
            return "a browser"
        try:
            check_handshake(self.scope)
        except SignatureRefused as refused:
            return refused.reason
        return ""

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


class CallSocket(CarrierConsumer, Generic[C, S]):
    """The socket of one call: it begins with a message that names the call, and both directions live until one ends."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, patience: Patience) -> None:
        super().__init__(scope, receive, send)
        self.patience = patience
        self.outbox = Outbox()
        self.is_hung_up = False
        self.is_connected = True

    def hang_up(self) -> None:
        self.outbox.close()

    def show(self, kind: str, data: dict[str, Any]) -> None:
        """A telephone has no screen."""

    def introduction(self, text: str) -> S | None:
        """What the first message tells; None for one that may come before it. Raises NoSession."""
        raise NotImplementedError

    async def begin(self, claims: CallClaims, started: S) -> C:
        """Start the call. Raises LookupError when there is none."""
        raise NotImplementedError

    def parts(self, call: C) -> list[Coroutine[Any, Any, None]]:
        """What runs while the call is connected; the first to end ends the others."""
        raise NotImplementedError

    async def converse(self) -> None:
        call: C | None = None
        with drain.live_call(self.scope):
            try:
                if call := await self._start():
                    await self._carry(call)
            finally:
                await self._end(call)

    async def _start(self) -> C | None:
        """The call that this socket belongs to, or None when it does not begin as it must."""
        started = await self._first_message()
        if started is None:
            return None
        try:
            self._check_account(started)
            return await self.begin(await self.redeemed(started), started)
        except TokenRefused as refused:
            self._log_end(refused.reason, call_sid=started.call_sid)
        except LookupError:
            self._log_end("no such call", call_sid=started.call_sid)
        return None

    async def redeemed(self, started: S) -> CallClaims:
        """What the token of this call says, which is used up by it. Raises TokenRefused."""
        return await redeem(started.parameters.get("token", ""), agent_id=self.agent_id, call_sid=started.call_sid)

    async def _first_message(self) -> S | None:
        try:
            async with asyncio.timeout(self.patience.start_s):
                for _ in range(2):
                    text = (await self.receive()).get("text") or ""
                    if len(text) > LONGEST_BEFORE_START:
                        break
                    if started := self.introduction(text):
                        return started
            self._log_end("not a session of ours")
        except NoSession:
            self._log_end("not a session of ours")
        except TimeoutError:
            self._log_end("no start")
        return None

    def _check_account(self, started: S) -> None:
        if started.account_sid != settings.TWILIO_ACCOUNT_SID:
            raise TokenRefused("another account")

    async def _carry(self, call: C) -> None:
        """Both directions at once, until one of them ends."""
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

    async def _end(self, call: C | None) -> None:
        ends = [self._close()] if call is None else [self._close(), call.line_closed(caller_hung_up=self.is_hung_up)]
        for error in await asyncio.gather(*ends, return_exceptions=True):
            if error:
                log.error("socket not ended in order", agent_id=str(self.agent_id), exc_info=error)

    async def _close(self) -> None:
        if self.is_connected:
            with suppress(TimeoutError, OSError, RuntimeError):
                async with asyncio.timeout(self.patience.closing_s):
                    await self.send({"type": "websocket.close", "code": 1000})

    async def _speak(self) -> None:
        """Send what is queued, until the line hangs up."""
        try:
            await self.outbox.drain(self.send)
        except OSError:  # the peer is gone; what it sent before may still say why
            await asyncio.sleep(self.patience.closing_s)

    async def _watch_reader(self, also: Callable[[float], str] = lambda now: "") -> None:
        """End a socket that has gone dumb, or is found wanting by `also`: the carrier then asks what to do."""
        now = asyncio.get_running_loop().time
        read_at = now()
        while True:
            await asyncio.sleep(self.patience.watch_s)
            if self.outbox.waiting <= MOST_WAITING:
                read_at = now()
            reason = "peer does not read" if now() - read_at >= self.patience.reading_s else also(now())
            if reason:
                self._log_end(reason)
                return

    def _log_end(self, reason: str, **ids: str) -> None:
        log.warning("socket closed", reason=reason, agent_id=str(self.agent_id), **ids)
