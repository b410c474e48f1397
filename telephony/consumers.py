"""The sockets on which calls live: they decode, hand over, encode, and decide nothing.

Sound comes as Media Streams, from the carrier or a browser; words come as ConversationRelay. One address takes both.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, ClassVar

from channels.db import database_sync_to_async
from django.db import DatabaseError

from agentos.tenants.models import PublicRoute
from agentos.tenants.permissions import Permission
from agentos.tenants.sockets import is_same_origin, member_at
from agents.languages import for_a_session
from calls.conversation.ports import Line
from calls.engines import AudioEngine, RelayEngine
from calls.runtime import CallClaims, RunningCall, start_call, start_relayed_call
from telephony import conversation_relay as relay
from telephony.carrier_socket import PATIENCE, CallSocket, CarrierConsumer, NoSession, Patience, Receive, Scope, Send
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
from telephony.tokens import TokenRefused, read, redeem
from telephony.website.services import WEB
from telephony.wire_json import MAX_MESSAGE

AudioCall = RunningCall[AudioEngine]
RelayedCall = RunningCall[RelayEngine]
StartCall = Callable[[CallClaims, Line], Awaitable[AudioCall]]
StartRelayedCall = Callable[..., Awaitable[RelayedCall]]

OVER = "over"
PIECE_BYTES = 1600  # 200 ms: `clear` never waits behind more than that


class MediaStreamConsumer(CallSocket[AudioCall, StreamStarted]):
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
        patience: Patience = PATIENCE,
        frames_per_s: int = FRAMES_PER_S,
    ) -> None:
        super().__init__(scope, receive, send, patience=patience)
        self.start_call = start_call
        self.stream = MediaStream(typing=self.typing, frames_per_s=frames_per_s)
        self.heard_at = 0.0

    # The line

    def play(self, audio: bytes) -> None:
        for start in range(0, len(audio), PIECE_BYTES):
            self.outbox.add(self.stream.media(audio[start : start + PIECE_BYTES]), clearable=True)

    def mark(self, name: str) -> None:
        self.outbox.add(self.stream.mark(name), clearable=True)

    def clear(self) -> None:
        self.outbox.clear()
        self.outbox.add(self.stream.clear())

    # The socket

    def introduction(self, text: str) -> StreamStarted | None:
        """The `start` message. `connected` may come before it, and nothing else may."""
        events = self.stream.receive(text)
        if events and isinstance(events[0], StreamStarted):
            return events[0]
        if events or self.stream.counts.bad or self.stream.counts.unknown:
            raise NoSession
        return None

    async def begin(self, claims: CallClaims, started: StreamStarted) -> AudioCall:
        return await self.start_call(claims, self)

    def parts(self, call: AudioCall) -> list[Coroutine[Any, Any, None]]:
        self.heard_at = asyncio.get_running_loop().time()
        return [self._listen(call), self._speak(), self._watch_reader(self._deafness)]

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

    def _deafness(self, now: float) -> str:
        return "media lost" if self.frames_must_come and now - self.heard_at >= self.patience.media_s else ""


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


class WebsitePhoneConsumer(BrowserPhoneConsumer):
    """The phone of whoever visits a website of the business. It shows the words, and nothing of how they came about."""

    SHOWN = ("index", "speaker", "heard", "unheard", "interrupted", "started_ms", "ended_ms", "text")

    def show(self, kind: str, data: dict[str, Any]) -> None:
        super().show(kind, {name: data[name] for name in self.SHOWN if name in data})

    async def check(self) -> str:
        """Our own page asks, inside of whatever website. Whom it may call, the token says."""
        return "" if is_same_origin(self.scope) else "another origin"

    async def redeemed(self, started: StreamStarted) -> CallClaims:
        if not started.call_sid.startswith(WEB):
            raise TokenRefused("not from a website")
        token = started.parameters.get("token", "")
        self.agent_id = read(token).agent_id
        return await redeem(token, agent_id=self.agent_id, call_sid=started.call_sid)

    def parts(self, call: AudioCall) -> list[Coroutine[Any, Any, None]]:
        return MediaStreamConsumer.parts(self, call)


class ConversationRelayConsumer(CallSocket[RelayedCall, relay.RelayStarted]):
    """A ConversationRelay socket of the carrier. It is the TextLine of one call."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        start_call: StartRelayedCall = start_relayed_call,
        patience: Patience = PATIENCE,
    ) -> None:
        super().__init__(scope, receive, send, patience=patience)
        self.start_call = start_call
        self.session = relay.ConversationRelay()
        self.goes_on_with = OVER

    # The line

    def say(self, token: str, *, last: bool, interruptible: bool) -> None:
        self.outbox.add(self.session.text(token, last=last, interruptible=interruptible))

    def switch_language(self, language: str, *, ears: bool) -> None:
        code = for_a_session(language)
        self.outbox.add(self.session.language(speak=code, hear=code if ears else ""))

    def press(self, keys: str) -> None:
        self.outbox.add(self.session.send_digits(keys))

    def hand_off(self, to: str) -> None:
        self.goes_on_with = to

    def hang_up(self) -> None:
        """The session ends in order: the carrier then asks what to do, and brings the reason along."""
        self.outbox.add(self.session.end({"reason": self.goes_on_with}))
        super().hang_up()

    # The socket

    def introduction(self, text: str) -> relay.RelayStarted | None:
        started = self.session.receive(text)
        if not isinstance(started, relay.RelayStarted):
            raise NoSession
        return started

    async def begin(self, claims: CallClaims, started: relay.RelayStarted) -> RelayedCall:
        return await self.start_call(claims, self, greeted="greeted" in started.parameters)

    def parts(self, call: RelayedCall) -> list[Coroutine[Any, Any, None]]:
        return [self._listen(call), self._speak(), self._watch_reader()]

    async def _listen(self, call: RelayedCall) -> None:
        session = self.session
        while True:
            message = await self.receive()
            if (text := message.get("text")) is not None:
                self._handle(session.receive(text), call)
            elif message["type"] == "websocket.disconnect":
                self.is_connected = False
                return
            else:
                session.refuse()
            if session.is_spent:
                self._log_end("too many bad messages")
                return

    def _handle(self, event: relay.Event | None, call: RelayedCall) -> None:
        engine = call.engine
        match event:
            case relay.CallerSaid():
                engine.listener.said(event.text, final=event.final, language=event.language)
            case relay.AgentInterrupted():
                engine.interrupted(event.heard, event.after_ms)
            case relay.CallerVoice():
                engine.listener.voice(begins=event.begins)
            case relay.AgentVoice():
                engine.voice.voice(begins=event.begins)
            case relay.WordsPlayed():
                engine.voice.played(event.text)
            case relay.KeyPressed():
                call.digit(event.digit)
            case relay.RelayTrouble():
                engine.listener.trouble(event.description)


class EitherConsumer(CarrierConsumer):
    """An address that takes both: the first message tells which it is, and its consumer does the rest."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        start_call: StartCall = start_call,
        start_relayed_call: StartRelayedCall = start_relayed_call,
        patience: Patience = PATIENCE,
    ) -> None:
        super().__init__(scope, receive, send)
        self.start_call, self.start_relayed_call, self.patience = start_call, start_relayed_call, patience

    async def converse(self) -> None:
        first: list[Any] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(self.patience.start_s):
                first.append(await self.receive())
        is_for_words = bool(first) and relay.is_setup(first[0].get("text") or "")
        receive = self.receive

        async def from_the_first() -> Any:
            return first.pop() if first else await receive()

        consumer: CallSocket[Any, Any]
        if is_for_words:
            consumer = ConversationRelayConsumer(
                self.scope, from_the_first, self.send, start_call=self.start_relayed_call, patience=self.patience
            )
        else:
            consumer = MediaStreamConsumer(
                self.scope, from_the_first, self.send, start_call=self.start_call, patience=self.patience
            )
        await consumer.converse()
